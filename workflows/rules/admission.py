"""Admission: may it be applied now? The authority over every effect, judged in one synchronous step.

Without these checks an approval outlives what it rests on; without the same ones at the vote nothing breaks but manners
(`tests/model/approval.pml` shows both).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from .. import words
from ..values.approval import Admission, Approval, ApprovalState, Shown, Vote
from ..values.base import EffectDigest
from ..values.freeze import Frozen
from ..values.people import PersonFacts
from .approval import FellAway, Over, decide, may_vote, short_of

PEOPLE_FRESH = timedelta(minutes=1)
"""How old the answer about the voters may be. The bot remembers Slack's for another minute at most."""


class Evidence(NamedTuple):
    """What was looked up for an admission, just before it. Times are the run's own, of when it asked."""

    effect: EffectDigest
    """Of a fresh preview."""
    shown: Shown
    previewed_at: datetime
    votes: Sequence[Vote]
    """That were given when it was looked up."""
    voters: Sequence[PersonFacts]
    """Who gave them."""
    asked_at: datetime
    """When the voters and the freezes were asked about."""
    frozen: Sequence[Frozen] = ()


class Stale(NamedTuple):
    """The evidence itself is too old, or people have said more since: look again."""


class Drifted(NamedTuple):
    """What would happen now is not what was approved."""


class Short(NamedTuple):
    """Votes fell away; `approval` is without them: open again, or of enough people still."""

    approval: Approval
    text: str


class Held(NamedTuple):
    """A freeze holds it; the votes stand."""

    approval: Approval


class Lapsed(NamedTuple):
    """It is over: `approval` says how."""

    approval: Approval


def admit(
    approval: Approval, evidence: Evidence, now: datetime
) -> Admission | Stale | Drifted | Short | Held | Lapsed:
    """The one maker of an `Admission` for an approved effect.

    The deadline binds the clicks, each judged by when it was made; what is judged here is what they rest on now. What
    was approved at the last minute can still be applied for as long as a preview stays fresh.
    """
    if approval.state.ended:
        return Lapsed(approval)
    if tuple(evidence.votes) != approval.votes:
        # Of whoever gave it since nobody has asked who they are, nor told the channel of an emergency.
        return Stale()
    if approval.deadline is not None and now >= approval.deadline + approval.rule.fresh_for:
        return _lapsed(approval, words.NOT_APPLIED_IN_TIME, now)
    if now - evidence.previewed_at > approval.rule.fresh_for or now - evidence.asked_at > PEOPLE_FRESH:
        return Stale()
    standing = {facts.person: facts for facts in evidence.voters}
    kept = tuple(
        vote
        for vote in approval.votes
        if vote.person in standing
        and may_vote(approval, vote, standing[vote.person])
        and (approval.deadline is None or vote.clicked_at < approval.deadline)
    )
    if len(kept) < len(approval.votes) or short_of(approval, kept) > 0:
        reopened, _ = decide(approval, FellAway(kept))
        return Short(reopened, words.VOTE_FELL_AWAY)
    if evidence.effect != approval.effect.digest:
        return Drifted()
    emergency = any(vote.break_glass for vote in kept)
    named = approval.rule.break_glass
    passes = emergency and named is not None and named.passes_freeze
    if evidence.frozen and not passes:
        return _held(approval, evidence.frozen, now)
    return Admission(
        effect=approval.effect.digest,
        gate=approval.gate,
        rule=approval.rule.name,
        votes=kept,
        admitted_at=now,
        fresh_for=approval.rule.fresh_for,
        break_glass=emergency,
    )


def _held(approval: Approval, frozen: Sequence[Frozen], now: datetime) -> Held | Lapsed:
    """An approval is not kept for longer than people were given to decide."""
    if approval.deadline is not None and now >= approval.deadline:
        return _lapsed(approval, words.FROZEN_TOO_LONG, now)
    return Held(approval.model_copy(update={"held": held_by(frozen)}))


def _lapsed(approval: Approval, why: str, now: datetime) -> Lapsed:
    expired, _ = decide(approval, Over(ApprovalState.EXPIRED, why, now))
    return Lapsed(expired)


def held_by(frozen: Sequence[Frozen]) -> str:
    """In words, for cards and steps: what is frozen, and why."""
    return "; ".join(map(_frozen, frozen))


def _frozen(by: Frozen) -> str:
    said = words.FROZEN_BY if by.by_words else words.FROZEN
    what = by.environment or words.EVERYTHING
    return said.format(what=what, who=by.by_words, reason=by.reason)


def admit_by_rule(
    digest: EffectDigest, rule: str, frozen: Sequence[Frozen], now: datetime
) -> Admission | None:
    """For an effect that a rule allows without asking. None while a freeze holds it."""
    if frozen:
        return None
    return Admission(effect=digest, gate=None, rule=rule, votes=(), admitted_at=now)
