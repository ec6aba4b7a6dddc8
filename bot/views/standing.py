"""Where an approval stands: who may decide, who has, and after its end how, who, when and why."""

from collections.abc import Sequence

from workflows.values.approval import ApprovalState, Vote
from workflows.values.people import People
from workflows.values.spec import RuleKind
from workflows.values.view import ApprovalView

from .. import words
from ..words import private
from .blocks import Block, bullets, line, person, run_of, usergroup, when
from .text import mentions, moment, one_line, shortened

MOST_VOTES = 30
REASONS = 3000
"""Characters for the reasons of all votes of a card."""


def may_decide(approval: ApprovalView) -> People:
    """The approvers, without those who asked for the change themselves."""
    asked = {each.user for each in approval.requesters} if approval.rule.four_eyes else set()
    people = approval.rule.approvers
    return People(users=tuple(each for each in people.users if each not in asked), groups=people.groups)


def who_may(approval: ApprovalView, most: int = 20) -> str:
    """In mrkdwn. The same for all changes that the same people may decide on until the same time."""
    rule = approval.rule
    if not rule.approvers:
        return words.NOBODY_MAY
    people = may_decide(approval)
    if not people:
        return words.NOBODY_ELSE
    by = f" {moment(approval.deadline, 'Decide by ')}." if approval.deadline else ""
    return f"{mentions(people, most)} may decide.{by} {words.FOUR_EYES if rule.four_eyes else ''}".strip()


def progress(approval: ApprovalView) -> str:
    """How many of a quorum there are; empty where one is enough."""
    if approval.rule.quorum < 2:
        return ""
    approved = len({vote.person.user for vote in approval.votes if vote.approve})
    return f"{approved} of {approval.rule.quorum} approved so far."


def not_here(approval: ApprovalView, *, kept: bool) -> str:
    """Why it can't be approved where it stands. *kept*: what it is about is kept out of there."""
    if not approval.shown.complete:
        return words.NEVER_WHOLE
    return private.APPROVE_FROM_DETAILS if kept else words.NOT_WHOLE


def why(approval: ApprovalView, limit: int = 1000) -> str:
    """What its end means, and the reason: plain text, in part untrusted."""
    means = words.APPROVAL_MEANS.get(approval.state, "")
    if approval.rule.discreet and approval.state is ApprovalState.SUPERSEDED:
        return means  # it may quote the tool
    if approval.rule.discreet and approval.state is ApprovalState.APPROVED:
        means = private.APPLIED_AS_SHOWN_TO_THEM
    reason = one_line(approval.why)
    if approval.state is ApprovalState.REJECTED or not reason:
        by = next((vote for vote in reversed(approval.votes) if not vote.approve), None)
        reason = one_line(by.reason) if by is not None else ""
    return f"{means} Reason: {shortened(reason, limit)}." if reason else means


def would_ask(approval: ApprovalView, most: int = 20) -> list[Block]:
    """Of what is only planned: whom its rule would have asked. Nothing for any other."""
    rule = approval.rule
    if approval.state is not ApprovalState.PLANNED:
        return []
    name = f"“{shortened(one_line(rule.name), 200)}”"
    people = may_decide(approval)
    if rule.then is RuleKind.ALLOW:
        return [line(run_of(words.WOULD_NOT_ASK.format(rule=name)))]
    if not people:
        return [line(run_of(words.NOBODY_ELSE if rule.approvers else words.WOULD_ASK_NOBODY))]
    named = [*(person(each) for each in people.users), *(usergroup(each) for each in people.groups)]
    more = [run_of(f" and {len(named) - most} more")] if len(named) > most else []
    listed = [part for each in named[:most] for part in (run_of(", "), each)][1:]
    return [line(run_of(words.WOULD_ASK.format(rule=name)), *listed, *more, run_of("."))]


def votes(given: Sequence[Vote], budget: int = REASONS, most: int = MOST_VOTES) -> list[Block]:
    """One line a vote, their reasons within *budget* characters together; nothing where nobody has voted."""
    if not given:
        return []
    shown = given[-most:]
    limit = min(500, max(40, budget // len(shown)))
    items = [_vote(each, limit) for each in shown]
    if len(given) > len(shown):
        items.insert(0, [run_of(f"{len(given) - len(shown)} earlier ones")])
    return [bullets(*items)]


def _vote(vote: Vote, limit: int) -> list[Block]:
    what = "approved" if vote.approve else "rejected"
    said = words.APPROVED_ALONE if vote.break_glass else what
    reason = [run_of(f": {shortened(one_line(vote.reason), limit)}")] if vote.reason else []
    return [person(vote.person.user), run_of(f" {said}"), when(vote.clicked_at, ", "), *reason]
