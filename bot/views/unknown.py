"""The card under a change that may have happened: what was sent, when, where to look, and three buttons."""

from workflows.rules.visible import visible
from workflows.values.signals import Said
from workflows.values.view import ApprovalView, UnknownOutcome

from .. import words
from ..words import private
from .blocks import (
    Block,
    Message,
    actions,
    button,
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
from .fields import argument_fields, argument_text, block
from .refs import ApprovalRef, UnknownRef
from .text import code, escaped, moment, one_line, shortened, user

TEXT = 1500


def unknown_card(run_id: str, unknown: UnknownOutcome, approval: ApprovalView | None = None) -> Message:
    """*approval*: what was approved of it, for whoever may see what is kept out of the thread."""
    if unknown.discreet:
        kept = private.WERE_KEPT_OUT if approval is None else private.SENT_KEPT_OUT
        told = unknown.model_copy(update={"text": ""})
        return _card(run_id, told, [rich(line(run_of(kept, italic=True)))], approval)
    whole = _card(run_id, unknown, block(argument_fields(unknown.arguments)))
    if fits(whole.blocks):
        return whole
    excerpt = shortened(argument_text(unknown.arguments), TEXT, "all of it on the approval card")
    return _card(run_id, unknown, [rich(preformatted(excerpt))])


def _card(
    run_id: str, unknown: UnknownOutcome, sent: list[Block], approval: ApprovalView | None = None
) -> Message:
    tool, target = shortened(one_line(unknown.tool), 300), shortened(one_line(unknown.target), 500)
    return message(
        f"{words.MAY_HAVE_HAPPENED}: {escaped(tool)} on {escaped(target)}. {_ended(unknown) or words.UNKNOWN_TEXT}",
        header(f"{words.MAY_HAVE_HAPPENED}: {tool} on {target}"),
        section(f"{words.UNKNOWN_TEXT} {words.SENT}{moment(unknown.sent_at, ', ')}, to {code(target)}:"),
        *sent,
        *_said(words.WHAT_CAME_OF_IT, unknown.text),
        *_said(words.WHERE_TO_LOOK, unknown.where_to_look),
        context(f"{words.ITS_KEY}: {code(unknown.effect)}"),
        _buttons(run_id, unknown, approval),
    )


def _said(label: str, text: str) -> list[Block]:
    if not text.strip():
        return []
    return [rich(line(run_of(f"{label}:", bold=True)), quote(shortened(visible(text), TEXT)))]


def _ended(unknown: UnknownOutcome) -> str:
    if not unknown.said:
        return ""
    by = f"{user(unknown.said_by.user)} said: " if unknown.said_by is not None else "Settled: "
    reason = f" Reason: {escaped(shortened(one_line(unknown.reason), 500))}." if unknown.reason else ""
    return f"{by}{escaped(one_line(unknown.said))}.{reason}"


def _buttons(run_id: str, unknown: UnknownOutcome, approval: ApprovalView | None) -> Block:
    if unknown.said:
        return context(f"*{_ended(unknown)}*")
    what = shortened(one_line(f"{unknown.tool} on {unknown.target}"), 250)
    value = UnknownRef(run=run_id, effect=unknown.effect, what=what).packed()
    about = ApprovalRef(run=run_id, approval=approval.id, gate=approval.gate) if approval else None
    return actions(
        *([button("details", words.DETAILS, about.packed())] if about else []),
        button(f"resolve_{Said.HAPPENED.value}", words.HAPPENED, value),
        button(f"resolve_{Said.DID_NOT.value}", words.DID_NOT, value),
        button(f"resolve_{Said.STOP.value}", words.STOP, value, "danger"),
    )
