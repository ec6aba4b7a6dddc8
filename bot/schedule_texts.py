"""What somebody means who speaks of schedules: pure, from text to an intent."""

import re
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones

from workflows.values.base import Value

LONGEST_CRON = 200
_QUOTE = "[\"'`\u00b4\u2032\u2033]"
"""As they are left of all kinds of quotes once a text is normalised; and what else is taken for one."""
_NEW = re.compile(rf"schedule\s*{_QUOTE}+(?P<cron>.*?){_QUOTE}+(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_IN = re.compile(r"in\s+(?P<zone>[\w+-]+(/[\w+-]+)+|UTC|GMT)(\s*[:,]?\s+|\s*\Z)", re.IGNORECASE)
_CHANGE = re.compile(
    rf"schedule\s+(?P<verb>pause|resume|delete|run)(\s+{_QUOTE}?(?P<name>[a-z0-9-]+){_QUOTE}?)?",
    re.IGNORECASE,
)
_BARE = re.compile(r"schedule\s+[\d*@].*", re.IGNORECASE | re.DOTALL)
_FIELD = r"[A-Za-z0-9*,/-]+"
_CRON = re.compile(rf"{_FIELD}( {_FIELD}){{4}}|@(hourly|daily|midnight|weekly|monthly|yearly|annually)")
"""Five fields. Temporal knows more (seconds, years, a comment behind #): what people type by accident is no schedule."""


class Verb(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    DELETE = "delete"
    RUN = "run"


class NewSchedule(Value):
    cron: str
    """As Temporal reads it."""
    zone: str
    """Empty: that of whoever asks."""
    goal: str


class BadCron(Value):
    """No five fields. Whether they make sense, Temporal says."""

    cron: str


class NoQuotes(Value):
    """Nobody can tell where the times end and the goal begins."""


class NothingScheduled(Value):
    """Times, and no goal."""


class OddZone(Value):
    zone: str


class ListSchedules(Value):
    """Say what is scheduled, and how one schedules."""


class ChangeSchedule(Value):
    verb: Verb
    name: str


AboutSchedules = (
    NewSchedule | BadCron | NoQuotes | NothingScheduled | OddZone | ListSchedules | ChangeSchedule
)


def about_schedules(text: str) -> AboutSchedules | None:
    """None: a goal that merely begins so, such as `schedule the migration`."""
    if found := _CHANGE.fullmatch(text):
        name = (found["name"] or "").lower()
        return ChangeSchedule(verb=Verb(found["verb"].lower()), name=name) if name else ListSchedules()
    if found := _NEW.fullmatch(text):
        return _new(found["cron"], found["rest"].strip())
    return NoQuotes() if _BARE.fullmatch(text) else None


def _new(said: str, rest: str) -> AboutSchedules:
    cron = " ".join(said.split())
    cron = cron.lower() if cron.startswith("@") else cron
    if len(cron) > LONGEST_CRON or _CRON.fullmatch(cron) is None:
        return BadCron(cron=cron)
    zone = ""
    if found := _IN.match(rest):
        zone, rest = _zones().get(found["zone"].lower(), ""), rest[found.end() :]
        if not zone:
            return OddZone(zone=found["zone"])
    return NewSchedule(cron=cron, zone=zone, goal=rest.strip()) if rest.strip() else NothingScheduled()


def is_zone(name: str) -> bool:
    return _zones().get(name.lower()) == name


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}
