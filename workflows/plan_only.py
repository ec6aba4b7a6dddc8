"""A change in a run that only plans: previewed and shown, and that is its end."""

from . import words
from .case import Case, Refusal
from .docket import Docket
from .journal import Stopped
from .rules.policy import Allowed, NeedsApproval, keeps_quiet_of
from .values.approval import ApprovalState
from .values.calls import CallResult, Ended
from .values.spec import Rule, RuleKind
from .values.view import Change, StepState


async def planned(case: Case, verdict: Allowed | NeedsApproval) -> CallResult:
    """What the tool says it would do, and under which rule who would have been asked. Nobody is, and nothing is applied."""
    case.step(StepState.IN_PROGRESS, "previewing")
    try:
        effect, shown = await case.preview()
    except Stopped:
        return case.ended(Ended.WITHDRAWN, words.CHANGED_COURSE_PREVIEW)
    except Refusal as why:
        return case.ended(why.ended, why.text, why.by)
    if isinstance(verdict, NeedsApproval):
        rule = verdict.rule
    else:
        quiet = keeps_quiet_of(case.call, case.journal.spec)
        rule = Rule(name=verdict.rule, then=RuleKind.ALLOW, discreet=quiet)
    approval = case.approval(effect, shown, rule)
    over = {"state": ApprovalState.PLANNED, "ended_at": approval.opened_at}
    Docket(case.journal).put(approval.model_copy(update=over))
    call = case.call
    case.journal.planned(Change(tool=call.tool, target=case.target, text=case.journal.told_of(call)))
    case.journal.audit(
        "previewed",
        words.ON.format(tool=call.tool, target=case.target),
        call=str(call.number),
        effect=effect.digest,
        rule=rule.name,
    )
    said = shown.text if shown.by_tool and shown.content is None else ""
    result = case.ended(Ended.PLANNED, f"{words.ONLY_PLANNED} {said}".strip())
    return result.model_copy(update={"structured": shown.content if shown.by_tool else None})
