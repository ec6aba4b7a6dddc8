"""Judges what a run has heard, one signal after the other: each counts, or is refused with its reason."""

from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

from . import outside
from .journal import Journal
from .rules.approval import ENDED as DECIDED
from .rules.approval import REPLACED, Counted, decide
from .rules.digests import effect_workflow_id
from .rules.policy import may_steer, stewards
from .values.approval import Approval, ApprovalState
from .values.calls import GoalSet
from .values.effect import OutcomeState, Resolution
from .values.people import PeopleQuestion, Person, PersonFacts, Standing
from .values.signals import (
    EFFECT_RESOLVED,
    Answer,
    Cancel,
    Decide,
    Event,
    Resolve,
    Revise,
    Said,
    Signal,
)

NOT_NOW = "I could not check who you are just now, so your click did not count. Please try again in a moment."
NOT_YOURS = "Only the person who asked for this run, its approvers and its stewards may do that."
RESOLUTIONS = {
    Said.HAPPENED: (OutcomeState.APPLIED, "it happened"),
    Said.DID_NOT: (OutcomeState.NOT_APPLIED, "it did not happen"),
    Said.STOP: (OutcomeState.UNKNOWN, "stop, nobody can say"),
}


class Hearing:
    """The one loop that judges the inbox."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._memory = journal.memory

    async def listen(self) -> None:
        """Until cancelled. A signal leaves the inbox only when it was judged, so that none is lost on the way."""
        while True:
            await workflow.wait_condition(lambda: bool(self._memory.inbox))
            await self._judge(self._memory.inbox[0])
            self._memory.inbox.pop(0)

    async def _judge(self, signal: Signal) -> None:
        if isinstance(signal, Event):
            self._journal.audit(
                "event", f"{signal.source}: {signal.key}; nothing waits for it", delivery=signal.delivery
            )
            return
        approval = self._memory.approvals.get(signal.approval) if isinstance(signal, Decide) else None
        try:
            facts = await self._facts(signal.by, approval)
        except ActivityError:
            self._refuse(signal, NOT_NOW)
            return
        match signal:
            case Decide():
                self._decide(signal, facts)
            case Cancel():
                self._cancel(signal, facts)
            case Answer():
                self._answer(signal, facts)
            case Revise():
                self._revise(signal, facts)
            case Resolve():
                await self._resolve(signal, facts)

    async def _facts(self, person: Person, approval: Approval | None) -> PersonFacts:
        """Who this is, looked up live. Raises ActivityError: then the answer is *not now*, never *yes*."""
        if approval is None and person.user == self._journal.ask.requester.user:
            # Who asked for the run may always stop or redirect it, also while Slack can't be asked about people.
            return PersonFacts(person=person, standing=Standing.MEMBER, looked_up_at=workflow.now())
        groups = (approval.rule.approvers if approval else stewards(self._journal.spec)).groups
        self._journal.asking += 1
        try:
            answer = await outside.people(PeopleQuestion(people=(person,), groups=groups))
        finally:
            self._journal.asking -= 1
        facts = answer.of(person)
        return facts or PersonFacts(person=person, standing=Standing.OUTSIDER, looked_up_at=workflow.now())

    def _refuse(self, signal: Signal, why: str) -> None:
        self._journal.audit("refused", f"{signal.kind}: {why}", by=signal.by, delivery=signal.delivery)
        self._journal.tell(signal.by, why)

    def _decide(self, signal: Decide, facts: PersonFacts) -> None:
        approval = self._memory.approvals.get(signal.approval)
        if approval is None:
            self._refuse(signal, REPLACED)
            return
        decided, outcome = decide(approval, signal, facts)
        if not isinstance(outcome, Counted):
            self._refuse(signal, outcome.text)
            return
        self._journal.audit(
            "approved" if signal.approve else "rejected",
            signal.reason,
            by=signal.by,
            gate=approval.gate,
            effect=approval.effect.digest,
            rule=approval.rule.name,
            delivery=signal.delivery,
            standing=facts.standing.value,
            groups=" ".join(facts.groups),
        )
        self._journal.put(decided)

    def _may_steer(self, signal: Signal, facts: PersonFacts) -> bool:
        home = facts.person.team == self._journal.ask.requester.team
        member = facts.standing in {Standing.MEMBER, Standing.GUEST} and home
        if member and may_steer(facts, self._journal.ask.requester, self._journal.spec):
            return True
        self._refuse(signal, NOT_YOURS)
        return False

    def _cancel(self, signal: Cancel, facts: PersonFacts) -> None:
        if self._may_steer(signal, facts):
            self.stop(signal)

    def stop(self, signal: Cancel) -> None:
        """Stop thinking and reading, withdraw what waits for people. What is being applied is let finish."""
        if self._memory.cancel is not None:
            return
        self._memory.cancel = signal
        self._memory.doing = "Stopping"
        self._journal.audit("cancelled", signal.reason, by=signal.by, delivery=signal.delivery)
        self._journal.withdraw("the run was cancelled")

    def _answer(self, signal: Answer, facts: PersonFacts) -> None:
        question = self._memory.questions.get(signal.question)
        if question is None or question.answered or signal.choice not in dict(question.choices):
            self._refuse(signal, "This question was already answered.")
        elif self._may_steer(signal, facts):
            label = dict(question.choices)[signal.choice]
            update = {"answered": label, "choice": signal.choice, "answered_by": signal.by}
            self._memory.questions[question.id] = question.model_copy(update=update)
            self._journal.audit(
                "answered", f"{question.text} {label}", by=signal.by, delivery=signal.delivery
            )
            self._journal.touch()

    def _revise(self, signal: Revise, facts: PersonFacts) -> None:
        if not self._may_steer(signal, facts):
            return
        self._memory.revision_due = GoalSet(text=signal.text, by=signal.by, at=workflow.now())
        self._journal.audit("revised", signal.text, by=signal.by, delivery=signal.delivery)
        self._journal.withdraw("the goal was changed")

    async def _resolve(self, signal: Resolve, facts: PersonFacts) -> None:
        unknown = next(
            (u for u in self._memory.unknowns.values() if u.effect == signal.effect and not u.said), None
        )
        if unknown is None:
            self._refuse(signal, DECIDED[ApprovalState.WITHDRAWN])
        elif self._may_steer(signal, facts):
            state, words = RESOLUTIONS[signal.said]
            self._memory.unknowns[unknown.id] = unknown.model_copy(
                update={
                    "said": words,
                    "said_by": signal.by,
                    "reason": signal.reason,
                    "stops": signal.said is Said.STOP,
                }
            )
            text = f"{words}: {signal.reason}" if signal.reason else words
            self._journal.audit("resolved", text, by=signal.by, key=signal.effect, delivery=signal.delivery)
            self._journal.touch()
            resolution = Resolution(state=state, by=signal.by, reason=text, at=workflow.now())
            effect = workflow.get_external_workflow_handle(effect_workflow_id(signal.effect))
            # One that has ended meanwhile has its outcome; what was said of it stands in the audit.
            with suppress(FailureError):
                await effect.signal(EFFECT_RESOLVED, resolution)
