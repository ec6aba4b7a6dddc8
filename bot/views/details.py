"""The details of a change: all there is to see of it, as its card shows it, or as text in pages of a dialog."""

import json

from workflows.rules.visible import visible
from workflows.values.approval import ApprovalState
from workflows.values.people import Person
from workflows.values.view import ApprovalView

from .. import words
from .blocks import (
    DIVIDER,
    ELEMENT_LIMIT,
    MESSAGE_LIMIT,
    Block,
    actions,
    button,
    chunks,
    context,
    header,
    preformatted,
    rich,
)
from .change import (
    Parts,
    claim,
    label,
    length,
    notes,
    parts,
    title,
    what_changed,
    whole_arguments,
    whole_preview,
)
from .deciding import ask_once_more, break_glass
from .diffs import is_diff
from .fields import block
from .modals import PAGE_BLOCKS, PAGE_BYTES, View, modal
from .refs import PageRef
from .text import one_line


def details_modal(approval: ApprovalView, at: PageRef, reader: Person | None = None) -> View:
    """One page of everything. Where its card has no Approve for a change, the last page has it.

    Not for a *reader* whose approval could only be refused; whether anybody else's counts, the run judges.
    """
    drawn = _as_on_card(approval)
    pages = [drawn] if drawn else _in_text(approval)
    number = min(max(at.page, 0), len(pages) - 1)
    at = at.model_copy(update={"page": number})
    offered = number == len(pages) - 1 and _offers(approval, at)
    said = notes(approval)
    blocks = [
        header(title(approval)),
        *([context(about)] if (about := _about(approval, number, len(pages), in_text=not drawn)) else []),
        *([rich(*said)] if said else []),
        *pages[number],
    ]
    own = approval.rule.four_eyes and reader in approval.requesters
    votes = offered and approval.state is ApprovalState.OPEN and not own
    sure = ask_once_more([approval])
    # What sends a dialog can't ask once more; a button in it can.
    asks = [button("approve", words.APPROVE, at.packed(), "primary", sure)] if votes and sure else []
    row = [*_turning(at, len(pages)), *asks, *(break_glass(at.run, approval) if offered else [])]
    submit = words.APPROVE if votes and not sure else ""
    return modal(
        "approve", words.DETAILS_TITLE, at, [*blocks, *([actions(*row)] if row else [])], submit=submit
    )


def _offers(approval: ApprovalView, at: PageRef) -> bool:
    return not approval.state.ended and approval.shown.complete and approval.gate == at.gate and at.offer


def everything(approval: ApprovalView) -> Parts:
    """The planner's reason, then all that would be sent and all that the tool said of it."""
    reason = approval.claim.strip()
    return [*([(words.CLAIM, visible(reason))] if reason else []), *parts(approval)]


def _about(approval: ApprovalView, number: int, pages: int, *, in_text: bool) -> str:
    page = f"Page {number + 1} of {pages}, {length(everything(approval)):,} characters in all."
    said = [page] if pages > 1 else []
    said += [words.ITS_OWN_PREVIEW] if in_text and not approval.shown.by_tool else []
    said += [] if approval.shown.complete else [words.NEVER_WHOLE]
    return " ".join(said)


def _as_on_card(approval: ApprovalView) -> list[Block]:
    """First what changed, then the whole; nothing where that is more than a page, or than is read field by field."""
    before, shown = approval.before, approval.shown
    long = length(everything(approval)) > MESSAGE_LIMIT or len(visible(approval.claim)) > ELEMENT_LIMIT
    # Of a preview that there is no more, fields say nothing.
    if long or (before is not None and before.by_tool != shown.by_tool):
        return []
    changed = block(what_changed(approval))
    whole = [*whole_arguments(approval), *whole_preview(approval), *claim(approval, ELEMENT_LIMIT)]
    made = [*changed, *([DIVIDER] if changed else []), *block(whole)]
    return made if len(made) <= PAGE_BLOCKS and len(json.dumps(made)) <= PAGE_BYTES else []


def _in_text(approval: ApprovalView) -> list[list[Block]]:
    pages: list[list[Block]] = [[]]
    weight = 0
    for name, text in everything(approval):
        pieces, language = chunks(text) or [" "], "diff" if is_diff(text) else ""
        for piece_number, piece in enumerate(pieces, 1):
            counted = f" ({piece_number} of {len(pieces)})" if len(pieces) > 1 else ""
            made = rich(label(f"{name}{counted}"), preformatted(piece, language))
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
    return buttons


def _turn(action: str, name: str, at: PageRef, page: int) -> Block:
    return button(action, one_line(name), at.model_copy(update={"page": page}).packed())
