"""The approval as a state machine: `decide(approval, event)` is pure, and every refusal has its reason.

    OPEN -> QUORUM -> APPROVED      (`rules.admission` is the only way to the last)
    OPEN, QUORUM -> REJECTED | EXPIRED | SUPERSEDED | WITHDRAWN
    QUORUM -> OPEN                  (a vote fell away, and too few are left)

This is the courtesy of an early answer; `rules.admission.admit` is the authority.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from .. import words
from ..values.approval import Approval, ApprovalState, Vote
from ..values.base import CanonicalJson, Json
from ..values.calls import Call
from ..values.people import PersonFacts, Standing
from ..values.signals import Decide, Edit
from .canonical import NotCanonical, canonical, parse

SKEW = timedelta(seconds=30)
"""How far the clock of whoever stamped a click may be ahead of ours."""


class Clicked(NamedTuple):
    """One person's decision."""

    decision: Decide
    facts: PersonFacts
    now: datetime


class Edited(NamedTuple):
    """Somebody wants other arguments."""

    edit: Edit
    facts: PersonFacts
    now: datetime


class Over(NamedTuple):
    """It ends without a decision: expired, superseded, withdrawn; or it was admitted."""

    state: ApprovalState
    why: str
    now: datetime


class FellAway(NamedTuple):
    """Only these votes still stand."""

    votes: tuple[Vote, ...]


class Counted(NamedTuple):
    """The event counts; `text` says what it led to."""

    text: str


class NotCounted(NamedTuple):
    """It doesn't; `text` tells the person why."""

    text: str


Event = Clicked | Edited | Over | FellAway
Outcome = Counted | NotCounted


def decide(approval: Approval, event: Event) -> tuple[Approval, Outcome]:
    """What *event* makes of *approval*. One that does not count leaves it as it is."""
    match event:
        case Clicked():
            return _clicked(approval, event)
        case Edited():
            return _edited(approval, event)
        case Over():
            return _over(approval, event)
        case FellAway(votes):
            if approval.state.ended:
                return approval, NotCounted(words.DECIDED[approval.state])
            # Who gave a vote that still stands can't give it again: where those suffice, there is nothing to ask.
            enough = short_of(approval, votes) <= 0
            state = ApprovalState.QUORUM if enough else ApprovalState.OPEN
            update = {"votes": votes, "state": state, "held": ""}
            text = words.OTHERS_SUFFICE if enough else words.OPEN_AGAIN
            return approval.model_copy(update=update), Counted(text)


def _clicked(approval: Approval, event: Clicked) -> tuple[Approval, Outcome]:
    decision = event.decision
    refusal = (
        _closed(approval, decision, event.now)
        or _not_to_be_approved(approval, decision)
        or (_no_emergency if decision.break_glass else ineligible)(approval, event.facts)
        or _voted(approval, decision)
    )
    if refusal:
        return approval, NotCounted(refusal)
    vote = Vote(
        person=decision.by,
        approve=decision.approve,
        reason=decision.reason,
        clicked_at=decision.clicked_at,
        facts=event.facts,
        break_glass=decision.break_glass,
    )
    # A vote takes the place of the same person's, but not one alone that of theirs among others: each may fall away.
    kind = (vote.person.user, vote.break_glass)
    votes = (*(known for known in approval.votes if (known.person.user, known.break_glass) != kind), vote)
    if not decision.approve:
        why = words.REJECTED_WITH.format(reason=decision.reason) if decision.reason else "rejected"
        update = {
            "votes": votes,
            "state": ApprovalState.REJECTED,
            "ended_at": decision.clicked_at,
            "why": why,
            "held": "",
        }
        return approval.model_copy(update=update), Counted(words.REJECTED)
    voted = approval.model_copy(update={"votes": votes})
    missing = short_of(voted, votes)
    if missing > 0:
        return voted, Counted(words.APPROVED_MORE_TO_GO.format(missing=missing))
    return voted.model_copy(update={"state": ApprovalState.QUORUM}), Counted(words.APPROVED)


def _closed(approval: Approval, said: Decide | Edit, now: datetime) -> str:
    """Is it about what is open now, and in time?"""
    if said.gate != approval.gate:
        return words.REPLACED
    if approval.state.ended:
        return words.DECIDED[approval.state]
    # A no is never too late for what enough people have approved and is not yet applied.
    no = isinstance(said, Decide) and not said.approve and approval.state is ApprovalState.QUORUM
    if approval.deadline is not None and said.clicked_at >= approval.deadline and not no:
        return words.DECIDED[ApprovalState.EXPIRED]
    if said.clicked_at > now + SKEW:
        return words.CLOCK_AHEAD
    return ""


