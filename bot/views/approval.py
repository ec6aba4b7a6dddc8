"""The approval card: the change in full, who may decide, and what they said."""

from workflows.values.approval import ApprovalState
from workflows.values.view import ApprovalView

from .. import words
from .blocks import (
    HOPELESS,
    Block,
    Message,
    actions,
    context,
    fits,
    header,
    line,
    message,
    rich,
    run_of,
    section,
    when,
)
from .change import (
    claim,
    excerpt,
    facts,
    in_short,
    kept_out,
    length,
    notes,
    parts,
    title,
    whole_arguments,
    whole_preview,
)
from .deciding import buttons
from .fields import block
from .standing import not_here, progress, votes, who_may, why, would_ask
from .text import code, escaped, moment, shortened

CLAIM = 1500


def approval_card(run_id: str, approval: ApprovalView, *, private: bool = False) -> Message:
    """Whole, or without Approve: what a card can't show in full can't be approved on it.

    *private*: only somebody who may see it does, so a discreet rule hides nothing.
    """
    if approval.rule.discreet and not private:
        told = approval.model_copy(update={"claim": ""})
        return _card(run_id, told, [rich(*kept_out(approval))], approvable=False, kept=True)
    said = parts(approval)
    if length(said) <= HOPELESS:
        card = _card(
            run_id,
            approval,
            [*block(whole_arguments(approval)), *block(whole_preview(approval))],
            approvable=approval.shown.complete,
        )
        if fits(card.blocks):
            return card
    return _card(run_id, approval, block(excerpt(said)), approvable=False)


def _card(
    run_id: str, approval: ApprovalView, content: list[Block], *, approvable: bool, kept: bool = False
) -> Message:
    return message(
        fallback(approval),
        header(f"{words.APPROVAL[approval.state]}: {title(approval)}"),
        _rich(notes(approval)),
        rich(*facts(approval)),
        *content,
        _rich(claim(approval, CLAIM)),
        *_standing(approval, "" if approvable else not_here(approval, kept=kept)),
        *_decide(run_id, approval, approvable=approvable),
    )


def fallback(approval: ApprovalView) -> str:
    said = f"{words.APPROVAL[approval.state]}: {escaped(in_short(approval))}."
    return f"{said} {escaped(why(approval))}".strip() if approval.state.ended else said


def _rich(lines: list[Block]) -> Block | None:
    return rich(*lines) if lines else None


def _standing(approval: ApprovalView, bound: str) -> list[Block]:
    """Who may decide and who has; after the end: how, who, when, why. *bound*: why it can't be approved here."""
    voted = votes(approval.votes)
    if approval.state.ended:
        at = [when(approval.ended_at, ", ")] if approval.ended_at else []
        how = run_of(words.APPROVAL[approval.state], bold=True)
        return [rich(line(how, *at, run_of(f". {why(approval)}")), *would_ask(approval), *voted)]
    said = (
        words.APPROVAL_MEANS[approval.state]
        if approval.state is ApprovalState.QUORUM
        else f"{who_may(approval)} {progress(approval)}".strip()
    )
    return [
        *([section(f"*{bound}*")] if bound else []),
        section(said),
        *([rich(*voted)] if voted else []),
    ]


def _decide(run_id: str, approval: ApprovalView, *, approvable: bool) -> list[Block]:
    row = buttons(run_id, approval, approvable=approvable)
    if not row:
        return []
    if approval.state.ended:
        return [actions(*row)]
    rule = context(
        f"Rule: {code(shortened(approval.rule.name, 200))}. {moment(approval.opened_at, 'Asked ')}."
    )
    return [rule, actions(*row)]
