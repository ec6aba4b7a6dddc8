"""All that Handrail says to people, in one place. Short sentences, nobody shouts, and each says what to do next."""

from workflows.values.approval import ApprovalState
from workflows.values.view import RunState, StepState

# The root card

STATE = {
    RunState.WORKING: "Working",
    RunState.WAITING: "Waiting",
    RunState.DONE: "Done",
    RunState.FAILED: "Ended without success",
    RunState.CANCELLED: "Stopped",
}
STEP = {
    StepState.PENDING: "To come",
    StepState.IN_PROGRESS: "Now",
    StepState.WAITING: "Waiting",
    StepState.COMPLETE: "Done",
    StepState.ERROR: "Failed",
    StepState.SKIPPED: "Left out",
}
LEFT_OUT = "left out"
NO_STEPS_YET = "No step taken yet."
NOTHING_CHANGED = "Nothing was changed."
CHANGED = "What was changed"
MAYBE_CHANGED = "may have happened"
CANCEL_RUN = "Cancel run"
CANCEL_TITLE = "Cancel this run?"
CANCEL_TEXT = "It stops at once. A change that is being applied right now is let finish, and the thread says what was done."
YES_CANCEL = "Cancel the run"
NO_GO_ON = "Let it go on"
TEMPORAL_LINK = "Open in Temporal"

# The approval card

APPROVAL = {
    ApprovalState.OPEN: "Approval needed",
    ApprovalState.QUORUM: "Approved, being checked",
    ApprovalState.APPROVED: "Approved",
    ApprovalState.REJECTED: "Rejected",
    ApprovalState.EXPIRED: "Expired",
    ApprovalState.SUPERSEDED: "Replaced",
    ApprovalState.WITHDRAWN: "No longer needed",
}
APPROVAL_MEANS = {
    ApprovalState.QUORUM: "Enough people approved. Everything is looked up once more before it is applied.",
    ApprovalState.APPROVED: "It is applied exactly as shown here, once.",
    ApprovalState.REJECTED: "It was not applied.",
    ApprovalState.EXPIRED: "Nobody decided in time. It was not applied. This is not a refusal.",
    ApprovalState.SUPERSEDED: "A newer preview took its place. Decisions on this one no longer count.",
    ApprovalState.WITHDRAWN: "It was not applied.",
}
NOBODY_MAY = "Nobody may approve this: no rule names an approver for it."
NOBODY_ELSE = "Nobody else may approve this: the only approvers named are the ones who asked for it."
FOUR_EYES = "Whoever asked for it may not decide on it."
ITS_OWN_PREVIEW = "This tool has no preview. The arguments are all there is to see."
PREVIEW = "What the tool says it would do"
PREVIEW_BEFORE = "What you saw before"
PREVIEW_NOW = "What it would do now"
DRIFTED = "It changed since it was approved, so nothing was applied. Please look at both and decide again."
ARGUMENTS = "Arguments"
CLAIM = "Why, as the agent claims"
NOT_WHOLE = "This is not all of it. Open Details to see it whole; it can be approved from there."
NEVER_WHOLE = "The preview was too long to keep whole, so it can't be approved."
APPROVE = "Approve"
REJECT = "Reject"
DETAILS = "Details"
APPROVE_TITLE = "Approve this change?"
YES_APPROVE = "Approve"
NOT_YET = "Not yet"

# The other cards

MAY_HAVE_HAPPENED = "May have happened"
UNKNOWN_TEXT = (
    "It was sent, but no answer came that proves what became of it. Nothing more is done until someone says."
)
HAPPENED = "It happened"
DID_NOT = "It did not, try again"
STOP = "Stop"
SENT = "What was sent"
WHERE_TO_LOOK = "Where to look"
QUESTION = "The run asks"
WHAT_CAME_OF_IT = "The tool's last word"

# Modals

WHY_REJECT = "Why not? The agent and the thread will see it."
WHY_SAID = "How do you know? It is kept as your word."
REASON = "Reason"
LOADING = "One moment."
DETAILS_TITLE = "Details"
REJECT_TITLE = "Reject this change"
RESOLVE_TITLE = "What became of it"
SEND = "Send"
CLOSE = "Close"
NEXT_PAGE = "Next page"
PREVIOUS_PAGE = "Previous page"
SETTLED = "This was settled meanwhile. Nothing is left to decide here."

# Answers to commands

GREETING = (
    "Tell me what you want done. I show every change first and wait until the right person approves it."
)
TRY_ONE = "For example:"
UNMATCHED = "I don't know how to do that. This is what I can do; one click starts it:"
NO_AGENTS = "No agent is set up here, so there is nothing that I could start."
NO_RUNS = "There are no runs to show here."
WHICH_RUN = "Which one do you mean?"
TWO_READINGS = "That may be about the run {name}, or a goal of its own. Which one do you mean?"
THE_GOAL = "Start a new run with this goal"
EMPTY_GOAL = "Say what should be done, such as `{command} run {agent}: …`."
TOO_LONG = "That goal has {length:,} characters. Please keep it within {limit:,}; put long material where a tool can read it."
WHICH_TO_CANCEL = "Say which run to cancel: `{command} cancel <run>`. `{command} list` shows their names."
NO_SUCH_AGENT = "There is no agent called {name}."
ASK_AGENT = "Ask {name}"
CLOSEST = "The nearest are {names}."
ASKED_TO_STOP = "Asked {name} to stop. Its thread will say what was done."
CANCEL_NAMED = "Cancel {name}"
STATUS_NAMED = "Show {name}"
YOUR_RUNS = "Your runs"
RUNS_HERE = "Runs in this channel"
OUTSIDER = "Only members of this workspace can start runs here."
RUN_HERE = "{name} is under way in this thread. To stop it, use `{command} cancel {name}`. To start another run, ask in the channel."

# Errors, each worded for the one who can act

RUN_ENDED = "This run has ended, so your click changes nothing."
RUN_TERMINATED = (
    "This run was ended by an operator in Temporal. It can't go on, and it could not say what it had done."
)
RUN_OVER = "This run has ended."
RUN_GONE = "This run is no longer known: it ended so long ago that its record was deleted."
NO_SUCH_RUN = "I know no run called {name}. `{command} list` shows what there is."
NOT_REACHED = (
    "I can't reach Temporal just now, so nothing was started or changed. Please try again in a minute."
)
NO_REPLY = (
    "Temporal did not answer in time, so I can't say whether this went through. "
    "If nothing changes here, please try again: the same thing said twice counts once."
)
NOT_STARTED = "I can't reach Temporal just now, so nothing was started. Trying again with this button can't start it twice:"
MAYBE_STARTED = (
    "Temporal did not answer in time. Trying again with this button is safe: it can't start twice."
)
KEEP_TRYING = "I can't reach Temporal just now. I keep trying for a few minutes; you need not ask again."
TRY_AGAIN = "Try again"
BROKEN = "Something went wrong on my side. It was logged; please tell whoever runs Handrail here."
TOO_LATE_FOR_MODAL = "Slack did not open the dialog in time. Please click again."
GONE_FROM_CARD = "This belongs to an older card. Please use the newest one in the thread."
UNDELIVERABLE = {
    "not_in_channel": "Handrail is not a member of the channel",
    "channel_not_found": "Handrail can't see the channel",
    "is_archived": "the channel is archived",
}
UNDELIVERABLE_OTHERWISE = "Slack does not let Handrail post in the channel ({code})"
INVITE = (
    "I can't show your run {name} in {channel}: {why}. Nothing that can't be seen can be approved, so it was stopped. "
    "Type `/invite @handrail` there, then ask again."
)