def _not_to_be_approved(approval: Approval, decision: Decide) -> str:
    if not decision.approve:
        return ""
    if approval.state is ApprovalState.QUORUM and not (decision.break_glass and approval.held):
        return words.ENOUGH_APPROVED
    if not approval.shown.complete:
        return words.NOT_SHOWN_WHOLE
    return ""


def ineligible(approval: Approval, facts: PersonFacts) -> str:
    """Why this person may not decide; empty when they may."""
    rule = approval.rule
    if stranger := _not_a_member(approval, facts):
        return stranger
    if not rule.approvers:
        return words.NO_APPROVERS
    # By user id alone: on Enterprise Grid the same person comes with different teams.
    if rule.four_eyes and facts.person.user in {person.user for person in approval.requesters}:
        return words.FOUR_EYES
    if not rule.approvers.includes(facts):
        return words.NOT_AN_APPROVER
    return ""


def _no_emergency(approval: Approval, facts: PersonFacts) -> str:
    """Why this person may not approve alone. A rule of its own: approvers and four-eyes are not its matter."""
    named = approval.rule.break_glass
    if stranger := _not_a_member(approval, facts):
        return stranger
    if named is None or not named.people.includes(facts):
        return words.NOT_FOR_EMERGENCIES
    return ""


def may_vote(approval: Approval, vote: Vote, facts: PersonFacts) -> bool:
    """Does this vote still stand, for who its person is now?"""
    return not (_no_emergency if vote.break_glass else ineligible)(approval, facts)


def _not_a_member(approval: Approval, facts: PersonFacts) -> str:
    if facts.person.team != approval.home_team or facts.standing is Standing.OUTSIDER:
        return words.OUTSIDER_DECIDES
    if facts.standing is not Standing.MEMBER:
        return words.ACCOUNT_DECIDES.format(standing=facts.standing.value)
    return ""


def _voted(approval: Approval, decision: Decide) -> str:
    if decision.break_glass and not (decision.reason.strip() and decision.approve):
        return words.EMERGENCY_NEEDS_REASON
    if decision.break_glass and emergencies(approval):
        return words.EMERGENCY_ALREADY
    same = (decision.by.user, decision.approve, decision.break_glass)
    if any((vote.person.user, vote.approve, vote.break_glass) == same for vote in approval.votes):
        return words.ALREADY_VOTED
    return ""


def emergencies(approval: Approval) -> tuple[Vote, ...]:
    """Votes of people who approved alone."""
    return tuple(vote for vote in approval.votes if vote.break_glass)


def short_of(approval: Approval, votes: Sequence[Vote]) -> int:
    """How many more people have to approve, with *votes*; one emergency vote is enough."""
    if any(vote.break_glass for vote in votes):
        return 0
    return approval.rule.quorum - len({vote.person.user for vote in votes if vote.approve})


def _edited(approval: Approval, event: Edited) -> tuple[Approval, Outcome]:
    refusal = _closed(approval, event.edit, event.now) or _may_not_edit(approval, event)
    if refusal:
        return approval, NotCounted(refusal)
    return _over(approval, Over(ApprovalState.SUPERSEDED, words.EDITED, event.now))


def _may_not_edit(approval: Approval, event: Edited) -> str:
    facts = event.facts
    asked = facts.person.user in {person.user for person in approval.requesters}
    if stranger := _not_a_member(approval, facts):
        return stranger
    if not asked and not approval.rule.approvers.includes(facts):
        return words.NOT_AN_EDITOR
    try:
        wanted = parse(event.edit.arguments)
    except NotCanonical as error:
        return words.EDIT_UNREADABLE.format(why=error)
    without = event.edit.without
    if not isinstance(wanted, dict) or not (wanted or without):
        return words.EDIT_EMPTY
    try:
        with_edit(approval.effect.call, wanted, without)
    except NotCanonical as error:
        return words.EDIT_UNSENDABLE.format(why=error)
    return _locked(approval, [*wanted, *without])


def with_edit(call: Call, wanted: dict[str, Json], without: Sequence[str] = ()) -> CanonicalJson:
    """The arguments of *call* with some of them changed, and some left out. Raises `NotCanonical`."""
    changed = {**parse(call.arguments), **wanted}
    return canonical({name: value for name, value in changed.items() if name not in without})


def _locked(approval: Approval, named: Sequence[str]) -> str:
    locked = [name for name in named if name in approval.shown.locked]
    return words.EDIT_MASKED.format(name=locked[0]) if locked else ""


def _over(approval: Approval, event: Over) -> tuple[Approval, Outcome]:
    """One that ended stays as it ended."""
    if approval.state.ended:
        return approval, NotCounted(words.DECIDED[approval.state])
    update = {"state": event.state, "why": event.why, "ended_at": event.now, "held": ""}
    return approval.model_copy(update=update), Counted(event.why)
