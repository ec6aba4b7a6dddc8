"""Other arguments for a change that people were asked about."""

from typing import NamedTuple

from . import words
from .case import Case, Refusal
from .rules.approval import with_edit
from .rules.canonical import parse
from .rules.policy import Allowed, NeedsApproval, Refused, judge, target_of
from .values.approval import Shown


class TakenUp(NamedTuple):
    """How the call goes on."""

    verdict: Allowed | NeedsApproval
    before: Shown | None
    """What people saw before; None when the edit could not be used."""


async def take_up(case: Case, verdict: Allowed | NeedsApproval) -> TakenUp:
    """The edited arguments, if policy and the tool take them; the old ones otherwise, and the editor is told.

    Raises Stopped.
    """
    open_call = case.open
    edit, call = open_call.edit, open_call.call
    assert edit is not None
    arguments = with_edit(call, parse(edit.arguments), edit.without)
    target = target_of(case.contract, arguments)
    changed = call.model_copy(
        update={
            "arguments": arguments,
            # The planner's own title tells what it proposed, which is no longer what happens.
            "title": words.EDITED_CALL.format(tool=call.tool, target=target),
            "edited_by": tuple(dict.fromkeys([*call.edited_by, edit.by])),
            "before_edits": call.proposed,
        }
    )
    case.remember(call=changed, edit=None)
    judged = judge(changed, case.contract, case.journal.spec.rules)
    problem = await _problem(case, judged, unchanged=changed.arguments == call.arguments)
    if problem:
        case.remember(call=call)
        case.journal.tell(edit.by, words.EDIT_UNUSABLE.format(why=problem))
        return TakenUp(verdict, None)
    before = case.journal.memory.approvals[f"{call.number}.{open_call.generation}"].shown
    # What a rule would allow keeps the rule under which people were asked: an edit loosens nothing.
    return TakenUp(judged if isinstance(judged, NeedsApproval) else verdict, before)


async def _problem(case: Case, judged: Allowed | NeedsApproval | Refused, *, unchanged: bool) -> str:
    if unchanged:
        return words.EDIT_AS_BEFORE
    if isinstance(judged, Refused):
        return f"{judged.reason}."
    try:
        await case.preview()
    except Refusal as refusal:
        return refusal.text
    return ""
