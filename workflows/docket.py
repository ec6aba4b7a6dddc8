"""All that people are asked in a run: what is open, what was said of it, and how each ended."""

from typing import Any

from temporalio import workflow

from . import words
from .journal import Journal
from .rules.approval import FellAway, Over, decide
from .rules.digests import proposal_digest
from .rules.policy import target_of
from .values.approval import Approval, ApprovalState, Vote
from .values.calls import Call
from .values.tools import ToolContract
from .values.view import Alert, AlertKind, Announced, Question

ENDED_CARDS = 5
"""How many cards of ended approvals are kept, so that a late click on them is answered well."""
ANSWERED_QUESTIONS = 20
REJECTIONS = 2
"""So often the same change may be rejected; then the planner may not propose it again in this run."""


class Docket:
    """The part of a run's journal that is about what people are asked. It keeps nothing but what is in the memory."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._memory = journal.memory

    def put(self, approval: Approval) -> None:
        self._memory.approvals[approval.id] = approval
        self._forget_old_cards()
        self._journal.touch()

    def _forget_old_cards(self) -> None:
        """A card is forgotten whole: one that lost some of its changes would be redrawn without them."""
        memory = self._memory
        by_slot: dict[str, list[Approval]] = {}
        for known in memory.approvals.values():
            by_slot.setdefault(known.slot, []).append(known)
        under_way = {open_call.slot for open_call in memory.open}
        over = [
            slot
            for slot, on_it in by_slot.items()
            if slot not in under_way
            and all(each.state.ended for each in on_it)
            and self._was_seen(slot, on_it)
        ]
        for slot in over[:-ENDED_CARDS]:
            for card in [known for known in memory.cards if known == slot or known.startswith(f"{slot}@")]:
                del memory.cards[card]
            for gone in by_slot[slot]:
                del memory.approvals[gone.id]
                memory.cards.pop(f"again/{gone.id}", None)
                for alert in [known for known in memory.alerts.values() if known.approval == gone.id]:
                    del memory.alerts[alert.slot]
                    memory.cards.pop(alert.slot, None)

    def _was_seen(self, slot: str, on_it: list[Approval]) -> bool:
        """What was planned ends before it is shown, and is kept until it was."""
        return slot in self._memory.cards or all(each.state is not ApprovalState.PLANNED for each in on_it)

    def rejected_too_often(self, call: Call, contract: ToolContract) -> str:
        """Why this may not be proposed again; empty when it may."""
        times = self._memory.rejected.get(proposal_digest(call, target_of(contract, call.arguments)), 0)
        if times < REJECTIONS:
            return ""
        return words.REJECTED_TOO_OFTEN.format(times=times)

    def end(self, approval: Approval, state: ApprovalState, why: str) -> Approval:
        """Close an approval that is still open; one that ended stays as it ended."""
        closed, _ = decide(approval, Over(state, why, workflow.now()))
        if closed is not approval:
            effect = approval.effect
            self._journal.audit(
                state.value,
                why,
                call=str(effect.call.number),
                gate=approval.gate,
                effect=effect.digest,
                key=effect.key,
            )
            self.put(closed)
        return closed

    def alert(self, kind: AlertKind, approval: Approval, vote: Vote | None = None, **more: Any) -> None:
        """Say it in a message of its own, once; of an emergency, once for each time that the glass was broken."""
        slot = alert_slot(kind, approval.id, vote)
        if slot in self._memory.alerts:
            return
        effect = approval.effect
        self._memory.alerts[slot] = Alert(
            slot=slot,
            kind=kind,
            approval=approval.id,
            tool=effect.contract.name,
            target=effect.target,
            deadline=approval.deadline,
            at=workflow.now(),
            **more,
        )
        what = words.ON.format(tool=effect.contract.name, target=effect.target)
        self._journal.audit(kind.value, what, call=str(effect.call.number), gate=approval.gate)
        self._journal.touch()

    def shown(self, announced: Announced) -> None:
        """Slack agrees with the view up to a revision. That its gate stands on a card starts an approval's deadline."""
        memory = self._memory
        memory.shown_revision = max(memory.shown_revision, announced.revision)
        memory.cards.update(announced.cards)
        memory.notices = [notice for notice in memory.notices if notice.id not in announced.notices]
        for approval in list(memory.approvals.values()):
            if not approval.state.ended and approval.deadline is None and approval.gate in announced.gates:
                deadline = announced.posted_at + approval.rule.expires_after
                self.put(approval.model_copy(update={"deadline": deadline}))
        for slot, why in announced.untold.items():
            self._untold(slot, why)

    def _untold(self, slot: str, why: str) -> None:
        """An alert could not be posted. Nobody approves alone in silence: that vote falls away."""
        alert = self._memory.alerts.get(slot)
        approval = self._memory.approvals.get(alert.approval) if alert else None
        if alert is None or alert.kind is not AlertKind.BREAK_GLASS or approval is None:
            return
        del self._memory.alerts[slot]
        kept = tuple(vote for vote in approval.votes if alert_slot(alert.kind, approval.id, vote) != slot)
        self._journal.audit("not_told", why, call=str(approval.effect.call.number), gate=approval.gate)
        self.put(decide(approval, FellAway(kept))[0])
        if alert.by is not None:
            self._journal.tell(alert.by, words.CHANNEL_NOT_TOLD.format(why=why))

    def ask(self, text: str, choices: tuple[tuple[str, str], ...], **more: Any) -> Question:
        """A card with a question; of those that were answered, old ones are forgotten."""
        memory = self._memory
        memory.last_question += 1
        question = Question(id=str(memory.last_question), text=text, choices=choices, **more)
        memory.questions[question.id] = question
        answered = [known.id for known in memory.questions.values() if known.answered]
        for gone in answered[:-ANSWERED_QUESTIONS]:
            del memory.questions[gone]
            memory.cards.pop(f"question/{gone}", None)
        self._journal.touch()
        return question

    def withdraw(self, why: str) -> None:
        """Nobody needs to decide or answer any more."""
        for approval in list(self._memory.approvals.values()):
            self.end(approval, ApprovalState.WITHDRAWN, why)
        for question in list(self._memory.questions.values()):
            if not question.answered:
                closed = question.model_copy(update={"answered": words.QUESTION_CLOSED.format(why=why)})
                self._memory.questions[question.id] = closed
        self._journal.touch()

    def undeliverable(self, why: str) -> None:
        """Slack refuses the place of this run: nobody could approve anything there."""
        if self._memory.undeliverable:
            return
        self._memory.undeliverable = why
        self._journal.audit("undeliverable", why)
        self.withdraw(words.NOBODY_SEES_IT)


def alert_slot(kind: AlertKind, approval: str, vote: Vote | None = None) -> str:
    """`alert/reminder/4.1`; an emergency has the vote that it is about."""
    of = "" if vote is None else f"/{vote.person.user}/{vote.clicked_at.isoformat()}"
    return f"alert/{kind.value}/{approval}{of}"
