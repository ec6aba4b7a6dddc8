"""What a run has heard and not yet judged. Nothing anybody sends can wedge a run or starve a decision."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from .values.run import Memory
from .values.signals import EFFECT_UNKNOWN, SIGNALS, Decide, EffectNews, Resolve, Signal

CAPACITY = 500
KEPT_FOR_DECISIONS = 100
"""Of the capacity: room that only decisions may take, so that a flood can't keep one out."""
SEEN = 2000
"""Delivery ids remembered: more than a person can click, fewer than would weigh."""
LONGEST_SIGNAL = 16 * 1024
"""Bytes. What people say is short."""


def read(name: str, args: Sequence[RawValue]) -> Signal | EffectNews | None:
    """The signal, or None for whatever can't be read. Never raises: a handler that raises wedges its run for ever."""
    wanted = EffectNews if name == EFFECT_UNKNOWN else SIGNALS.get(name)
    if wanted is None or len(args) != 1 or len(args[0].payload.data) > LONGEST_SIGNAL:
        return None
    try:
        heard = workflow.payload_converter().from_payload(args[0].payload, wanted)
    except Exception:  # noqa: BLE001 - of all that a stranger's bytes can do to a decoder, nothing may get past here
        return None
    return heard if isinstance(heard, wanted) else None


def keep(memory: Memory, signal: Signal) -> None:
    """Into the inbox, once per delivery id, as long as there is room."""
    if signal.delivery in memory.seen:
        return
    room = CAPACITY if isinstance(signal, Decide | Resolve) else CAPACITY - KEPT_FOR_DECISIONS
    if len(memory.inbox) >= room:
        memory.dropped += 1
        return
    memory.seen[signal.delivery] = None
    while len(memory.seen) > SEEN:
        memory.seen.popitem(last=False)
    memory.inbox.append(signal)
