"""A step of a runbook that looks again and again: until something is so, or its time is over."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from workflows.rules.canonical import canonical
from workflows.rules.own_tools import WAIT_UNTIL
from workflows.values.calls import Called, ProposedCall
from workflows.values.durations import duration, words
from workflows.values.spec import RunbookStep, Watch

from .templates import BadTemplate, Names, holds, rendered

SHORTEST = timedelta(seconds=1)
"""Between two looks."""
MOST_LOOKS = 100
"""In a time that is longer, it looks less often."""


def looks(step: RunbookStep, done: Sequence[Called]) -> list[Called]:
    """Without the waits between them."""
    return [called for called in done if called.call.tool == step.call]


def wait(step: RunbookStep, watch: Watch, done: Sequence[Called], names: Names) -> ProposedCall | None:
    """The wait that comes after a look, until the next one is due; None when enough was seen. Raises `BadTemplate`."""
    pause = _pause(watch, names)
    passed = len(looks(step, done)) * pause - pause
    left = _lasting(watch, names) - passed
    if left <= timedelta() or holds(watch.until, names):
        return None
    time = words(min(pause, left))
    title = f"Wait {time}, and look again"
    return ProposedCall(tool=WAIT_UNTIL.name, arguments=canonical({"for": time}), label=step.id, title=title)


def _pause(watch: Watch, names: Names) -> timedelta:
    least = _lasting(watch, names) / MOST_LOOKS
    return watch.every if watch.every >= least else timedelta(seconds=ceil(least.total_seconds()))


def _lasting(watch: Watch, names: Names) -> timedelta:
    said = rendered(watch.lasting, names)
    try:
        return duration(said)
    except ValueError as error:
        raise BadTemplate(f"it is watched for “{said}”, and that has to be {error}") from None
