"""The buttons of an approval, on its own card or on one it shares."""

from collections.abc import Sequence

from workflows.rules.digests import gates_digest
from workflows.values.approval import ApprovalState
from workflows.values.view import ApprovalView

from .. import words
from .blocks import Block, button, confirm
from .change import in_short
from .refs import ApprovalRef, BreakGlassRef, GroupRef
from .text import plural

APPROVING = frozenset({"approve", "approve_all", "break_glass"})
"""Actions that say yes: only where what they say yes to is shown whole."""

SHARED = 70
"""Characters that a button on a shared card says of its change."""


def buttons(run_id: str, approval: ApprovalView, *, approvable: bool, number: str = "") -> list[Block]:
    """*approvable*: it is shown whole beside them. *number* tells its buttons from those of other changes."""
    ref = ApprovalRef(run=run_id, approval=approval.id, gate=approval.gate)
    value = ref.packed()
    if approval.state is ApprovalState.PLANNED and not approvable:
        # All of it has to be seen, though nobody is asked.
        return [button("details", _named(words.DETAILS, number), value)]
    if approval.state.ended:
        return []
    open_to_votes = approval.state is ApprovalState.OPEN
    made = []
    if open_to_votes and approvable:
        ask = ask_once_more([approval])
        made.append(button("approve", _named(words.APPROVE, number), value, "primary", ask))
    named = ref.model_copy(update={"what": _what(approval, number)})
    made.append(button("reject", _named(words.REJECT, number), named.packed(), "danger"))
    if open_to_votes:
        made.append(button("edit", _named(words.EDIT, number), value))
    made.append(button("details", _named(words.DETAILS, number), value))
    if approvable:
        made += break_glass(run_id, approval, number)
    return made


def _what(approval: ApprovalView, number: str) -> str:
    """For the dialog. What a button carries counts as text of its card, and one that is shared has many."""
    return in_short(approval, SHARED) if number else in_short(approval)


def break_glass(run_id: str, approval: ApprovalView, number: str = "") -> list[Block]:
    """Where the rule names people for emergencies, and waiting is all that goes on."""
    rule = approval.rule.break_glass
    waits = approval.state is ApprovalState.OPEN or (
        approval.state is ApprovalState.QUORUM and bool(approval.held)
    )
    if rule is None or not waits or any(vote.break_glass for vote in approval.votes):
        return []
    ref = BreakGlassRef(
        run=run_id,
        approval=approval.id,
        gate=approval.gate,
        channel=rule.channel,
        what=_what(approval, number),
    )
    return [button("break_glass", _named(words.BREAK_GLASS, number), ref.packed())]


def all_buttons(
    run_id: str, approvable: Sequence[ApprovalView], still_open: Sequence[ApprovalView]
) -> list[Block]:
    """For two and more at once: yes to what is shown whole, no to whatever is not over."""
    made = []
    if len(approvable) > 1:
        waiting = sum(each.state is ApprovalState.OPEN for each in still_open)
        said = words.APPROVE_ALL if len(approvable) == waiting else words.APPROVE_WHOLE
        ask = ask_once_more(approvable)
        label, value = said.format(count=len(approvable)), _group(run_id, approvable)
        made.append(button("approve_all", label, value, "primary", ask))
    if len(still_open) > 1:
        label, value = words.REJECT_ALL.format(count=len(still_open)), _group(run_id, still_open)
        made.append(button("reject_all", label, value, "danger"))
    return made


def _group(run_id: str, approvals: Sequence[ApprovalView]) -> str:
    ref = GroupRef(
        run=run_id,
        approvals=tuple(each.id for each in approvals),
        gates=gates_digest([each.gate for each in approvals]),
    )
    assert ref.fits_button
    return ref.packed()


def ask_once_more(approvals: Sequence[ApprovalView]) -> Block | None:
    dangerous = [each for each in approvals if each.rule.dangerous]
    if not dangerous:
        return None
    what = in_short(dangerous[0])
    if len(approvals) == 1:
        return confirm(words.APPROVE_TITLE, what, words.YES_APPROVE, words.NOT_YET)
    what = f"{plural(len(approvals), 'change')}, {len(dangerous)} of them dangerous"
    return confirm(words.APPROVE_ALL_TITLE, what, words.YES_APPROVE, words.NOT_YET)


def _named(label: str, number: str) -> str:
    return f"{label} {number}" if number else label
