"""Judges what a run has heard, one signal after the other: each counts, or is refused with its reason."""

from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

from . import outside, revising, words
from .docket import Docket
from .journal import Journal
from .rules.approval import Clicked, Counted, Edited, decide
from .rules.canonical import parse
from .rules.digests import effect_workflow_id, gates_digest
from .rules.policy import may_steer, stewards, who_decides
from .values.approval import Approval, ApprovalState
from .values.calls import GoalSet
from .values.effect import OutcomeState, Resolution
from .values.people import People, PeopleQuestion, Person, PersonFacts, Standing
from .values.signals import (
    EFFECT_RESOLVED,
    Answer,
    Cancel,
    Decide,
    DecideAll,
    Edit,
    Resolve,
    Revise,
    Said,
    Signal,
)
from .values.view import AlertKind

LONGEST_ANSWER = 2000
"""Characters."""
RESOLUTIONS = {
    Said.HAPPENED: OutcomeState.APPLIED,
    Said.DID_NOT: OutcomeState.NOT_APPLIED,
    Said.STOP: OutcomeState.UNKNOWN,
}


class Hearing:
    """The one loop that judges the inbox."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._docket = Docket(journal)
        self._memory = journal.memory
        self._leaving = False

    def leave(self) -> None:
        """Judge nothing more. A look-up that is cancelled may still answer: it must not begin another."""
        self._leaving = True

    async def listen(self) -> None:
        """Until cancelled."""
        inbox = self._journal.inbox
        while not self._leaving:
            await self._judge(await inbox.first())
            inbox.judged()

    async def _judge(self, signal: Signal) -> None:
        facts = await self._known(signal)
        if facts is None:
            self._refuse(signal, None, words.NOT_LOOKED_UP)
            return
        match signal:
            case Decide():
                self._refuse(signal, facts, self._decide(signal, facts))
            case DecideAll():
                self._refuse(signal, facts, *self._decide_all(signal, facts))
            case Edit():
                self._edit(signal, facts)
            case Cancel():
                self._cancel(signal, facts)
            case Answer():
                self._answer(signal, facts)
            case Revise():
                self._revise(signal, facts)
            case Resolve():
                await self._resolve(signal, facts)

    async def _known(self, signal: Signal) -> PersonFacts | None:
        """Who sent it; None when that can't be looked up now."""
        try:
            return await self._facts(signal.by, self._about(signal))
        except ActivityError as error:
            if is_cancelled_exception(error):
                # The run is continued as new: the signal is carried over, and judged there.
                raise
            return None

    def _about(self, signal: Signal) -> list[Approval]:
        match signal:
            case Decide() | Edit():
                names: tuple[str, ...] = (signal.approval,)
            case DecideAll():
                names = signal.approvals
            case _:
                names = ()
        return [self._memory.approvals[name] for name in names if name in self._memory.approvals]

    async def _facts(self, person: Person, approvals: list[Approval]) -> PersonFacts:
        """Who this is, looked up live. Raises ActivityError: then the answer is *not now*, never *yes*."""
        if not approvals and person.user == self._journal.ask.requester.user:
            # Who asked for the run may always stop or redirect it, also while Slack can't be asked about people.
            return PersonFacts(person=person, standing=Standing.MEMBER, looked_up_at=workflow.now())
        deciders = People()
        for approval in approvals:
            deciders = deciders | who_decides(approval.rule)
        groups = (deciders if approvals else stewards(self._journal.spec)).groups
        answer = await outside.people(PeopleQuestion(people=(person,), groups=groups))
        facts = answer.of(person)
        return facts or PersonFacts(person=person, standing=Standing.OUTSIDER, looked_up_at=workflow.now())

    def _refuse(self, signal: Signal, facts: PersonFacts | None, *reasons: str) -> None:
        """Tell who sent it why it does not count. An empty reason is none; the same one is told once."""
        for why in dict.fromkeys(reason for reason in reasons if reason):
            call = getattr(signal, "approval", "").partition(".")[0]
            gate = getattr(signal, "gate", "")
            refs = {"delivery": signal.delivery, "call": call, "gate": gate, **_who(facts)}
            self._journal.audit("refused", f"{signal.kind}: {why}", by=signal.by, **refs)
            self._journal.tell(signal.by, why)

    def _decide(self, signal: Decide, facts: PersonFacts) -> str:
        """Why it does not count; empty when it does."""
        approval = self._memory.approvals.get(signal.approval)
        if approval is None:
            return words.REPLACED
        decided, outcome = decide(approval, Clicked(signal, facts, workflow.now()))
        if not isinstance(outcome, Counted):
            return outcome.text
        said = "broke the glass" if signal.break_glass else "approved" if signal.approve else "rejected"
        self._journal.audit(said, signal.reason, by=signal.by, **_evidence(approval, signal, facts))
        self._docket.put(decided)
        if signal.break_glass and approval.rule.break_glass is not None:
            channel, vote = approval.rule.break_glass.channel, decided.votes[-1]
            self._docket.alert(
                AlertKind.BREAK_GLASS, decided, vote, channel=channel, by=signal.by, reason=signal.reason
            )
        return ""

    def _decide_all(self, signal: DecideAll, facts: PersonFacts) -> list[str]:
        """Each change of the card is decided for itself; one that has ended meanwhile stays as it ended."""
        approvals = self._about(signal)
        if gates_digest([approval.gate for approval in approvals]) != signal.gates:
            return [words.REPLACED]
        still_open = [approval for approval in approvals if not approval.state.ended]
        if not still_open:
            return [words.ALL_DECIDED]
        return [self._decide(_one_of(signal, approval), facts) for approval in still_open]

    def _edit(self, signal: Edit, facts: PersonFacts) -> None:
        """Decisions on the old arguments are void at once; the gate previews the new ones."""
        approval = self._memory.approvals.get(signal.approval)
        if approval is None:
            self._refuse(signal, facts, words.REPLACED)
            return
        decided, outcome = decide(approval, Edited(signal, facts, workflow.now()))
        if not isinstance(outcome, Counted):
            self._refuse(signal, facts, outcome.text)
            return
        self._journal.audit(
            "edited", _edited_arguments(signal), by=signal.by, **_evidence(approval, signal, facts)
        )
        self._memory.open = [
            known.model_copy(update={"edit": signal})
            if known.call.number == approval.effect.call.number
            else known
            for known in self._memory.open
        ]
        self._docket.put(decided)

    def _may_steer(self, signal: Signal, facts: PersonFacts) -> bool:
        home = facts.person.team == self._journal.ask.requester.team
        member = facts.standing in {Standing.MEMBER, Standing.GUEST} and home
        if member and may_steer(facts, self._journal.ask.requester, self._journal.spec):
            return True
        self._refuse(signal, facts, words.NOT_A_STEERER)
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
        self._docket.withdraw(words.WAS_CANCELLED)

    def _answer(self, signal: Answer, facts: PersonFacts) -> None:
        question = self._memory.questions.get(signal.question)
        if question is None or question.answered:
            self._refuse(signal, facts, words.ALREADY_ANSWERED)
            return
        said = dict(question.choices).get(signal.choice, "") if question.choices else signal.text.strip()
        if not said:
            self._refuse(signal, facts, words.NO_ANSWER)
        elif len(said) > LONGEST_ANSWER:
            self._refuse(signal, facts, words.TOO_LONG.format(length=len(said), limit=LONGEST_ANSWER))
        elif self._may_steer(signal, facts):
            if question.claim and not question.to.includes(facts):
                self._refuse(signal, facts, words.NOT_THE_REQUESTER)
                return
            update = {"answered": said, "choice": signal.choice, "answered_by": signal.by}
            self._memory.questions[question.id] = question.model_copy(update=update)
            self._journal.audit("answered", f"{question.text} {said}", by=signal.by, delivery=signal.delivery)
            self._journal.touch()

    def _revise(self, signal: Revise, facts: PersonFacts) -> None:
        if self._may_steer(signal, facts):
            goal = GoalSet(text=signal.text, by=signal.by, at=workflow.now())
            revising.revise(self._journal, goal, words.GOAL_CHANGED, signal.delivery)

    async def _resolve(self, signal: Resolve, facts: PersonFacts) -> None:
        unknown = next(
            (u for u in self._memory.unknowns.values() if u.effect == signal.effect and not u.said), None
        )
        if unknown is None:
            self._refuse(signal, facts, words.DECIDED[ApprovalState.WITHDRAWN])
        elif not signal.reason.strip():
            self._refuse(signal, facts, words.NO_REASON)
        elif self._may_steer(signal, facts):
            state, said = RESOLUTIONS[signal.said], words.SAID[signal.said]
            self._memory.unknowns[unknown.id] = unknown.model_copy(
                update={
                    "said": said,
                    "said_by": signal.by,
                    "reason": signal.reason,
                    "stops": signal.said is Said.STOP,
                }
            )
            text = f"{said}: {signal.reason}" if signal.reason else said
            call = unknown.id.partition(".")[0]
            self._journal.audit(
                "resolved", text, by=signal.by, call=call, key=signal.effect, delivery=signal.delivery
            )
            self._journal.touch()
            resolution = Resolution(state=state, by=signal.by, reason=text, at=workflow.now())
            effect = workflow.get_external_workflow_handle(effect_workflow_id(signal.effect))
            # One that has ended meanwhile has its outcome; what was said of it stands in the audit.
            with self._journal.telling(), suppress(FailureError):
                await effect.signal(EFFECT_RESOLVED, resolution)


def _one_of(signal: DecideAll, approval: Approval) -> Decide:
    return Decide(
        delivery=f"{signal.delivery}/{approval.id}",
        by=signal.by,
        approval=approval.id,
        gate=approval.gate,
        approve=signal.approve,
        reason=signal.reason,
        clicked_at=signal.clicked_at,
    )


def _edited_arguments(edit: Edit) -> str:
    """Their names. The values may be secrets; what people saw of them is under the next gate."""
    return ", ".join(parse(edit.arguments))


def _evidence(approval: Approval, signal: Decide | Edit, facts: PersonFacts) -> dict[str, str]:
    """What an audit row says of a decision, beside who and when."""
    return {
        "call": str(approval.effect.call.number),
        "gate": approval.gate,
        "effect": approval.effect.digest,
        "rule": approval.rule.name,
        "delivery": signal.delivery,
        **_who(facts),
    }


def _who(facts: PersonFacts | None) -> dict[str, str]:
    """What Slack said of the person, and when; nothing when it could not be asked."""
    if facts is None:
        return {}
    looked_up = facts.looked_up_at.isoformat()
    return {"standing": facts.standing.value, "groups": " ".join(facts.groups), "looked_up_at": looked_up}
