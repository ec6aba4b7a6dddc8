"""What happened in a turn, and because of what."""

from workflows.values.approval import ApprovalState
from workflows.values.calls import Ended

DIALOG = "What happened, and why"
TITLE = "{name}, turn {turn} of {turns}"
NOT_BEGUN = "{name}: its planner has not said anything yet."
ASKED = "Asked by "
ASKED_BY_EVENT = ", because of an event of {source}"
THE_GOAL = ", the planner had this goal:"
KNEW_NOTHING = "It was the first thing that it was asked, so it knew nothing else."
KNEW = "It knew how {calls} before had ended."
WANTED = "It wanted {calls}:"
WANTED_NONE = "It asked for no call in this turn."
FORGOTTEN = "its words gave way to a summary"
VERDICT = "Policy: "
CLAIMED = "Why, as the agent claims: "
CLAIMED_NOTHING = "The agent gave no reason."
BESIDE = "Beside that"
EARLIER = "{count} earlier entries are not shown."
EVIDENCE = "Evidence: "
A_TURN = "Turn {turn}"
MORE_CALLS = "More calls"
FIRST_CALLS = "First calls"
CALLS_OF = "Calls {first} to {last} of {all}."
WHICH = "Say which run, and of a longer one which turn: `{command} why <run> [turn]`. `{command} list` shows their names."
LATEST = "There is no turn {turn} in this run, so this is the latest."

BY_SOMEBODY = {
    "started": "asked for the run",
    "approved": "approved it",
    "rejected": "rejected it",
    "broke the glass": "approved it alone in an emergency",
    "edited": "edited these of its arguments",
    "cancelled": "stopped the run",
    "answered": "answered",
    "revised": "changed the goal",
    "resolved": "said what became of it",
    "refused": "did something that did not count",
}
ROW = {
    "started": "The run began",
    "asked": "Asked",
    "admitted": "Looked up once more, and let through",
    "held": "Held",
    "reopened": "Open again",
    "reminder": "People were reminded",
    "escalation": "Others were told that nobody had decided",
    "break_glass": "The channel was to be told of the emergency",
    "not_told": "Nobody could be told, so it did not count",
    "no_undo": "No undo is offered",
    "unknown": "Nobody could know whether it happened",
    "paused": "Paused",
    "answered": "Answered",
    "revised": "The goal was changed by an event",
    "event": "An event that changed nothing",
    "happened": "An event that was waited for happened",
    "cancelled": "The run was stopped",
    "resolved": "Settled",
    "compacted": "Earlier turns gave way to a summary",
    "unusable": "The planner's reply could not be used",
    "tool_changed": "A tool was no longer what it was",
    "not_pinned": "The tools could not be looked at",
    "announce_failed": "It could not be shown in Slack",
    "undeliverable": "Slack did not take it",
    "previewed": "Previewed, not applied",
    "ended": "The run ended",
}
OF_APPROVAL = {
    "asked": "People were asked",
    ApprovalState.APPROVED.value: "That was enough",
    ApprovalState.REJECTED.value: "The approval ended, rejected",
    ApprovalState.EXPIRED.value: "The approval ended: nobody decided in time",
    ApprovalState.SUPERSEDED.value: "The approval was replaced by a newer one",
    ApprovalState.WITHDRAWN.value: "The approval was no longer needed",
}
OUTCOME = {
    Ended.OK.value: "It answered",
    Ended.FAILED.value: "It failed",
    Ended.REFUSED.value: "It was refused",
    Ended.REJECTED.value: "It was not applied, for it was rejected",
    Ended.EXPIRED.value: "It was not applied, for nobody decided in time",
    Ended.SUPERSEDED.value: "It was not applied, for it was replaced",
    Ended.WITHDRAWN.value: "It was left out",
    Ended.APPLIED.value: "It was applied",
    Ended.NOT_APPLIED.value: "It was not applied",
    Ended.UNKNOWN.value: "It may have happened",
    Ended.PLANNED.value: "It was only planned",
}
