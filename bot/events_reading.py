"""From a payload to an event, and to what it sets off. Pure: the same bytes are always the same event."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from jsonpointer import JsonPointer

from workflows.inbox import LONGEST_SIGNAL
from workflows.rules.canonical import NotCanonical, parse
from workflows.values.base import Json, Value
from workflows.values.events import Delivery
from workflows.values.people import Person
from workflows.values.signals import Event

from .commands import GOAL_LIMIT
from .events_settings import Conditions, EventSource, PayloadMap, StartRule
from .views.text import one_line, shortened

POINTER = re.compile(r"\{(?P<name>/[^{}]*)\}")
FACT = re.compile(r"\{(?P<name>[a-z][a-z0-9_]*)\}")
LONGEST_KEY = 500
LONGEST_FACT = 1000
LONGEST_IN_GOAL = 200
"""Characters of one fact."""

Header = Callable[[str], str]
"""The value of a header, empty unless it stands there once."""
Look = Callable[[str], str | None]
"""What a name stands for."""


class NotAnEvent(Exception):
    """Nothing that the config wants to hear of; the text says why."""


class BadEvent(Exception):
    """It can't be used, and no repetition mends that. The text says why, and holds nothing of the payload."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Reading(Value):
    """What a payload says."""

    event: Event
    start: StartRule | None = None
    """The run that it starts: its goal has no gaps any more."""


def read(source: EventSource, body: bytes, header: Header, heard_at: datetime) -> Reading:
    """Raises `NotAnEvent`, `BadEvent`."""
    payload = _parsed(body)
    fitting = _fitting(source, payload)
    look = _at(payload)
    told = {name: _filled(template, POINTER, look) for name, template in fitting.facts.items()}
    facts = {name: shortened(text, LONGEST_FACT) for name, text in told.items() if text is not None}
    event = Event(
        delivery=f"event/{source.name}/{_named(fitting, look, header, body)}",
        by=Person(team="", user=source.name),
        source=source.name,
        key=_key(fitting, look),
        facts=facts,
        heard_at=heard_at,
        revises=_revision(source, facts),
    )
    if len(Delivery(event=event, keep=source.keep).model_dump_json().encode()) > LONGEST_SIGNAL:
        raise BadEvent(413, f"its facts are longer than {LONGEST_SIGNAL // 1024} KiB: take fewer of them")
    return Reading(event=event, start=_start(source, facts))


def _parsed(body: bytes) -> Json:
    try:
        return parse(body.decode())
    except UnicodeDecodeError:
        raise BadEvent(400, "this is no UTF-8") from None
    except NotCanonical:
        # What is wrong with it may quote it.
        raise BadEvent(
            400, "this is no strict JSON: set the sender's content type to application/json"
        ) from None


def _fitting(source: EventSource, payload: Json) -> PayloadMap:
    for each in source.maps:
        if _fits(each.when, _at(payload)):
            return each
    raise NotAnEvent("the config's `map` has no entry for such a payload")


def _key(fitting: PayloadMap, look: Look) -> str:
    key = _filled(fitting.key, POINTER, _unless_empty(look))
    if key is None:
        raise BadEvent(422, f"what it is about is missing: `key` is {fitting.key}")
    if len(key) > LONGEST_KEY:
        raise BadEvent(422, f"its key is longer than {LONGEST_KEY} characters")
    return key


def _named(fitting: PayloadMap, look: Look, header: Header, body: bytes) -> str:
    """The same for a repetition. Hashed, for it may be anything."""
    said = _filled(fitting.delivery, POINTER, _unless_empty(look)) or ""
    if fitting.delivery_header:
        said = header(fitting.delivery_header)
    return hashlib.sha256(said.encode("utf-8", "surrogateescape") or body).hexdigest()[:32]


def _start(source: EventSource, facts: Mapping[str, str]) -> StartRule | None:
    rule = next((each for each in source.starts if _fits(each.when, facts.get)), None)
    if rule is None:
        return None
    goal = _said(rule.goal, facts)
    if len(goal) > GOAL_LIMIT:
        raise BadEvent(422, f"the goal of the run it starts is longer than {GOAL_LIMIT:,} characters")
    return rule.model_copy(update={"goal": goal})


def _revision(source: EventSource, facts: Mapping[str, str]) -> str:
    rule = next((each for each in source.revises if _fits(each.when, facts.get)), None)
    return "" if rule is None else shortened(_said(rule.text, facts), GOAL_LIMIT)


def _said(template: str, facts: Mapping[str, str]) -> str:
    """With each fact on one line: what a stranger wrote stays one part of a sentence of ours."""

    def look(name: str) -> str | None:
        return shortened(one_line(facts[name]), LONGEST_IN_GOAL) if name in facts else None

    said = _filled(template, FACT, _unless_empty(look))
    if said is None:
        missing = [name for name in FACT.findall(template) if not facts.get(name)]
        raise BadEvent(422, f"it lacks the fact {missing[0]} of “{template}”")
    return said


def _fits(conditions: Conditions, look: Look) -> bool:
    return all(look(name) in wanted for name, wanted in conditions.items())


def _at(payload: Json) -> Look:
    return lambda pointer: _text(JsonPointer(pointer).resolve(payload, None))


def _text(value: Json) -> str | None:
    """None for what is no single word: nothing, a list, an object."""
    match value:
        case str():
            return value
        case bool() | int() | float():
            return json.dumps(value)
    return None


def _unless_empty(look: Look) -> Look:
    return lambda name: look(name) or None


def _filled(template: str, names: re.Pattern[str], look: Look) -> str | None:
    """None: something in it has no value."""
    found = {name: look(name) for name in names.findall(template)}
    if None in found.values():
        return None
    return names.sub(lambda name: found[name["name"]] or "", template)
