"""What a change would do: the lines of which its card, a card it shares and its Details are made."""

import re
from collections.abc import Iterator

from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.rules.visible import visible
from workflows.values.approval import ApprovalState, Shown
from workflows.values.base import Json
from workflows.values.view import ApprovalView

from .. import words
from ..words import private
from .blocks import Block, line, person, preformatted, quote, run_of
from .diffs import lines_changed
from .fields import (
    BESIDE,
    argument_fields,
    argument_text,
    arguments_changed,
    arguments_differing,
    in_line,
    shown_changed,
    shown_differing,
    shown_fields,
    shown_text,
)
from .text import one_line, shortened

Parts = list[tuple[str, str]]
"""Labels and texts."""
NAME, SHORT = 115, 250
"""Characters of its one-line form: in a header, behind its state, and in a dialog."""
EXCERPT = 1500
"""Characters of each part that a card shows of a change too big for it."""


def title(approval: ApprovalView, room: int = NAME) -> str:
    """The call on one line, with as many of its plain arguments as fit *room* characters."""
    said = one_line(f"{approval.tool} on {approval.target}")
    for number, each in enumerate(_told(approval)):
        longer = f"{said}{', ' if number else ': '}{each}"
        if len(longer) > room - len(", …"):
            return f"{said}, …"
        said = longer
    return said


def _told(approval: ApprovalView) -> Iterator[str]:
    """Those that the target and the environment do not say already; none that a discreet rule or a mask keeps."""
    shown = approval.shown
    try:
        arguments = parse(shown.arguments)
    except NotCanonical:
        return
    if approval.rule.discreet or not isinstance(arguments, dict):
        return
    for name, value in arguments.items():
        plain = value is None or isinstance(value, str | int | float)
        if plain and name not in shown.locked and not _named(value, approval):
            yield in_line(name, value)


def _named(value: Json, approval: ApprovalView) -> bool:
    """Is it the environment, or a part of the target?"""
    if not isinstance(value, str) or not value:
        return False
    part = rf"(?<![\w.-]){re.escape(value)}(?![\w.-])"
    return value == approval.environment or re.search(part, approval.target) is not None


def in_short(approval: ApprovalView, room: int = SHORT) -> str:
    """As a dialog names it."""
    return shortened(title(approval, room), room)


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
        return [line(run_of(private.WERE_KEPT_OUT, italic=True))]
    return [line(run_of(private.KEPT_OUT, italic=True))]


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


def whole_arguments(approval: ApprovalView) -> list[Block]:
    """All of them; after an edit both versions in one, as old → new."""
    shown, before = approval.shown, approval.before
    if before is not None and was_edited(approval):
        return [label(words.ARGUMENTS_CHANGED), *arguments_changed(sent(before), sent(shown))]
    return [label(words.ARGUMENTS), *argument_fields(sent(shown))]


def whole_preview(approval: ApprovalView) -> list[Block]:
    """All of it; after a drift or an edit both versions in one, as old → new."""
    shown, before = approval.shown, approval.before
    if not shown.by_tool:
        return [line(run_of(words.ITS_OWN_PREVIEW, italic=True))]
    if before is not None and before.by_tool:
        return [label(words.PREVIEW_CHANGED), *shown_changed(before, shown)]
    return [label(words.PREVIEW), *shown_fields(shown)]


def what_changed(approval: ApprovalView) -> list[Block]:
    """Only that, since people saw it last, in what would be sent and in what the tool says of it."""
    shown, before = approval.shown, approval.before
    if before is None:
        return []
    made = arguments_differing(sent(before), sent(shown))
    if before.by_tool and shown.by_tool:
        made += shown_differing(before, shown)
    return [label(words.WHAT_CHANGED), *made] if made else []


def excerpt(said: Parts, limit: int = EXCERPT) -> list[Block]:
    made: list[Block] = []
    for name, text in said:
        made += [label(name), preformatted(shortened(text, limit, "open Details"))]
    return made


def length(said: Parts) -> int:
    return sum(len(text) for _, text in said)


def parts(approval: ApprovalView) -> Parts:
    """All there is to see; first what changed since it was seen last."""
    shown, before = approval.shown, approval.before
    made = _since(before, shown) if before is not None else []
    if before is not None and was_edited(approval):
        made.append((words.ARGUMENTS_BEFORE, argument_text(sent(before))))
        made.append((words.ARGUMENTS_NOW, argument_text(sent(shown))))
    else:
        made.append((words.ARGUMENTS, argument_text(sent(shown))))
    if before is not None and before.by_tool:
        made.append((words.PREVIEW_BEFORE, shown_text(before)))
    if shown.by_tool:
        name = words.PREVIEW if before is None else words.PREVIEW_NOW
        made.append((name, shown_text(shown)))
    return made


def _since(before: Shown, shown: Shown) -> Parts:
    texts = [
        (argument_text(sent(each)), shown_text(each) if each.by_tool else "") for each in (before, shown)
    ]
    changed = "\n".join(
        filter(None, [lines_changed(old, new, BESIDE) for old, new in zip(*texts, strict=True)])
    )
    return [(words.WHAT_CHANGED, changed)] if changed else []


def claim(approval: ApprovalView, limit: int) -> list[Block]:
    """The planner's reason, quoted as what it claims."""
    reason = approval.claim.strip()
    if not reason:
        return []
    return [label(f"{words.CLAIM}:"), quote(shortened(visible(reason), limit))]
