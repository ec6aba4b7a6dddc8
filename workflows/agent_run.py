"""A run: thinks, gates, and tells. One workflow execution of `AgentRun` is one run."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

from . import compacting, events, inbox, pausing, reading, recounting, repeating, showing, words
from .announcing import Announcer
from .docket import Docket
from .gating import Gate
from .hearing import Hearing
from .journal import Journal, Stopped
from .own_calls import OwnCall
from .rules.canonical import canonical
from .rules.outputs import READ_OUTPUT
from .rules.policy import Allowed, NeedsApproval, Refused, Verdict, judge
from .thinking import think
from .undoing import offered
from .values.account import Account
from .values.calls import Call, CallResult, Ended, ProposedCall, Thought, ThoughtKind, Transcript
from .values.freeze import Thawed
from .values.run import OpenCall, RunInput, RunResult
from .values.signals import Cancel, EffectNews, Event
from .values.view import AuditRow, RunState, RunView, StepState

CHANGES_ON_A_CARD = 8


@workflow.defn(name="AgentRun")
class AgentRun:
    """Signals go to the inbox, one loop judges them, another thinks; a third keeps Slack in agreement."""

    @workflow.init
    def __init__(self, order: RunInput) -> None:
        self._order = order
        self._journal = Journal(order)
        self._memory = self._journal.memory
        self._hearing = Hearing(self._journal)
        self._announcer = Announcer(self._journal)

    @workflow.run
    async def run(self, order: RunInput) -> RunResult:
        self._journal.begin()
        live = asyncio.create_task(self._live())
        beside = [
            asyncio.create_task(self._hearing.listen()),
            asyncio.create_task(self._announcer.announce()),
            asyncio.create_task(self._announcer.publish()),
        ]
        while not live.done():
            try:
                await workflow.wait_condition(
                    lambda: live.done() or any(task.done() for task in beside) or self._at_safe_point()
                )
            except asyncio.CancelledError:
                self._cancelled_by_temporal()
                continue
            for task in beside:
                if task.done():
                    # None of them ends by itself: what it raised is a fault of ours, to be seen.
                    await task
            if self._at_safe_point() and not live.done():
                self._hearing.leave()
                self._announcer.leave()
                await _stop(live, *beside)
                workflow.continue_as_new(order.model_copy(update={"memory": self._memory}))
        await live
        await self._announcer.finish()
        # What came in last is judged too: whoever clicked is told, and that is shown.
        await self._journal.inbox.judged_so_far()
        await self._announcer.finish()
        self._hearing.leave()
        self._announcer.leave()
        await _stop(*beside)
        return RunResult(
            state=self._memory.state,
            text=self._memory.result,
            changes=offered(self._memory),
            planned=tuple(self._memory.planned),
        )

    @workflow.signal(dynamic=True)
    def hear(self, name: str, args: Sequence[RawValue]) -> None:
        """The one door for all signals. It never raises and never awaits."""
        heard = inbox.read(name, args)
        if heard is None:
            self._memory.malformed += 1
        elif isinstance(heard, EffectNews):
            self._journal.learn(heard.effect, heard.text, heard.at, heard.arguments)
        elif isinstance(heard, Thawed):
            self._memory.thaws += 1
        elif isinstance(heard, Event):
            events.hear(self._journal, heard)
        elif not self._journal.inbox.keep(heard):
            self._journal.tell(heard.by, words.TOO_MANY_CLICKS)

    @workflow.query
    def view(self) -> RunView:
        """What people see."""
        return showing.view(self._journal)

    @workflow.query
    def transcript(self) -> Transcript:
        """What a planner may look at."""
        return self._journal.transcript()

    @workflow.query
    def undo(self, call: int) -> ProposedCall | None:
        """What would take the change of *call* back; None where nothing can. For workers: its arguments are the true ones."""
        return self._memory.undos.get(call)

    @workflow.query
    def audit(self) -> list[AuditRow]:
        """Who did what, when, on which evidence: the latest rows."""
        return self._memory.audit

    @workflow.query
    def account(self, turn: int = 0) -> Account:
        """What happened in a turn, and because of what; in the latest one for 0."""
        return recounting.account(self._journal, turn)

    # The loop

    async def _live(self) -> None:
        """Turn after turn, to an end. State lives in the memory only, so that this can start anywhere."""
        while True:
            await self._rest()
            await self._settle_all()
            if self._memory.open:
                continue
            if self._ended_by_order():
                return
            if not await pausing.may_go_on(self._journal):
                continue
            try:
                thought = await self._thought()
            except Stopped:
                continue
            except ActivityError as error:
                why = getattr(error.cause, "message", None) or error.cause or error
                self._journal.conclude(RunState.FAILED, words.PLANNER_FAILED.format(why=why))
                return
            if thought is None:
                continue
            self._memory.usage += thought.usage
            self._memory.turn += 1
            self._memory.context, self._memory.overflowed = thought.size, False
            match thought.kind:
                case ThoughtKind.CALLS:
                    self._open(thought)
                case ThoughtKind.UNUSABLE:
                    self._journal.unusable(thought.text)
                case _:
                    done = thought.kind is ThoughtKind.ANSWER
                    self._journal.conclude(RunState.DONE if done else RunState.FAILED, thought.text)
                    return

    async def _rest(self) -> None:
        """Between turns a run may be continued as new: when that is due, wait here for it."""
        if workflow.info().is_continue_as_new_suggested():
            await workflow.wait_condition(lambda: False)

    def _at_safe_point(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() and self._journal.quiet and not self._memory.state.ended

    def _ended_by_order(self) -> bool:
        """Cancelled, without a place, or stopped at an outcome that nobody can know? A new goal is taken up here."""
        memory = self._memory
        unknown = next((u for u in memory.unknowns.values() if u.stops), None)
        if memory.undeliverable:
            self._journal.conclude(RunState.FAILED, memory.undeliverable)
        elif memory.cancel is not None:
            self._journal.conclude(RunState.CANCELLED, memory.cancel.reason)
        elif unknown is not None:
            self._journal.conclude(RunState.FAILED, words.NOBODY_CAN_SAY.format(tool=unknown.tool))
        elif memory.revision_due is not None:
            memory.goal = memory.revision_due.text
            memory.requesters = list(dict.fromkeys([*memory.requesters, memory.revision_due.by]))
            memory.entries.append(memory.revision_due)
            memory.revision_due = None
            memory.fruitless = 0
            memory.failures.clear()
            self._journal.touch()
        return memory.state.ended

    async def _thought(self) -> Thought | None:
        """None: room had to be made for it, so look around before it is asked again. Raises Stopped, ActivityError."""
        await compacting.make_room(self._journal)
        try:
            return await think(self._journal)
        except ActivityError as error:
            if await compacting.make_more_room(self._journal, error):
                return None
            raise

    def _open(self, thought: Thought) -> None:
        """A new turn with its calls."""
        memory = self._memory
        memory.plan = list(thought.plan)
        for proposed in thought.calls:
            memory.last_call += 1
            memory.steps_used += 1
            call = Call(**proposed.model_dump(), number=memory.last_call, turn=memory.turn)
            refused = call.problem or self._journal.no_room_for(call)
            if refused:
                call = call.model_copy(update={"arguments": canonical({})})
            memory.open.append(OpenCall(call=call, refused=refused))
            self._journal.step(call, StepState.IN_PROGRESS)
        self._together()

    def _together(self) -> None:
        """Changes of one turn that people are asked about share a card, in pages of a fixed size."""
        asked = [open_call for open_call in self._memory.open if self._is_shown(open_call)]
        if len(asked) < 2:
            return
        for index, open_call in enumerate(asked):
            slot = f"changes/{open_call.call.turn}/{index // CHANGES_ON_A_CARD + 1}"
            at = self._memory.open.index(open_call)
            self._memory.open[at] = open_call.model_copy(update={"slot": slot})

    def _is_shown(self, open_call: OpenCall) -> bool:
        """Does it have a card? A run that only plans shows also what the rules allow without asking."""
        contract, verdict = self._order.spec.contract(open_call.call.tool), self._verdict(open_call)
        planned = self._journal.plan_only and contract is not None and not contract.reads
        return isinstance(verdict, NeedsApproval) or (planned and isinstance(verdict, Allowed))

    def _verdict(self, open_call: OpenCall) -> Verdict:
        call = open_call.call
        if open_call.refused:
            return Refused(open_call.refused)
        if open_call.rule is not None:
            return NeedsApproval(open_call.rule, words.PEOPLE_ARE_ASKED)
        contract = self._order.spec.contract(call.tool)
        again = contract and Docket(self._journal).rejected_too_often(call, contract)
        return Refused(again) if again else judge(call, contract, self._order.spec.rules)

    async def _settle_all(self) -> None:
        """All calls of this turn to their results: reads at once, effects each through its gate."""
        calls = [asyncio.create_task(self._settle(open_call)) for open_call in self._memory.open]
        if calls:
            await workflow.wait(calls)
        for call in calls:
            await call
        if calls:
            self._journal.turn_ended()

    async def _settle(self, open_call: OpenCall) -> None:
        result = await self._result_of(open_call)
        self._journal.settle(open_call.call, repeating.told(self._journal, open_call.call, result))

    async def _result_of(self, open_call: OpenCall) -> CallResult:
        call = open_call.call
        if call.tool in self._order.spec.own_tools and not open_call.refused:
            return await OwnCall(self._journal, call.number).settle()
        if again := repeating.refused(self._journal, call):
            return reading.ended(call, Ended.REFUSED, again)
        if call.tool == READ_OUTPUT and not open_call.refused:
            return await reading.read_output(self._journal, call)
        contract = self._order.spec.contract(call.tool)
        verdict = self._verdict(open_call)
        if isinstance(verdict, Refused) or contract is None:
            reason = verdict.reason if isinstance(verdict, Refused) else words.UNKNOWN_TOOL
            return reading.ended(call, Ended.REFUSED, reason)
        if isinstance(verdict, Allowed) and contract.reads:
            return await reading.read(self._journal, call, contract, verdict)
        return await Gate(self._journal, open_call, contract, verdict).settle()

    def _cancelled_by_temporal(self) -> None:
        """An operator cancelled the workflow itself: the same as the button, and just as careful with effects."""
        reason = workflow.cancellation_reason() or words.CANCELLED_IN_TEMPORAL
        self._hearing.stop(Cancel(delivery="temporal", by=self._order.ask.requester, reason=reason))


async def _stop(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        # A step that was cancelled says so in its own error.
        with suppress(asyncio.CancelledError, ActivityError):
            await task
