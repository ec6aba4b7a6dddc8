"""A run's memory with the verbs to change it. Each change raises the revision, and the announcer redraws."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from . import words
from .inbox import Inbox
from .rules.policy import keeps_quiet_of
from .rules.transcripts import trimmed
from .values.base import EffectKey
from .values.calls import Call, Called, CallResult, Ended, GoalSet, Transcript, Unusable
from .values.people import Person, Place
from .values.run import Ask, Memory, RunInput
from .values.spec import AgentSpec
from .values.tools import Pins, ToolContract
from .values.view import (
    AuditRow,
    Change,
    Notice,
    RunState,
    StepState,
    StepView,
    UnknownOutcome,
)

AUDIT_ROWS = 500
AUDIT_CHARACTERS = 1000
AUDIT_OF_A_READ = 200
STEP_ROWS = 300
NOTICES = 200
TRANSCRIPT_CHARACTERS = 300_000
"""Beyond it the oldest answers are shortened, the whole being kept elsewhere: a run carries its memory over."""
ARGUMENT_BYTES, ARGUMENT_BYTES_IN_ALL = 64 * 1024, 256 * 1024
"""Of a call, and of all calls of a run: it carries them along, and Temporal takes 2 MiB at once."""
Result = TypeVar("Result")


class Stopped(Exception):
    """The run was cancelled or redirected while something was under way that can be left."""


class UnderWay(NamedTuple):
    """An effect that is being applied, or was before this run learned of it."""

    key: EffectKey
    call: Call
    n: int
    contract: ToolContract
    target: str


class Journal:
    """All that a run knows, and all ways to change it."""

    def __init__(self, order: RunInput) -> None:
        self.ask: Ask = order.ask
        self.spec: AgentSpec = order.spec
        self.memory = order.memory.model_copy(deep=True) if order.memory else Memory(limits=order.spec.limits)
        self.inbox = Inbox(self.memory)
        self.busy = 0
        """Steps under way that work: think, read, preview, apply."""
        self._in_the_ledger = 0
        """Of these, effects that the ledger finds again, in whichever execution of this run."""
        self._telling = 0
        self._busy_since: datetime | None = None
        self._applying: dict[EffectKey, UnderWay] = {}

    def begin(self) -> None:
        """The first entries of a new run; nothing for one that was continued."""
        if self.memory.started_at is not None:
            return
        # Not when a worker first had time for it: what happens until then happens to this run.
        self.memory.started_at = workflow.info().start_time
        self.memory.goal = self.ask.goal
        self.memory.requesters = [self.ask.requester]
        goal = GoalSet(text=self.ask.goal, by=self.ask.requester, at=workflow.now(), source=self.ask.source)
        self.memory.entries.append(goal)
        source = {"source": goal.source} if goal.source else {}
        self.audit("started", goal.text, by=goal.by, agent=self.spec.name, **source)

    # What people see changes

    def touch(self) -> None:
        self.memory.revision += 1

    def audit(self, what: str, text: str, by: Person | None = None, **refs: str) -> None:
        row = AuditRow(
            at=workflow.now(),
            what=what,
            text=text[:AUDIT_CHARACTERS],
            by=by,
            refs=refs,
            turn=self.memory.turn,
        )
        rows = self.memory.audit
        rows.append(row)
        if len(rows) > AUDIT_ROWS:
            # Neither a crowd that is refused nor news that nobody waits for may push out what was decided.
            del rows[next((at for at, known in enumerate(rows) if known.what in {"refused", "event"}), 0)]

    def tell(self, person: Person, text: str) -> None:
        """Say something to one person, and only to them; not again while the same is still to be shown."""
        if any(known.text == text and known.to == person for known in self.memory.notices):
            return
        self.memory.last_notice += 1
        self.memory.notices.append(Notice(id=self.memory.last_notice, to=person, text=text))
        del self.memory.notices[:-NOTICES]
        self.touch()

    def step(self, call: Call, state: StepState, note: str = "") -> None:
        """Set the line of *call* in the plan."""
        row = StepView(id=str(call.number), title=self.title(call), state=state, note=note)
        rows = self.memory.steps
        at = next((index for index, known in enumerate(rows) if known.id == row.id), None)
        if at is None:
            rows.append(row)
        else:
            rows[at] = row
        del rows[:-STEP_ROWS]
        self.touch()

    def settle(self, call: Call, result: CallResult) -> None:
        """A call has its result: into the transcript, off the list of open ones."""
        self.memory.open = [
            open_call for open_call in self.memory.open if open_call.call.number != call.number
        ]
        discreet = keeps_quiet_of(call, self.spec)
        self.memory.entries.append(Called(call=call, result=result, discreet=discreet))
        self.memory.entries = trimmed(self.memory.entries, TRANSCRIPT_CHARACTERS)
        # A tool's words may quote what a rule keeps out of the thread.
        note = "" if discreet or result.ended in {Ended.OK, Ended.PLANNED} else result.text
        self.step(call, _step_state(result.ended), note[:200])
        # What was read stands in the transcript, and whole in the blob store: here it is a reminder.
        said = result.text
        if result.ended is Ended.OK and len(said) > AUDIT_OF_A_READ:
            said = f"{said[:AUDIT_OF_A_READ]}…"
        self.audit(result.ended.value, f"{call.tool}: {said}", call=str(call.number))

    def turn_ended(self) -> None:
        """All its calls have: was anything done of what the planner wanted?"""
        memory = self.memory
        ended = [
            e.result.ended for e in memory.entries if isinstance(e, Called) and e.call.turn == memory.turn
        ]
        memory.fruitless = memory.fruitless + 1 if {*ended} <= {Ended.FAILED, Ended.REFUSED} else 0

    def unusable(self, why: str) -> None:
        """Nothing can be done with what the planner said: it is told why."""
        self.memory.fruitless += 1
        self.memory.entries.append(Unusable(text=why, at=workflow.now()))
        self.audit("unusable", why)

    def changed(self, change: Change) -> None:
        self.memory.changes.append(change)
        self.touch()

    def planned(self, change: Change) -> None:
        self.memory.planned.append(change)
        self.touch()

    def conclude(self, state: RunState, result: str) -> None:
        self.memory.state = state
        self.memory.result = result
        self.memory.ended_at = workflow.now()
        self.memory.plan = []
        self.audit("ended", f"{state.value}: {result}")
        self.touch()

    def learn(self, key: EffectKey, text: str, sent_at: datetime, arguments: str) -> None:
        """An effect of this run can't know its outcome: people are asked on a card, once."""
        effect = self._applying.get(key)
        if effect is None or any(known.effect == key for known in self.memory.unknowns.values()):
            return
        unknown = UnknownOutcome(
            id=f"{effect.call.number}.{effect.n}",
            effect=key,
            tool=effect.contract.name,
            target=effect.target,
            arguments=arguments,
            sent_at=sent_at,
            text=text,
            where_to_look=effect.contract.where_to_look,
            discreet=keeps_quiet_of(effect.call, self.spec),
        )
        self.memory.unknowns[unknown.id] = unknown
        self.audit("unknown", text, key=key, call=str(effect.call.number))
        self.touch()

    @contextmanager
    def applies(self, effect: UnderWay) -> Iterator[None]:
        """While an effect is being applied: its target is taken within this run, and news of it is ours."""
        self._applying[effect.key] = effect
        try:
            yield
        finally:
            del self._applying[effect.key]

    async def unless_stopped(self, step: Coroutine[Any, Any, Result]) -> Result:
        """Await something that may be left at once. Raises `Stopped`, and whatever *step* raises."""
        task = asyncio.create_task(step)
        with self.working():
            await workflow.wait_condition(lambda: task.done() or self.stopped)
        if not task.done():
            task.cancel()
            with suppress(ActivityError, asyncio.CancelledError):
                await task
            raise Stopped
        return await task

    async def pause(self, time: timedelta) -> None:
        """Wait, without it counting as work. Raises `Stopped`."""
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self.stopped, timeout=time)
            raise Stopped

    @contextmanager
    def working(self) -> Iterator[None]:
        """Something is under way: the working time runs, and this is no safe point."""
        if self.busy == 0:
            self._busy_since = workflow.now()
        self.busy += 1
        try:
            yield
        except GeneratorExit:
            # The worker forgets this run; another will replay it. There is no clock to read any more.
            raise
        except BaseException:
            self._rest()
            raise
        self._rest()

    @contextmanager
    def awaiting(self) -> Iterator[None]:
        """While an effect works: the working time runs, and yet a run may be continued as new.

        It may take hours, and a flood of signals would fill the history meanwhile.
        """
        with self.working():
            self._in_the_ledger += 1
            try:
                yield
            finally:
                self._in_the_ledger -= 1

    @contextmanager
    def telling(self) -> Iterator[None]:
        """While another workflow is told what was judged here: once judged, it is not judged again."""
        self._telling += 1
        try:
            yield
        finally:
            self._telling -= 1

    def _rest(self) -> None:
        self.busy -= 1
        if self.busy == 0 and self._busy_since is not None:
            self.memory.working_used += workflow.now() - self._busy_since
            # Only now, with nothing under way, does the view say what the run waits for.
            self.touch()

    # What is read off it

    @property
    def plan_only(self) -> bool:
        """Does it preview everything and apply nothing? Pinned when it was asked for."""
        return self.ask.plan_only or self.spec.shadow

    @property
    def stopped(self) -> bool:
        """Cancelled, redirected, or without a place to be shown: what can be left is left."""
        return bool(self.stopped_because)

    @property
    def stopped_because(self) -> str:
        """Empty while it is not."""
        memory = self.memory
        if memory.undeliverable:
            return words.NOBODY_SEES_IT
        if memory.cancel is not None:
            return words.WAS_CANCELLED
        return "" if memory.revision_due is None else words.GOAL_CHANGED

    def told_of(self, call: Call) -> str:
        """Its title, or nothing where that may hold what stays out of the thread."""
        return "" if keeps_quiet_of(call, self.spec) else call.title

    def title(self, call: Call) -> str:
        """What the thread calls it."""
        return self.told_of(call) or call.tool

    def pins_of(self, contract: ToolContract) -> Pins:
        """What its tools were when this run first saw them."""
        pins = self.memory.pins
        return {name: pins[name] for name in contract.names if name in pins}

    def is_unknown(self, key: EffectKey) -> bool:
        """Are people being asked what became of it?"""
        return any(unknown.effect == key and not unknown.said for unknown in self.memory.unknowns.values())

    def holds(self, target: str) -> bool:
        """Does this run apply something to *target* now?"""
        return any(effect.target == target for effect in self._applying.values())

    @property
    def quiet(self) -> bool:
        """A safe point: nothing under way that would be lost. What is unjudged is carried over, so no flood keeps a run
        from it; what is being applied stands in the ledger.
        """
        return self.busy == self._in_the_ledger and self._telling == 0

    def no_room_for(self, call: Call) -> str:
        """Why this run can't take the arguments of *call* along; empty when it can."""
        size, limit = len(call.arguments.encode()), ARGUMENT_BYTES
        if size > limit:
            return words.CALL_TOO_LONG.format(size=size // 1024, limit=limit // 1024)
        calls = [known.call for known in self.memory.open]
        calls += [entry.call for entry in self.memory.entries if isinstance(entry, Called)]
        if size + sum(len(known.arguments.encode()) for known in calls) > ARGUMENT_BYTES_IN_ALL:
            return words.CALLS_TOO_LONG.format(limit=ARGUMENT_BYTES_IN_ALL // 1024)
        return ""

    @property
    def place(self) -> Place:
        root = self.memory.cards.get("root")
        if self.ask.place.thread_ts is not None or root is None:
            return self.ask.place
        return Place(channel=root.channel, thread_ts=root.ts)

    @property
    def source(self) -> str:
        """Whose event set the goal in force; empty when a person did."""
        goals = (entry for entry in reversed(self.memory.entries) if isinstance(entry, GoalSet))
        return next((goal.source for goal in goals), self.ask.source)

    def transcript(self) -> Transcript:
        return Transcript(entries=tuple(self.memory.entries))


def _step_state(ended: Ended) -> StepState:
    match ended:
        case Ended.WITHDRAWN:
            return StepState.SKIPPED
        case Ended.PLANNED:
            return StepState.PREVIEWED
        case _:
            return StepState.COMPLETE if ended.well else StepState.ERROR
