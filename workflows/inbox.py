"""What a run has heard and not yet judged. Nothing anybody sends can wedge a run or starve a decision."""

from collections import Counter
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from .values.freeze import Thawed
from .values.run import Memory
from .values.signals import (
    EFFECT_UNKNOWN,
    EVENT,
    SIGNALS,
    THAWED,
    EffectNews,
    Event,
    Signal,
)

CAPACITY = 200
SHARE = 4
"""One person may have waiting a quarter of the room that is left: no flood of some keeps out another's decision."""
SEEN = 2000
"""Delivery ids remembered: more than a person can click, fewer than would weigh."""
LONGEST_SIGNAL = 16 * 1024
"""Bytes. What people say is short."""
Learned = EffectNews | Thawed | Event
FROM_WITHIN: dict[str, type[Learned]] = {EFFECT_UNKNOWN: EffectNews, THAWED: Thawed, EVENT: Event}
"""What other workflows of ours tell a run: not judged, only learned."""


def read(name: str, args: Sequence[RawValue]) -> Signal | Learned | None:
    """The signal, or None for whatever can't be read. Never raises: a handler that raises wedges its run for ever."""
    wanted: type[Signal | Learned] | None = FROM_WITHIN.get(name) or SIGNALS.get(name)
    if wanted is None or len(args) != 1 or len(args[0].payload.data) > LONGEST_SIGNAL:
        return None
    try:
        heard = workflow.payload_converter().from_payload(args[0].payload, wanted)
    except Exception:  # noqa: BLE001 - of all that a stranger's bytes can do to a decoder, nothing may get past here
        return None
    return heard if isinstance(heard, wanted) else None


class Inbox:
    """What waits to be judged. It lies in the run's memory, and is carried over with it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._waiting = Counter(signal.by.user for signal in memory.inbox)
        self._kept = len(memory.inbox)
        self._judged = 0
        self._warned: set[str] = set()
        """Users who know that something of theirs was dropped, since one of theirs was last judged."""

    def keep(self, signal: Signal) -> bool:
        """Once per delivery id. False: it was dropped, as this person has too many waiting, and they don't know yet."""
        memory, user = self._memory, signal.by.user
        if signal.delivery in memory.seen:
            return True
        if self._waiting[user] * SHARE >= CAPACITY - len(memory.inbox):
            memory.dropped += 1
            warned = user in self._warned
            self._warned.add(user)
            return warned
        self.remember(signal.delivery)
        memory.inbox.append(signal)
        self._waiting[user] += 1
        self._kept += 1
        return True

    def remember(self, delivery: str) -> None:
        """Whatever has this id from now on is a repetition."""
        seen = self._memory.seen
        seen[delivery] = None
        while len(seen) > SEEN:
            seen.popitem(last=False)

    async def first(self) -> Signal:
        """It stays in until `judged`, so that none is lost on the way."""
        await workflow.wait_condition(lambda: bool(self._memory.inbox))
        return self._memory.inbox[0]

    def judged(self) -> None:
        user = self._memory.inbox.pop(0).by.user
        self._judged += 1
        self._waiting[user] -= 1
        self._warned.discard(user)

    async def judged_so_far(self) -> None:
        """All that is in now. In a flood it never gets empty, so nothing may wait for that."""
        kept = self._kept
        await workflow.wait_condition(lambda: self._judged >= kept)
