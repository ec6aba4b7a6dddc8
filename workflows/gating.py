"""Preview, ask, admit, apply: how an effect comes about, and every way in which it doesn't."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from . import editing, outside, plan_only, undoing, waiting, words
from .applying import Applying
from .case import Case, Refusal
from .docket import Docket
from .journal import Journal, Stopped
from .rules.admission import (
    Drifted,
    Evidence,
    Held,
    Lapsed,
    Short,
    Stale,
    admit,
    admit_by_rule,
    held_by,
)
from .rules.digests import proposal_digest
from .rules.policy import Allowed, NeedsApproval, who_decides
from .values.approval import Admission, Approval, ApprovalState, Effect, Shown
from .values.calls import CallResult, Ended
from .values.effect import Outcome, OutcomeState
from .values.freeze import FreezeQuestion, Frozen
from .values.people import PeopleQuestion
from .values.run import OpenCall
from .values.spec import Rule
from .values.tools import ToolContract
from .values.view import Change, StepState

LOOK_AGAIN = timedelta(seconds=30)
"""When people, or what is frozen, can't be looked up at admission."""


class Edited(Exception):
    """People want other arguments: it starts over with them."""


class Gate:
    """Brings one call that changes something to its end."""

    def __init__(
        self,
        journal: Journal,
        open_call: OpenCall,
        contract: ToolContract,
        verdict: Allowed | NeedsApproval,
    ) -> None:
        self._journal = journal
        self._docket = Docket(journal)
        self._memory = journal.memory
        self._contract = contract
        self._case = Case(journal, open_call.call.number, contract)
        self._verdict = verdict
        self._before: Shown | None = None
        """What people saw before somebody edited it."""

    async def settle(self) -> CallResult:
        """Raises nothing that a person or a tool could cause."""
        if self._journal.plan_only:
            # The one place that keeps a run that only plans from changing anything: behind it are admission and ledger.
            return await plan_only.planned(self._case, self._verdict)
        try:
            return self._result(await self._outcome())
        except Stopped:
            refusal = Refusal(Ended.WITHDRAWN, words.CHANGED_COURSE)
        except Refusal as why:
            refusal = why
        # That nothing was applied is said of this call, not of this life of the run: an operator may have reset it.
        _, done = await self._applying().recall(self._case.open.n)
        if done is None or done.state is OutcomeState.NOT_APPLIED:
            return self._case.ended(refusal.ended, refusal.text, refusal.by)
        return self._result(done)

    async def _outcome(self) -> Outcome:
        """Until it is known. Raises Refusal, Stopped."""
        while True:
            if self._case.open.edit is not None:
                taken = await editing.take_up(self._case, self._verdict)
                self._verdict, self._before = taken.verdict, taken.before
            try:
                outcome = await self._once()
            except Edited:
                continue
            if outcome.state is not OutcomeState.NOT_APPLIED or outcome.by is None:
                return outcome
            # A person said that it did not happen, and to try again: that is a new effect, with a new gate.
            self._case.remember(n=self._case.open.n + 1)

    async def _once(self) -> Outcome:
        """Raises Edited, Refusal, Stopped."""
        pending = self._pending()
        if pending is None:
            n, done = await self._applying().recall(self._case.open.n)
            self._case.remember(n=n)
            if done is not None:
                return done
        if isinstance(self._verdict, Allowed):
            effect, shown, admission = await self._allowed(self._verdict.rule)
        else:
            if pending is None:
                self._case.step(StepState.IN_PROGRESS, "previewing")
                effect, shown = await self._case.preview()
                pending = self._open_approval(effect, shown, self._verdict.rule, before=self._before)
            effect, shown, admission = await self._ask(pending)
        self._case.step(StepState.IN_PROGRESS, "applying")
        return await self._applying().apply(effect, admission, shown)

    def _applying(self) -> Applying:
        return Applying(self._journal, self._case.call, self._contract, self._case.target)

    # Without asking

    async def _allowed(self, rule: str) -> tuple[Effect, Shown, Admission]:
        while True:
            self._case.step(StepState.IN_PROGRESS, "previewing")
            effect, shown = await self._case.preview()
            freezes = await self._frozen()
            if self._journal.stopped:
                raise Stopped
            if freezes is None:
                await self._not_now(words.FROZEN_UNKNOWN)
                continue
            if self._journal.holds(self._case.target):
                await workflow.wait_condition(lambda: not self._journal.holds(self._case.target))
                continue
            admission = admit_by_rule(effect.digest, rule, freezes, workflow.now())
            if admission is not None:
                self._audit(effect, admission, words.ALLOWED_BY_RULES)
                return effect, shown, admission
            self._case.step(StepState.WAITING, words.HELD.format(why=held_by(freezes)))
            self._record("held", held_by(freezes), effect=effect.digest, rule=rule)
            await waiting.thawed(self._journal, freezes)

    async def _frozen(self) -> tuple[Frozen, ...] | None:
        """What holds it now; None when that can't be looked up. Raises Stopped."""
        question = FreezeQuestion(environment=self._case.environment, windows=self._journal.spec.windows)
        try:
            return (await self._journal.unless_stopped(outside.frozen(question))).freezes
        except ActivityError:
            return None

    async def _not_now(self, why: str) -> None:
        """Not now is the answer, never yes. Visibly, and for a while."""
        self._case.step(StepState.WAITING, why)
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._journal.stopped, timeout=LOOK_AGAIN)

    # Ask

    def _pending(self) -> Approval | None:
        """The open approval of this call, when the run was continued while people were asked."""
        open_call = self._case.open
        approval = self._memory.approvals.get(f"{open_call.call.number}.{open_call.generation}")
        return approval if approval is not None and not approval.state.ended else None

    def _open_approval(self, effect: Effect, shown: Shown, rule: Rule, before: Shown | None) -> Approval:
        if self._journal.stopped:
            raise Stopped
        approval = self._case.approval(effect, shown, rule, before)
        self._record(
            "asked",
            words.ON.format(tool=effect.contract.name, target=effect.target),
            gate=approval.gate,
            effect=effect.digest,
            rule=rule.name,
        )
        self._docket.put(approval)
        return approval

    async def _ask(self, approval: Approval) -> tuple[Effect, Shown, Admission]:
        """Until people have decided and what they decided on still holds. Raises Edited, Refusal for every other end."""
        while True:
            approval = await self._decided(approval.id)
            found = await self._evidence(approval)
            if found is None or self._journal.holds(self._case.target):
                continue
            evidence, fresh = found
            # From here to the start of the effect nothing awaits: what was just checked is what is carried out.
            current = self._memory.approvals[approval.id]
            match admit(current, evidence, workflow.now()):
                case Admission() as admission:
                    return current.effect, current.shown, self._admitted(current, admission, evidence)
                case Stale():
                    continue
                case Drifted():
                    self._docket.end(current, ApprovalState.SUPERSEDED, words.DRIFTED)
                    approval = self._open_approval(fresh, evidence.shown, current.rule, before=current.shown)
                case Held(held):
                    await self._wait_out(current, held, evidence)
                case Short(reopened, text):
                    self._record("reopened", text, gate=reopened.gate)
                    self._docket.put(reopened)
                case Lapsed(ended):
                    raise self._end_of(self._docket.end(current, ended.state, ended.why))

    async def _decided(self, name: str) -> Approval:
        """Once people have, its target is free, and whoever must know of an emergency does. Raises Edited, Refusal."""
        while True:
            self._case.step(StepState.WAITING, words.APPROVAL_NEEDED)
            approval = await waiting.decided(self._journal, name)
            if approval.state.ended:
                raise self._end_of(approval)
            self._case.step(StepState.IN_PROGRESS, words.CHECKING)
            await workflow.wait_condition(lambda: not self._journal.holds(self._case.target))
            approval = await waiting.told(self._journal, name)
            if approval.state is not ApprovalState.OPEN:
                return approval

    def _admitted(self, approval: Approval, admission: Admission, evidence: Evidence) -> Admission:
        self._docket.end(approval, ApprovalState.APPROVED, "")
        people = "; ".join(facts.in_words for facts in evidence.voters)
        self._audit(approval.effect, admission, words.AS_APPROVED, people=people)
        return admission

    def _audit(self, effect: Effect, admission: Admission, why: str, people: str = "") -> None:
        self._record(
            "admitted",
            words.ADMITTED.format(tool=effect.contract.name, target=effect.target, why=why),
            gate=admission.gate or "",
            rule=admission.rule,
            effect=effect.digest,
            key=effect.key,
            people=people,
            review="due" if admission.break_glass else "",
        )

    def _record(self, what: str, text: str, **refs: str) -> None:
        """In the audit, as being about this call."""
        self._journal.audit(what, text, None, call=str(self._case.call.number), **refs)

    async def _wait_out(self, current: Approval, held: Approval, evidence: Evidence) -> None:
        if held != current:
            self._docket.put(held)
            self._record("held", held.held, gate=held.gate)
        self._case.step(StepState.WAITING, words.HELD.format(why=held.held))
        await waiting.thawed(self._journal, tuple(evidence.frozen), held)

    async def _evidence(self, approval: Approval) -> tuple[Evidence, Effect] | None:
        """What holds now. None: people can't be looked up, look again. Times are of when it was asked."""
        if approval.state.ended:
            raise self._end_of(approval)
        voters = tuple(dict.fromkeys(vote.person for vote in approval.votes))
        question = PeopleQuestion(people=voters, groups=who_decides(approval.rule).groups)
        previewed_at = workflow.now()
        try:
            fresh, shown = await self._fresh(approval)
            asked_at = workflow.now()
            answer = await self._journal.unless_stopped(outside.people(question))
            freezes = await self._frozen()
        except Refusal as refusal:
            current = self._memory.approvals[approval.id]
            why = words.NOT_POSSIBLE.format(why=refusal.text)
            raise self._end_of(self._docket.end(current, ApprovalState.SUPERSEDED, why)) from None
        except ActivityError:
            await self._not_now(words.DECIDERS_UNKNOWN)
            return None
        if freezes is None:
            await self._not_now(words.FROZEN_UNKNOWN)
            return None
        evidence = Evidence(
            fresh.digest, shown, previewed_at, approval.votes, answer.facts, asked_at, freezes
        )
        return evidence, fresh

    async def _fresh(self, approval: Approval) -> tuple[Effect, Shown]:
        """What it would do now. Raises Refusal, Stopped."""
        if self._contract.preview.applies is not None:
            # The file that people saw is what is applied, whatever the world has become; its tool refuses a stale one.
            return approval.effect, approval.shown
        return await self._case.preview()

    # Telling

    def _end_of(self, approval: Approval) -> Exception:
        """What the planner is told: distinct ends, never one for another. An edit is no end."""
        by = next((vote.person for vote in approval.votes if not vote.approve), None)
        match approval.state:
            case ApprovalState.SUPERSEDED if self._case.open.edit is not None:
                return Edited()
            case ApprovalState.REJECTED:
                digest = proposal_digest(self._case.call, self._case.target)
                self._memory.rejected[digest] = self._memory.rejected.get(digest, 0) + 1
                return Refusal(Ended.REJECTED, approval.why, by)
            case ApprovalState.EXPIRED:
                return Refusal(Ended.EXPIRED, words.EXPIRED.format(why=approval.why))
            case ApprovalState.SUPERSEDED:
                return Refusal(Ended.SUPERSEDED, words.SUPERSEDED.format(why=approval.why))
            case _:
                return Refusal(Ended.WITHDRAWN, words.WITHDRAWN.format(why=approval.why))

    def _result(self, outcome: Outcome) -> CallResult:
        call = self._case.call
        if outcome.state is not OutcomeState.NOT_APPLIED:
            certain = outcome.state is OutcomeState.APPLIED
            if certain:
                undoing.remember(self._case, outcome)
            self._journal.changed(
                Change(
                    tool=call.tool,
                    target=self._case.target,
                    text=self._journal.told_of(call),
                    certain=certain,
                    call=call.number,
                )
            )
        edited = words.WAS_EDITED if outcome.edited else ""
        result = self._case.ended(Ended(outcome.state.value), outcome.text + edited, outcome.by)
        return result.model_copy(update={"structured": outcome.structured, "output": outcome.output})
