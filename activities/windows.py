"""When a freeze window is open: pure arithmetic, from what is written and a moment to when it opened and closes.

A window is written as people read a clock in its time zone: every week (`fri 16:00` to `mon 08:00`) or once
(`2026-12-20 18:00` to `2027-01-03 00:00`). It is open from the first moment at which that clock shows its start until
the last at which it comes to its end. So an hour that the clock shows twice counts whole, and a time that the clock
jumps over is the moment of the jump.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from workflows.values.spec import FreezeWindow

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = timedelta(weeks=1)
SECOND = timedelta(seconds=1)
_CLOCK = r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)"
_WEEKLY = re.compile(rf"(?P<day>{'|'.join(DAYS)})\s+{_CLOCK}", re.IGNORECASE | re.ASCII)
_ONCE = re.compile(rf"(?P<date>2\d\d\d-\d\d-\d\d)[T\s]+{_CLOCK}", re.ASCII)
MONDAY = datetime(2001, 1, 1)  # noqa: DTZ001 - a day on the wall, in no zone yet


class Opening(NamedTuple):
    """A window that is open, from a moment until another."""

    since: datetime
    until: datetime


class BadWindow(ValueError):
    """It can't be judged; the text says why. `field` names what is wrong: starts, ends or timezone."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def opening(window: FreezeWindow, now: datetime) -> Opening | None:
    """Since when and until when *window* is open, if it is open *now*. Raises `BadWindow`."""
    zone = _zone(window.timezone)
    for starts, ends in _spans(window, now.astimezone(zone).date()):
        found = Opening(_moment(starts, zone, last=False), _moment(ends, zone, last=True))
        if found.since <= now < found.until:
            return found
    return None


def check(window: FreezeWindow) -> None:
    """Raises `BadWindow` for one that can't be judged."""
    _zone(window.timezone)
    list(_spans(window, MONDAY.date()))


def on_the_clock(window: FreezeWindow, moment: datetime) -> str:
    """As people read it where the window is written for."""
    return f"{moment.astimezone(_zone(window.timezone)):%Y-%m-%d %H:%M} ({window.timezone})"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = get_close_matches(name, available_timezones(), n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise BadWindow(
            "timezone", f"expected a time zone such as Europe/Berlin, found {name!r}{meant}"
        ) from None


def _spans(window: FreezeWindow, today: date) -> Iterator[tuple[datetime, datetime]]:
    """Start and end on the clock, of each time around *today* at which the window could be open."""
    starts, weekly = _written("starts", window.starts)
    ends, ends_weekly = _written("ends", window.ends)
    if weekly is not ends_weekly:
        raise BadWindow("ends", f"expected {window.ends!r} to be of the same kind as {window.starts!r}")
    if starts == ends:
        raise BadWindow("ends", f"expected another time than the start, found {window.ends!r}")
    if not weekly:
        if ends < starts:
            raise BadWindow("ends", f"expected a time after {window.starts!r}, found {window.ends!r}")
        yield starts, ends
        return
    length = (ends - starts) % WEEK
    # A week back, and a day ahead: where the clock is set back over midnight, it shows a day again.
    for days in range(-7, 2):
        day = today + timedelta(days=days)
        if day.weekday() == starts.weekday():
            begins = datetime.combine(day, starts.time())
            yield begins, begins + length


def _written(field: str, text: str) -> tuple[datetime, bool]:
    """What the clock shows then, and whether every week: then in the week of `MONDAY`."""
    text = text.strip()
    if found := _WEEKLY.fullmatch(text):
        days = DAYS.index(found["day"].lower())
        return MONDAY + timedelta(days=days, hours=int(found["hour"]), minutes=int(found["minute"])), True
    if found := _ONCE.fullmatch(text):
        try:
            return datetime.fromisoformat(f"{found['date']} {found['hour']}:{found['minute']}"), False
        except ValueError:
            pass  # the 30th of February
    raise BadWindow(field, f"expected a time such as fri 16:00 or 2026-12-20 18:00, found {text!r}")


def _moment(shown: datetime, zone: ZoneInfo, *, last: bool) -> datetime:
    """The first or the last moment at which the clock in *zone* comes to show this; of a jump over it, the jump."""
    readings = [shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    early, late = min(readings), max(readings)
    if _clock(early, zone) == shown:
        return late if last else early
    while late - early > SECOND:
        middle = early + (late - early) // 2
        early, late = (early, middle) if _clock(middle, zone) >= shown else (middle, late)
    return late.replace(microsecond=0)


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
