"""The approval card: the change in full, who may decide, and what they said."""

from workflows.values.approval import Approval, ApprovalState, Vote
from workflows.values.people import People

from .. import words
from .blocks import (
    Block,
    Message,
    actions,
    bullets,
    button,
    confirm,
    context,
    fits,
    header,
    line,
    message,
    preformatted,
    quote,
    rich,
    run_of,
    section,
)
from .fields import argument_fields, argument_text, block, shown_fields, shown_text
from .refs import ApprovalRef
from .text import code, escaped, mentions, moment, one_line, shortened, visible

EXCERPT = 1500
"""Characters of each part that a card shows of a change too big for it."""
CLAIM = 1500


def approval_card(run_id: str, approval: Approval) -> Message:
    """Whole, or without Approve: what a card can't show in full can't be approved on it."""
    whole = _card(run_id, approval, _content(approval), approvable=approval.shown.complete)
    return whole if fits(whole.blocks) else _card(run_id, approval, _excerpt(approval), approvable=False)


def fits_on_card(run_id: str, approval: Approval) -> bool:
    return fits(_card(run_id, approval, _content(approval), approvable=True).blocks)


def _card(run_id: str, approval: Approval, content: list[Block], *, approvable: bool) -> Message:
    return message(
        fallback(approval),
        header(f"{words.APPROVAL[approval.state]}: {one_line(title(approval))}"),
        *(
            [section(f"*{words.DRIFTED}*")]
            if approval.before is not None and not approval.state.ended
            else []
        ),
        _facts(approval),
        *content,
        _claim(approval),
        *_standing(approval),
        *([] if approval.state.ended else _open(run_id, approval, approvable=approvable)),
    )


def title(approval: Approval) -> str:
    return f"{approval.effect.contract.name} on {approval.effect.target}"


def fallback(approval: Approval) -> str:
    said = f"{words.APPROVAL[approval.state]}: {escaped(shortened(one_line(title(approval)), 500))}."
    return f"{said} {_why(approval)}".strip() if approval.state.ended else said


def _facts(approval: Approval) -> Block:
    effect = approval.effect
    rows = [("Target", effect.target), ("Environment", effect.environment), ("Tool", effect.contract.name)]
    return rich(
        *(
            line(run_of(f"{name}: ", bold=True), run_of(shortened(one_line(value), 500), code=True))
            for name, value in rows
            if value
        )
    )


def _label(text: str) -> Block:
    return line(run_of(text, bold=True))


def _content(approval: Approval) -> list[Block]:
    """Arguments and preview, all of them; both previews after a drift."""
    made = block([_label(words.ARGUMENTS), *argument_fields(approval.effect.call.arguments)])
    if approval.before is not None:
        made += block([_label(words.PREVIEW_BEFORE), *shown_fields(approval.before)])
        return [*made, *block([_label(words.PREVIEW_NOW), *shown_fields(approval.shown)])]
    if not approval.shown.by_tool:
        return [*made, context(words.ITS_OWN_PREVIEW)]
    return [*made, *block([_label(words.PREVIEW), *shown_fields(approval.shown)])]


def _excerpt(approval: Approval) -> list[Block]:
    parts = [(words.ARGUMENTS, argument_text(approval.effect.call.arguments))]
    if approval.before is not None:
        parts.append((words.PREVIEW_BEFORE, shown_text(approval.before)))
    if approval.shown.by_tool:
        parts.append((words.PREVIEW, shown_text(approval.shown)))
    made = [
        rich(_label(name), preformatted(shortened(text, EXCERPT, "open Details"))) for name, text in parts
    ]
    return made if approval.state.ended else [*made, section(f"*{words.NOT_WHOLE}*")]


def _claim(approval: Approval) -> Block | None:
    reason = approval.effect.call.reason.strip()
    if not reason:
        return None
    return rich(_label(f"{words.CLAIM}:"), quote(shortened(visible(reason), CLAIM)))


def _standing(approval: Approval) -> list[Block]:
    """Who may decide and who has; after the end: how, who, when, why."""
    voted = [rich(bullets(*(_vote(vote) for vote in approval.votes)))] if approval.votes else []
    if approval.state.ended:
        ended = f" {moment(approval.ended_at)}." if approval.ended_at else ""
        return [section(f"*{words.APPROVAL[approval.state]}*{ended} {_why(approval)}"), *voted]
    if approval.state is ApprovalState.QUORUM:
        return [section(words.APPROVAL_MEANS[approval.state]), *voted]
    return [section(_who_may(approval)), *voted]


def _why(approval: Approval) -> str:
    means = words.APPROVAL_MEANS.get(approval.state, "")
    reason = escaped(shortened(one_line(approval.why), 1000))
    if approval.state is ApprovalState.REJECTED or not reason:
        by = next((vote for vote in reversed(approval.votes) if not vote.approve), None)
        said = (
            f" Reason: {escaped(shortened(one_line(by.reason), 1000))}."
            if by is not None and by.reason
            else ""
        )
        return f"{means}{said}"
    return f"{means} Reason: {reason}."


def _vote(vote: Vote) -> list[Block]:
    what = "approved" if vote.approve else "rejected"
    reason = [run_of(f": {shortened(one_line(vote.reason), 500)}")] if vote.reason else []
    at = {
        "type": "date",
        "timestamp": int(vote.clicked_at.timestamp()),
        "format": "{date_short_pretty} at {time}",
        "fallback": f"{vote.clicked_at:%Y-%m-%d %H:%M %Z}",
    }
    return [{"type": "user", "user_id": vote.person.user}, run_of(f" {what}, "), at, *reason]


def _who_may(approval: Approval) -> str:
    rule = approval.rule
    if not rule.approvers:
        return words.NOBODY_MAY
    people = may_decide(approval)
    if not people:
        return words.NOBODY_ELSE
    approved = sum(vote.approve for vote in approval.votes)
    count = f" {approved} of {rule.quorum} approved so far." if rule.quorum > 1 else ""
    by = f" Decide by {moment(approval.deadline)}." if approval.deadline else ""
    return f"{mentions(people)} may decide.{count}{by} {words.FOUR_EYES if rule.four_eyes else ''}".strip()


def may_decide(approval: Approval) -> People:
    """The approvers, without those who asked for the change themselves."""
    asked = {person.user for person in approval.requesters} if approval.rule.four_eyes else set()
    people = approval.rule.approvers
    return People(users=tuple(user for user in people.users if user not in asked), groups=people.groups)


def _open(run_id: str, approval: Approval, *, approvable: bool) -> list[Block]:
    value = ApprovalRef(run=run_id, approval=approval.id, gate=approval.gate).packed()
    target = shortened(one_line(title(approval)), 250)
    ask = (
        confirm(words.APPROVE_TITLE, target, words.YES_APPROVE, words.NOT_YET)
        if approval.rule.dangerous
        else None
    )
    buttons = [
        button("reject", words.REJECT, value, "danger"),
        button("details", words.DETAILS, value),
    ]
    rule = context(f"Rule: {code(shortened(approval.rule.name, 200))}. Asked {moment(approval.opened_at)}.")
    if approval.state is ApprovalState.QUORUM:
        return [rule, actions(*buttons)]
    if not approval.shown.complete:
        return [section(f"*{words.NEVER_WHOLE}*"), rule, actions(*buttons)]
    if approvable:
        buttons.insert(0, button("approve", words.APPROVE, value, "primary", ask))
    return [rule, actions(*buttons)]
