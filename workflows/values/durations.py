"""Lengths of time as people write them: `90s`, `1h30m`, `7d`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_PART = re.compile(r"(?P<count>\d+)\s*(?P<unit>ms|s|m|h|d|w)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
EXPECTED = "a duration such as 30s, 15m, 24h or 7d"


def duration(value: Any) -> timedelta:
    """`90s`, `30m`, `1h30m`, `24h`, `7d`. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    text = value.replace(" ", "") if isinstance(value, str) else ""
    try:
        made = sum((int(part["count"]) * _UNITS[part["unit"]] for part in _PART.finditer(text)), timedelta())
    except (OverflowError, ValueError):
        raise ValueError(EXPECTED) from None
    if _PART.sub("", text) or not made:
        raise ValueError(EXPECTED)
    return made


def words(value: timedelta) -> str:
    """A duration as it is written: the inverse of `duration`."""
    left, spelled = value, ""
    for unit in ("w", "d", "h", "m", "s", "ms"):
        count, left = divmod(left, _UNITS[unit])
        spelled += f"{count}{unit}" if count else ""
    return spelled


Duration = Annotated[timedelta, BeforeValidator(duration)]
