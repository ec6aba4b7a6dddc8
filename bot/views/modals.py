"""Dialogs: the details of a change, whole, in pages; and the reason for a rejection or for one's word."""

import json
from typing import Any

from workflows.values.approval import Approval, ApprovalState
from workflows.values.signals import Said

from .. import words
from .approval import fits_on_card, title
from .blocks import (
    Block,
    actions,
    button,
    chunks,
    context,
    header,
    line,
    plain,
    preformatted,
    rich,
    run_of,
    section,
)
from .fields import argument_text, shown_text
from .refs import METADATA_LIMIT, PageRef, ReasonRef, Ref
from .text import one_line

View = dict[str, Any]

REASON_LIMIT = 2000
"""Characters of a reason; a plain_text_input takes 3,000."""
PAGE_BLOCKS = 80
"""A modal takes 100 blocks: docs.slack.dev/reference/views."""
PAGE_BYTES = 150_000
"""Of a page's text as JSON; a view takes 250 kB."""
REASON_BLOCK, REASON_INPUT = "reason", "reason"


def modal(callback: str, name: str, about: Ref | None, blocks: list[Block], submit: str = "") -> View:
    metadata = about.packed() if about is not None else ""
    assert len(metadata) <= METADATA_LIMIT
    made: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(name),
        "close": plain(words.CLOSE),
        "private_metadata": metadata,
        "blocks": blocks,
    }
    if submit:
        made["submit"] = plain(submit)
    return made


def loading() -> View:
    return modal("details", words.DETAILS_TITLE, None, [section(words.LOADING)])


def said_modal(text: str) -> View:
    """A sentence in place of what could not be shown."""
    return modal("details", words.DETAILS_TITLE, None, [section(text)])


def reject_modal(about: ReasonRef) -> View:
    return modal("reject", words.REJECT_TITLE, about, [_reason(words.WHY_REJECT)], words.REJECT)


def resolve_modal(about: ReasonRef, said: Said) -> View:
    label = {Said.HAPPENED: words.HAPPENED, Said.DID_NOT: words.DID_NOT, Said.STOP: words.STOP}[said]
    return modal(
        "resolve", words.RESOLVE_TITLE, about, [section(f"*{label}*"), _reason(words.WHY_SAID)], words.SEND
    )


def _reason(hint: str) -> Block:
    entry = {
        "type": "plain_text_input",
        "action_id": REASON_INPUT,
        "multiline": True,
        "min_length": 1,
        "max_length": REASON_LIMIT,
    }
    label, hint_text = plain(words.REASON), plain(hint)
    return {"type": "input", "block_id": REASON_BLOCK, "label": label, "hint": hint_text, "element": entry}


def details_modal(approval: Approval, at: PageRef) -> View:
    """One page of everything. Where a card is too small for the change, the last page has the Approve."""
    pages = _pages(approval)
    number = min(max(at.page, 0), len(pages) - 1)
    at = at.model_copy(update={"page": number})
    last = number == len(pages) - 1
    blocks = [header(title(approval)), context(_length(approval, number, len(pages))), *pages[number]]
    blocks += _turning(at, len(pages))
    return modal(
        "approve", words.DETAILS_TITLE, at, blocks, words.APPROVE if last and _offers(approval, at) else ""
    )


def _offers(approval: Approval, at: PageRef) -> bool:
    return (
        approval.state is ApprovalState.OPEN
        and approval.shown.complete
        and approval.gate == at.gate
        and not fits_on_card(at.run, approval)
    )


def parts(approval: Approval) -> list[tuple[str, str]]:
    """All there is to see, as (label, text)."""
    made = [(words.ARGUMENTS, argument_text(approval.effect.call.arguments))]
    if approval.before is not None:
        made.append((words.PREVIEW_BEFORE, shown_text(approval.before)))
    if approval.shown.by_tool:
        made.append((words.PREVIEW_NOW if approval.before else words.PREVIEW, shown_text(approval.shown)))
    return made


def _length(approval: Approval, number: int, pages: int) -> str:
    length = sum(len(text) for _, text in parts(approval))
    own = "" if approval.shown.by_tool else f" {words.ITS_OWN_PREVIEW}"
    whole = "" if approval.shown.complete else f" {words.NEVER_WHOLE}"
    return f"Page {number + 1} of {pages}, {length:,} characters in all.{own}{whole}"


def _pages(approval: Approval) -> list[list[Block]]:
    pages: list[list[Block]] = [[]]
    weight = 0
    for label, text in parts(approval):
        pieces = chunks(text) or [" "]
        for piece_number, piece in enumerate(pieces, 1):
            counted = f" ({piece_number} of {len(pieces)})" if len(pieces) > 1 else ""
            made = rich(line(run_of(f"{label}{counted}", bold=True)), preformatted(piece))
            heavy = len(json.dumps(made))
            if pages[-1] and (len(pages[-1]) >= PAGE_BLOCKS or weight + heavy > PAGE_BYTES):
                pages.append([])
                weight = 0
            pages[-1].append(made)
            weight += heavy
    return pages


def _turning(at: PageRef, pages: int) -> list[Block]:
    buttons = []
    if at.page > 0:
        buttons.append(_turn("details_previous", words.PREVIOUS_PAGE, at, at.page - 1))
    if at.page < pages - 1:
        buttons.append(_turn("details_next", words.NEXT_PAGE, at, at.page + 1))
    return [actions(*buttons)] if buttons else []


def _turn(action: str, label: str, at: PageRef, page: int) -> Block:
    return button(action, one_line(label), at.model_copy(update={"page": page}).packed())
