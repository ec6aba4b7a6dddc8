"""Preview, ask, apply: how an effect comes about, and every way in which it doesn't."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from . import outside
from .applying import Applying
from .journal import Journal, Stopped
from .rules.approval import Drifted, Evidence, Lapsed, Short, admit, admit_by_rule, end
from .rules.digests import effect_digest, effect_key, gate_digest
from .rules.policy import Allowed, NeedsApproval, environment_of, target_of
from .values.approval import Admission, Approval, ApprovalState, Effect, Previewed, Shown
from .values.calls import CallResult, Ended
from .values.effect import Outcome, OutcomeState
from .values.people import PeopleQuestion, Person
from .values.run import OpenCall
from .values.spec import Rule
from .values.steps import PreviewOrder
from .values.tools import ToolContract
from .values.view import Change, StepState

GRACE = timedelta(seconds=30)
"""How long after the deadline a click made before it may still arrive."""
LOOK_AGAIN = timedelta(seconds=30)
"""When people can't be looked up at admission."""


class Refusal(Exception):
    """The call ends here, as this result."""

    def __init__(self, ended: Ended, text: str, by: Person | None = None) -> None:
        super().__init__(text)
        self.ended = ended
        self.text = text
        self.by = by


class Gate:
    """Brings one call that changes something to its end."""

    def __init__(self, journal: Journal, open_call: OpenCall, contract: ToolContract) -> None:
        self._journal = journal
        self._memory = journal.memory
        self._open = open_call
        self._call = open_call.call
        self._contract = contract
        self._target = target_of(contract, self._call.arguments)
        self._run_id = workflow.info().workflow_id
        self._applying = Applying(journal, self._call, contract, self._target)

    async def settle(self, verdict: Allowed | NeedsApproval) -> CallResult:
        """Raises nothing that a person or a tool could cause."""
        try:
            while True:
                outcome = await self._once(verdict)
                if outcome.state is OutcomeState.NOT_APPLIED and outcome.by is not None:
                    # A person said that it did not happen, and to try again: that is a new effect, with a new gate.
                    self._remember(self._open.model_copy(update={"n": self._open.n + 1}))
                    continue
                return self._result(outcome)
        except Stopped:
            return self._ended(Ended.WITHDRAWN, "The run changed course before this was applied.")
        except Refusal as refusal:
            return self._ended(refusal.ended, refusal.text, refusal.by)

    async def _once(self, verdict: Allowed | NeedsApproval) -> Outcome:
        pending = self._pending()
        if pending is None:
            n, done = await self._applying.recall(self._open.n)
            self._remember(self._open.model_copy(update={"n": n}))
            if done is not None:
                return done
            self._step(StepState.IN_PROGRESS, "previewing")
            effect, shown = await self._preview()
        else:
            effect, shown = pending.effect, pending.shown
        if self._journal.stopped:
            raise Stopped
        if isinstance(verdict, Allowed):
            admission = admit_by_rule(effect.digest, verdict.rule, workflow.now())
        else:
            effect, admission = await self._ask(pending or self._open_approval(effect, shown, verdict.rule))
        self._step(StepState.IN_PROGRESS, "applying")
        return await self._applying.apply(effect, admission)

    # Preview

    async def _preview(self) -> tuple[Effect, Shown]:
        """Raises Refusal when the tool says that it can't be done, or can't be asked."""
        try:
            order = PreviewOrder(call=self._call, contract=self._contract)
            previewed = await self._journal.unless_stopped(outside.preview(order, summary=self._call.tool))
        except ActivityError as error:
            raise Refusal(Ended.FAILED, f"It could not be previewed: {_reason(error)}") from None
        if previewed.problem:
            raise Refusal(Ended.FAILED, previewed.problem)
        return self._effect(previewed), previewed.shown

    def _effect(self, previewed: Previewed) -> Effect:
        target = self._target
        return Effect(
            call=self._call,
            contract=self._contract,
            target=target,
            environment=environment_of(self._contract, self._call.arguments),
            definition=previewed.definition,
            precondition=previewed.precondition,
            expected=previewed.expected,
            digest=effect_digest(
                self._contract, self._call.arguments, target, previewed.definition, previewed.precondition
            ),
            key=effect_key(self._run_id, self._call, target, self._open.n),
            n=self._open.n,
        )

    # Ask

    def _pending(self) -> Approval | None:
        """The open approval of this call, when the run was continued while people were asked."""
        approval = self._memory.approvals.get(f"{self._call.number}.{self._open.generation}")
        return approval if approval is not None and not approval.state.ended else None

    def _open_approval(
        self, effect: Effect, shown: Shown, rule: Rule, before: Shown | None = None
    ) -> Approval:
        self._remember(self._open.model_copy(update={"generation": self._open.generation + 1}))
        name, nonce = f"{self._call.number}.{self._open.generation}", str(workflow.uuid4())
        requesters = tuple(self._memory.requesters)
        approval = Approval(
            id=name,
            effect=effect,
            gate=gate_digest(effect, self._run_id, name, requesters, rule, shown, nonce),
            nonce=nonce,
            rule=rule,
            requesters=requesters,
            home_team=self._journal.ask.requester.team,
            shown=shown,
            before=before,
            opened_at=workflow.now(),
        )
        self._journal.put(approval)
        self._journal.audit(
            "asked",
            f"{effect.contract.name} on {effect.target}",
            gate=approval.gate,
            effect=effect.digest,
            rule=rule.name,
        )
        if self._memory.cancel or self._memory.revision_due:
            self._close(approval, ApprovalState.WITHDRAWN, "it was asked for before the run changed course")
        return approval

    async def _ask(self, approval: Approval) -> tuple[Effect, Admission]:
        """Until people have decided and what they decided on still holds. Raises Refusal for every other end."""
        while True:
            self._step(StepState.WAITING, "approval needed")
            approval = await self._decided(approval.id)
            if approval.state.ended:
                raise _refusal(approval)
            self._step(StepState.IN_PROGRESS, "checking that it still holds")
            await workflow.wait_condition(lambda: not self._journal.holds(self._target))
            found = await self._evidence(approval)
            if found is None or self._journal.holds(self._target):
                continue
            evidence, fresh = found
            # From here to the start of the effect nothing awaits: what was just checked is what is carried out.
            current = self._memory.approvals[approval.id]
            match admit(current, evidence, workflow.now()):
                case Admission() as admission:
                    self._close(current, ApprovalState.APPROVED, "")
                    return current.effect, admission
                case Drifted():
                    self._close(
                        current, ApprovalState.SUPERSEDED, "what it would do has changed since it was shown"
                    )
                    approval = self._open_approval(fresh, evidence.shown, current.rule, before=current.shown)
                case Short(reopened, text):
                    self._journal.put(reopened)
                    self._journal.audit("reopened", text, gate=reopened.gate)
                case Lapsed(ended):
                    raise _refusal(ended)

    async def _decided(self, name: str) -> Approval:
        """Wait, for as long as it takes, for the quorum or for an end. Times are compared, not raced."""
        while (approval := self._memory.approvals[name]).state is ApprovalState.OPEN:
            await self._until_it_differs(approval)
        return approval

    async def _until_it_differs(self, approval: Approval) -> None:
        """Until it was decided on, or its deadline was set, or passed."""
        approvals, due = self._memory.approvals, approval.deadline
        patience = None if due is None else max(due + GRACE - workflow.now(), timedelta(0))

        def differs() -> bool:
            now = approvals[approval.id]
            return now.state is not ApprovalState.OPEN or now.deadline != due

        try:
            await workflow.wait_condition(
                differs, timeout=patience, timeout_summary=f"approval {approval.id} expires"
            )
        except TimeoutError:
            # What was clicked in time may have come in together with the timer: it is judged first.
            await workflow.wait_condition(lambda: not self._memory.inbox)
            late = approvals[approval.id]
            if late.state is ApprovalState.OPEN:
                self._close(late, ApprovalState.EXPIRED, "nobody decided in time")

    async def _evidence(self, approval: Approval) -> tuple[Evidence, Effect] | None:
        """What holds now: a fresh preview, and who the voters are. None: people can't be looked up, look again."""
        voters = tuple(vote.person for vote in approval.votes)
        question = PeopleQuestion(people=voters, groups=approval.rule.approvers.groups)
        try:
            fresh, shown = await self._preview()
            answer = await self._journal.unless_stopped(outside.people(question))
        except Refusal as refusal:
            current = self._memory.approvals[approval.id]
            why = f"it can no longer be done: {refusal.text}"
            raise _refusal(self._close(current, ApprovalState.SUPERSEDED, why)) from None
        except ActivityError:
            # Not now is the answer, never yes.
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._journal.stopped, timeout=LOOK_AGAIN)
            return None
        return Evidence(effect=fresh.digest, shown=shown, voters=answer.facts), fresh

    def _close(self, approval: Approval, state: ApprovalState, why: str) -> Approval:
        closed = end(approval, state, why, workflow.now())
        if closed is not approval:
            self._journal.put(closed)
            effect = approval.effect
            self._journal.audit(state.value, why, gate=approval.gate, effect=effect.digest, key=effect.key)
        return closed

    # Telling

    def _result(self, outcome: Outcome) -> CallResult:
        if outcome.state is not OutcomeState.NOT_APPLIED:
            certain = outcome.state is OutcomeState.APPLIED
            change = Change(tool=self._call.tool, target=self._target, text=self._call.title, certain=certain)
            self._journal.changed(change)
        result = self._ended(Ended(outcome.state.value), outcome.text, outcome.by)
        return result.model_copy(update={"structured": outcome.structured})

    def _ended(self, ended: Ended, text: str, by: Person | None = None) -> CallResult:
        return CallResult(call=self._call.number, ended=ended, text=text, by=by, at=workflow.now())

    def _step(self, state: StepState, note: str) -> None:
        self._memory.doing = f"{self._call.title or self._call.tool}: {note}"
        self._journal.step(self._call, state, note)

    def _remember(self, changed: OpenCall) -> None:
        self._open = changed
        self._memory.open = [
            changed if known.call.number == self._call.number else known for known in self._memory.open
        ]


def _refusal(approval: Approval) -> Refusal:
    """What the planner is told: five different ends, never one for another."""
    by = next((vote.person for vote in approval.votes if not vote.approve), None)
    match approval.state:
        case ApprovalState.REJECTED:
            return Refusal(Ended.REJECTED, approval.why, by)
        case ApprovalState.EXPIRED:
            return Refusal(Ended.EXPIRED, "Nobody decided in time. That is no refusal.")
        case ApprovalState.SUPERSEDED:
            return Refusal(Ended.FAILED, f"It was approved, but {approval.why}. Nothing was applied.")
        case _:
            return Refusal(Ended.WITHDRAWN, f"It is no longer needed: {approval.why}.")


def _reason(error: ActivityError) -> str:
    return str(getattr(error.cause, "message", None) or error.cause or error)
