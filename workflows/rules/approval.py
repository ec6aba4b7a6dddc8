"""The approval as a state machine: pure, every refusal with its reason.

`decide` is the courtesy of an early answer; `admit` is the authority (reference F14: without the checks at admission
an approval outlives what it rests on; without those at the vote nothing breaks but manners).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ..values.approval import Admission, Approval, ApprovalState, Shown, Vote
from ..values.base import EffectDigest
from ..values.people import PersonFacts, Standing
from ..values.signals import Decide


class Counted(NamedTuple):
    """The decision counts; `text` says what it led to."""

    text: str


class NotCounted(NamedTuple):
    """It doesn't; `text` tells the person why."""

    text: str


REPLACED = (
    "This preview was replaced by a newer one, so your click did not count. Please look at the newest card."
)
ENDED = {
    ApprovalState.APPROVED: "This was already approved and is being applied.",
    ApprovalState.REJECTED: "This was already rejected.",
    ApprovalState.EXPIRED: "This request has expired, so your click did not count.",
    ApprovalState.SUPERSEDED: REPLACED,
    ApprovalState.WITHDRAWN: "This is no longer needed, so your click did not count.",
}


def decide(approval: Approval, decision: Decide, facts: PersonFacts) -> tuple[Approval, Counted | NotCounted]:
    """One person's decision on one approval. The first check that fails answers."""
    refusal = _refusal(approval, decision, facts)
    if refusal:
        return approval, NotCounted(refusal)
    vote = Vote(
        person=decision.by,
        approve=decision.approve,
        reason=decision.reason,
        clicked_at=decision.clicked_at,
        facts=facts,
    )
    votes = (*(earlier for earlier in approval.votes if earlier.person.user != decision.by.user), vote)
    if not decision.approve:
        why = f"rejected: {decision.reason}" if decision.reason else "rejected"
        rejected = approval.model_copy(
            update={
                "votes": votes,
                "state": ApprovalState.REJECTED,
                "ended_at": decision.clicked_at,
                "why": why,
            }
        )
        return rejected, Counted("You rejected it.")
    missing = approval.rule.quorum - _approvals(votes)
    state = ApprovalState.QUORUM if missing <= 0 else ApprovalState.OPEN
    text = "You approved it." if missing <= 0 else f"You approved it. {missing} more to go."
    return approval.model_copy(update={"votes": votes, "state": state}), Counted(text)


def _refusal(approval: Approval, decision: Decide, facts: PersonFacts) -> str:
    if decision.gate != approval.gate:
        return REPLACED
    if approval.state.ended:
        return ENDED[approval.state]
    if approval.state is ApprovalState.QUORUM and decision.approve:
        return "Enough people have already approved this."
    if approval.deadline is not None and decision.clicked_at >= approval.deadline:
        return ENDED[ApprovalState.EXPIRED]
    if not approval.shown.complete and decision.approve:
        return "The preview could not be shown whole, so it can't be approved."
    if any(
        vote.person.user == decision.by.user and vote.approve == decision.approve for vote in approval.votes
    ):
        return "You have already decided on this."
    return ineligible(approval, facts)


def ineligible(approval: Approval, facts: PersonFacts) -> str:
    """Why this person may not decide; empty when they may."""
    rule = approval.rule
    if facts.person.team != approval.home_team or facts.standing is Standing.OUTSIDER:
        return "Only members of this workspace may decide on this."
    if facts.standing is not Standing.MEMBER:
        return f"A {facts.standing.value} account may not decide on this."
    if not rule.approvers:
        return "Nobody may approve this: no rule names an approver for it."
    # By user id alone: on Enterprise Grid the same person comes with different teams.
    if rule.four_eyes and facts.person.user in {person.user for person in approval.requesters}:
        return "You asked for this change, so somebody else has to decide on it."
    if not rule.approvers.includes(facts):
        return "You are not one of the approvers for this change."
    return ""


def _approvals(votes: Sequence[Vote]) -> int:
    return len({vote.person.user for vote in votes if vote.approve})


class Evidence(NamedTuple):
    """What was looked up for an admission, just before it."""

    effect: EffectDigest
    """Of a fresh preview."""
    shown: Shown
    voters: Sequence[PersonFacts]


class Drifted(NamedTuple):
    """What would happen now is not what was approved."""


class Short(NamedTuple):
    """Votes fell away; the approval is open again without them."""

    approval: Approval
    text: str


class Lapsed(NamedTuple):
    """It is over: `approval` says how."""

    approval: Approval


def admit(approval: Approval, evidence: Evidence, now: datetime) -> Admission | Drifted | Short | Lapsed:
    """May it be applied now? The one maker of an `Admission` for an approved effect.

    The deadline binds the clicks, each judged by when it was made; what is judged here is what they rest on now.
    """
    if approval.state.ended:
        return Lapsed(approval)
    standing = {facts.person: facts for facts in evidence.voters}
    kept = tuple(
        vote
        for vote in approval.votes
        if vote.person in standing
        and not ineligible(approval, standing[vote.person])
        and (approval.deadline is None or vote.clicked_at < approval.deadline)
    )
    if len(kept) < len(approval.votes) or _approvals(kept) < approval.rule.quorum:
        reopened = approval.model_copy(update={"votes": kept, "state": ApprovalState.OPEN})
        return Short(reopened, "An approval fell away: somebody who gave it may not decide any more.")
    if evidence.effect != approval.effect.digest:
        return Drifted()
    return Admission(
        effect=approval.effect.digest,
        gate=approval.gate,
        rule=approval.rule.name,
        votes=kept,
        admitted_at=now,
    )


def admit_by_rule(digest: EffectDigest, rule: str, now: datetime) -> Admission:
    """For an effect that a rule allows without asking."""
    return Admission(effect=digest, gate=None, rule=rule, votes=(), admitted_at=now)


def end(approval: Approval, state: ApprovalState, why: str, now: datetime) -> Approval:
    """Close an approval that is still open; one that ended stays as it ended."""
    if approval.state.ended:
        return approval
    return approval.model_copy(update={"state": state, "why": why, "ended_at": now})
