"""A run's memory with the verbs to change it. Each change raises the revision, and the announcer redraws."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from .rules.approval import end
from .values.approval import Approval, ApprovalState
from .values.base import EffectKey
from .values.calls import Call, Called, CallResult, Ended, GoalSet, Transcript
from .values.people import Person, Place
from .values.run import Ask, Memory, RunInput
from .values.spec import AgentSpec
from .values.tools import ToolContract
from .values.view import (
    AuditRow,
    Card,
    Change,
    Notice,
    RunState,
    StepState,
    StepView,
    UnknownOutcome,
)

AUDIT_ROWS = 500
AUDIT_CHARACTERS = 1000
STEP_ROWS = 300
NOTICES = 200
ENDED_APPROVALS = 5
"""How many ended approvals are kept, so that a late click on them is answered well."""
TRANSCRIPT_CHARACTERS = 300_000
"""Beyond it the oldest outputs are dropped (and it is said): a run must be able to carry its memory over."""
DROPPED = "(This output was dropped to keep the run's memory small.)"
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
        self.busy = 0
        """Steps under way that work: think, read, preview, apply."""
        self.asking = 0
        """Steps under way that only look something up to judge a signal."""
        self._busy_since: datetime | None = None
        self._applying: dict[EffectKey, UnderWay] = {}

    def begin(self) -> None:
        """The first entries of a new run; nothing for one that was continued."""
        if self.memory.started_at is not None:
            return
        now = workflow.now()
        self.memory.started_at = now
        self.memory.goal = self.ask.goal
        self.memory.requesters = [self.ask.requester]
        self.memory.entries.append(GoalSet(text=self.ask.goal, by=self.ask.requester, at=now))
        self.audit("started", self.ask.goal, by=self.ask.requester, agent=self.spec.name)

    # What people see changes

    def touch(self) -> None:
        self.memory.revision += 1

    def audit(self, what: str, text: str, by: Person | None = None, **refs: str) -> None:
        row = AuditRow(at=workflow.now(), what=what, text=text[:AUDIT_CHARACTERS], by=by, refs=refs)
        self.memory.audit.append(row)
        del self.memory.audit[:-AUDIT_ROWS]

    def tell(self, person: Person, text: str) -> None:
        """Say something to one person, and only to them."""
        self.memory.last_notice += 1
        self.memory.notices.append(Notice(id=self.memory.last_notice, to=person, text=text))
        del self.memory.notices[:-NOTICES]
        self.touch()

    def step(self, call: Call, state: StepState, note: str = "") -> None:
        """Set the line of *call* in the plan."""
        row = StepView(id=str(call.number), title=call.title or call.tool, state=state, note=note)
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
        self.memory.entries.append(Called(call=call, result=result))
        self._trim()
        state = StepState.COMPLETE if result.ended.well else StepState.ERROR
        note = "" if result.ended is Ended.OK else result.text
        self.step(call, StepState.SKIPPED if result.ended is Ended.WITHDRAWN else state, note[:200])
        self.audit(result.ended.value, f"{call.tool}: {result.text}", call=str(call.number))

    def changed(self, change: Change) -> None:
        self.memory.changes.append(change)
        self.touch()

    def put(self, approval: Approval) -> None:
        self.memory.approvals[approval.id] = approval
        ended = [known.id for known in self.memory.approvals.values() if known.state.ended]
        for gone in ended[:-ENDED_APPROVALS]:
            del self.memory.approvals[gone]
            self.memory.cards.pop(f"approval/{gone}", None)
        self.touch()

    def conclude(self, state: RunState, result: str) -> None:
        self.memory.state = state
        self.memory.result = result
        self.memory.ended_at = workflow.now()
        self.memory.plan = []
        self.audit("ended", f"{state.value}: {result}")
        self.touch()

    def shown(
        self, revision: int, cards: dict[str, Card], notices: tuple[int, ...], posted_at: datetime
    ) -> None:
        """Slack agrees with the view up to *revision*. A card's posting starts its deadline."""
        memory = self.memory
        memory.shown_revision = max(memory.shown_revision, revision)
        memory.cards.update(cards)
        memory.notices = [notice for notice in memory.notices if notice.id not in notices]
        for approval in list(memory.approvals.values()):
            if not approval.state.ended and approval.deadline is None and f"approval/{approval.id}" in cards:
                deadline = posted_at + approval.rule.expires_after
                self.put(approval.model_copy(update={"deadline": deadline}))

    def undeliverable(self, why: str) -> None:
        """Slack refuses the place of this run: nobody could approve anything there."""
        if self.memory.undeliverable:
            return
        self.memory.undeliverable = why
        self.audit("undeliverable", why)
        self.withdraw("nobody can see it")

    def withdraw(self, why: str) -> None:
        """Nobody needs to decide or answer any more."""
        for approval in list(self.memory.approvals.values()):
            self.put(end(approval, ApprovalState.WITHDRAWN, why, workflow.now()))
        for question in list(self.memory.questions.values()):
            if not question.answered:
                self.memory.questions[question.id] = question.model_copy(
                    update={"answered": f"Closed: {why}."}
                )
        self.touch()

    def learn(self, key: EffectKey, text: str, at: datetime) -> None:
        """An effect of this run can't know its outcome: people are asked on a card."""
        effect = self._applying.get(key)
        if effect is None or self.is_unknown(key):
            return
        unknown = UnknownOutcome(
            id=f"{effect.call.number}.{effect.n}",
            effect=key,
            tool=effect.contract.name,
            target=effect.target,
            arguments=effect.call.arguments,
            sent_at=at,
            text=text,
            where_to_look=effect.contract.where_to_look,
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

    def _rest(self) -> None:
        self.busy -= 1
        if self.busy == 0 and self._busy_since is not None:
            self.memory.working_used += workflow.now() - self._busy_since
            # Only now, with nothing under way, does the view say what the run waits for.
            self.touch()

    def _trim(self) -> None:
        entries = self.memory.entries
        size = sum(_size(entry.result) for entry in entries if isinstance(entry, Called))
        for index, entry in enumerate(entries):
            if size <= TRANSCRIPT_CHARACTERS:
                return
            if isinstance(entry, Called) and entry.result.text != DROPPED:
                size -= _size(entry.result)
                result = entry.result.model_copy(update={"text": DROPPED, "structured": None})
                entries[index] = entry.model_copy(update={"result": result})

    # What is read off it

    @property
    def stopped(self) -> bool:
        """Cancelled, redirected, or without a place to be shown: what can be left is left."""
        memory = self.memory
        return bool(memory.cancel or memory.revision_due or memory.undeliverable)

    def is_unknown(self, key: EffectKey) -> bool:
        """Are people being asked what became of it?"""
        return any(unknown.effect == key and not unknown.said for unknown in self.memory.unknowns.values())

    def holds(self, target: str) -> bool:
        """Does this run apply something to *target* now?"""
        return any(effect.target == target for effect in self._applying.values())

    @property
    def quiet(self) -> bool:
        """A safe point: nothing under way, nothing unjudged."""
        return self.busy == 0 and self.asking == 0 and not self.memory.inbox

    @property
    def place(self) -> Place:
        root = self.memory.cards.get("root")
        if self.ask.place.thread_ts is not None or root is None:
            return self.ask.place
        return Place(channel=root.channel, thread_ts=root.ts)

    def transcript(self) -> Transcript:
        return Transcript(entries=tuple(self.memory.entries))


def _size(result: CallResult) -> int:
    return len(result.text) + len(str(result.structured or ""))
