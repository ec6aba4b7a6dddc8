"""What a change would do: the lines of which its card, a card it shares and its Details are made."""

from workflows.rules.canonical import canonical
from workflows.rules.visible import visible
from workflows.values.approval import ApprovalState, Shown
from workflows.values.view import ApprovalView

from .. import words
from .blocks import Block, line, person, preformatted, quote, run_of
from .fields import argument_fields, argument_text, shown_fields, shown_text
from .text import one_line, shortened

Parts = list[tuple[str, str]]
"""Labels and texts."""
EXCERPT = 1500
"""Characters of each part that a card shows of a change too big for it."""


def title(approval: ApprovalView) -> str:
    return f"{approval.tool} on {approval.target}"


def facts(approval: ApprovalView) -> list[Block]:
    rows = [("Target", approval.target), ("Environment", approval.environment), ("Tool", approval.tool)]
    return [
        line(run_of(f"{name}: ", bold=True), run_of(shortened(one_line(value), 500), code=True))
        for name, value in rows
        if value
    ]


def kept_out(approval: ApprovalView) -> list[Block]:
    """In place of what a discreet rule keeps out of the thread: where it is shown, and to whom."""
    if approval.state.ended and approval.state is not ApprovalState.PLANNED:
        return [line(run_of(words.WERE_KEPT_OUT, italic=True))]
    return [line(run_of(words.KEPT_OUT, italic=True))]


def label(text: str) -> Block:
    return line(run_of(text, bold=True))


def was_edited(approval: ApprovalView) -> bool:
    """Since people saw it last: what is before them are other arguments, not another preview of the same."""
    return approval.before is not None and approval.before.arguments != approval.shown.arguments


def sent(shown: Shown) -> str:
    """The arguments, and in a call that is its own preview also `{key}` where our key will stand."""
    return shown.arguments if shown.by_tool or shown.content is None else canonical(shown.content)


def notes(approval: ApprovalView, limit: int = 1000) -> list[Block]:
    """What our own words have to say of it; nothing when there is nothing to say."""
    made = []
    if approval.before is not None and not approval.state.ended:
        made.append(label(words.EDITED if was_edited(approval) else words.DRIFTED))
    if approval.editors:
        by = [part for who in approval.editors for part in (run_of(", "), person(who.user))][1:]
        made.append(line(run_of(words.EDITED_BY), *by, run_of(words.EDITOR_ASKED)))
    if approval.held and not approval.state.ended:
        made.append(
            line(run_of(f"{words.HELD}: ", bold=True), run_of(shortened(one_line(approval.held), limit)))
        )
    if approval.shown.masked:
        made.append(line(run_of(words.MASKED, italic=True)))
    return made


def whole(approval: ApprovalView) -> list[Block]:
    """Arguments and preview, all of them; both versions after a drift or an edit."""
    shown, before = approval.shown, approval.before
    made: list[Block] = []
    if before is not None and was_edited(approval):
        made += [label(words.ARGUMENTS_BEFORE), *argument_fields(sent(before))]
        made += [label(words.ARGUMENTS_NOW), *argument_fields(sent(shown))]
    else:
        made += [label(words.ARGUMENTS), *argument_fields(sent(shown))]
    if before is not None and before.by_tool:
        made += [label(words.PREVIEW_BEFORE), *shown_fields(before)]
    if not shown.by_tool:
        return [*made, line(run_of(words.ITS_OWN_PREVIEW, italic=True))]
    return [*made, label(_preview(before)), *shown_fields(shown)]


def excerpt(said: Parts, limit: int = EXCERPT) -> list[Block]:
    made: list[Block] = []
    for name, text in said:
        made += [label(name), preformatted(shortened(text, limit, "open Details"))]
    return made


def length(said: Parts) -> int:
    return sum(len(text) for _, text in said)


def parts(approval: ApprovalView) -> Parts:
    """All there is to see."""
    shown, before = approval.shown, approval.before
    made: Parts = []
    if before is not None and was_edited(approval):
        made.append((words.ARGUMENTS_BEFORE, argument_text(sent(before))))
        made.append((words.ARGUMENTS_NOW, argument_text(sent(shown))))
    else:
        made.append((words.ARGUMENTS, argument_text(sent(shown))))
    if before is not None and before.by_tool:
        made.append((words.PREVIEW_BEFORE, shown_text(before)))
    if shown.by_tool:
        made.append((_preview(before), shown_text(shown)))
    return made


def _preview(before: Shown | None) -> str:
    return words.PREVIEW if before is None else words.PREVIEW_NOW


def claim(approval: ApprovalView, limit: int) -> list[Block]:
    """The planner's reason, quoted as what it claims."""
    reason = approval.claim.strip()
    if not reason:
        return []
    return [label(f"{words.CLAIM}:"), quote(shortened(visible(reason), limit))]
