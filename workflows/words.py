"""The sentences of the core that people read, in one place: on cards and steps, in answers to a click, in `why`, the audit.

What a run says is here, to a planner too: what it is told of a call stands in the thread. Constants, and pure functions
where a number bends the words. Not here:

- what the Slack edge says of a view: `bot/words/`
- single words, and what names something: kinds of audit rows, states, ids
- what a value says of itself: `in_words`
- an error for whoever programs or writes the config, which stands beside its check: `values/`, `rules/canonical.py`,
  `keys.py`, `phrases.py`
- what only a planner is told: descriptions of tools and their arguments, `rules/own_tools.py`, `outputs.py`,
  `transcripts.py`
"""

from datetime import UTC, datetime, timedelta

from .values.approval import ApprovalState
from .values.signals import Said
from .values.spec import Limits
from .values.usage import Usage

# What a call works on, and when

ON = "{tool} on {target}"
UNTIL = "until {at}"


def clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


# Answers to a click: it counts, or it doesn't

APPROVED = "You approved it."
APPROVED_MORE_TO_GO = "You approved it. {missing} more to go."
REJECTED = "You rejected it."
REPLACED = (
    "This preview was replaced by a newer one, so your click did not count. Please look at the newest card."
)
DECIDED = {
    ApprovalState.APPROVED: "This was already approved and is being applied.",
    ApprovalState.REJECTED: "This was already rejected.",
    ApprovalState.EXPIRED: "This request has expired, so your click did not count.",
    ApprovalState.SUPERSEDED: REPLACED,
    ApprovalState.WITHDRAWN: "This is no longer needed, so your click did not count.",
    ApprovalState.PLANNED: "This run only plans, so there is nothing to decide.",
}
ALL_DECIDED = "All of these were already decided."
ENOUGH_APPROVED = "Enough people have already approved this."
NOT_SHOWN_WHOLE = "The preview could not be shown whole, so it can't be approved."
CLOCK_AHEAD = "The clock of the bot is ahead of Temporal's, so your click could not be dated. Please tell whoever runs it."
NO_APPROVERS = "Nobody may approve this: no rule names an approver for it."
FOUR_EYES = "You asked for this change, so somebody else has to decide on it."
NOT_AN_APPROVER = "You are not one of the approvers for this change."
NOT_FOR_EMERGENCIES = "No rule lets you approve this alone in an emergency."
EMERGENCY_NEEDS_REASON = "Approving alone in an emergency needs a reason."
EMERGENCY_ALREADY = "This was already approved alone in an emergency."
ALREADY_VOTED = "You have already decided on this."
OUTSIDER_DECIDES = "Only members of this workspace may decide on this."
ACCOUNT_DECIDES = "A {standing} account may not decide on this."
CHANNEL_NOT_TOLD = "Nothing was applied: the channel that has to know could not be told. {why}"
NOT_LOOKED_UP = (
    "I could not check who you are just now, so your click did not count. Please try again in a moment."
)
TOO_MANY_CLICKS = (
    "So many clicks of yours are waiting that the last was not taken. Please try again in a moment."
)
NOT_A_STEERER = "Only the person who asked for this run, its approvers and its stewards may do that."
NOT_THE_REQUESTER = "Only the person who asked for this run may answer that."
ALREADY_ANSWERED = "This question was already answered."
NO_ANSWER = "That is no answer to this question."
TOO_LONG = "That is too long: {length:,} characters, and {limit:,} fit."
NO_REASON = "How do you know? Your word counts with a reason."

# Edited arguments

NOT_AN_EDITOR = "Only who asked for this change and its approvers may edit it."
EDIT_UNREADABLE = "The edited arguments can't be read: {why}."
EDIT_UNSENDABLE = "The edited arguments can't be sent: {why}."
EDIT_EMPTY = "The edit changes nothing."
EDIT_MASKED = "{name} holds something masked, so it can't be edited."
EDIT_UNUSABLE = "Your edit can't be used, so it stays as it was: {why}"
EDIT_AS_BEFORE = "Nothing was changed."
EDITED_CALL = "{tool} on {target}, edited"
WAS_EDITED = " A person edited its arguments."

# How an approval went on, and why

REJECTED_WITH = "rejected: {reason}"
EDITED = "its arguments were edited"
DRIFTED = "what it would do has changed since it was shown"
NOT_POSSIBLE = "it can no longer be done: {why}"
NOBODY_DECIDED = "nobody decided in time"
NOT_APPLIED_IN_TIME = "it was approved, but for too long nothing let it be applied"
FROZEN_TOO_LONG = "a freeze lasted longer than it did"
VOTE_FELL_AWAY = "An approval fell away: somebody who gave it may not decide any more."
OPEN_AGAIN = "It is open again."
OTHERS_SUFFICE = "The other approvals suffice."
AS_APPROVED = "as it was approved"
ALLOWED_BY_RULES = "as the rules allow without asking"
ADMITTED = "{tool} on {target}, {why}"

# What the rules say of a call

NOBODY_WAS_NAMED = "nobody was named"
"""The name of a rule, so gates cover it: reworded, open approvals of recorded runs would not replay."""
NOT_A_TOOL = "{tool} is not one of this agent's tools"
UNKNOWN_TOOL = "unknown tool"
NOT_AN_OBJECT = "the arguments of {tool} are not an object"
UNNAMED = "{tool} needs its argument {name}, as a text or a number: by it is known what it works on"
RULE_REFUSES = "the rule “{rule}” does not allow it"
RULE_ALLOWS = "the rule “{rule}” allows it"
ONLY_READS = "it only reads"
CHANGES = "{tool} changes {target}"
PEOPLE_ARE_ASKED = "people are asked"
REJECTED_TOO_OFTEN = "People rejected exactly this {times} times in this run, so it may not be proposed again"
CALL_TOO_LONG = "its arguments are {size} KiB long; a call may have {limit} KiB"
CALLS_TOO_LONG = "with it the calls of this run would be longer than {limit} KiB"
CALLED_WRONGLY = "{tool} can't be called like that: {problem}."
FAILED_TOO_OFTEN = (
    "This is the same call that has failed {tries} times, and nothing was changed since, so it was not "
    "made again. Do something else, or say why it can't be done. It failed with: {text}"
)
FAILED_BEFORE = "(The same call failed before, {times} times now: {text})"

# `why`: what was judged of a call

KEPT = "kept out of the thread"
WAS_REFUSED = "refused: {why}"
WAS_ALLOWED = "allowed: {why}"
OWN_TOOL = "it is a tool of the run's own, and changes nothing"
WAS_ASKED = "needs approval: {why}, and the rule “{rule}” speaks of it"

# Freezes

EVERYTHING = "everything"
FROZEN = "{what} is frozen: {reason}"
FROZEN_BY = "{what} is frozen by {who}: {reason}"
HELD = "held: {why}"
FROZEN_UNKNOWN = "whether it is frozen can't be looked up now; it is tried again"
OUTSIDER_FREEZES = "Only members of this workspace may freeze or unfreeze."
ACCOUNT_FREEZES = "A {standing} account may neither freeze nor unfreeze."
NOT_A_FREEZER = "You are not one of those who may freeze or unfreeze."

# What a call, or the run, does now

APPROVAL_NEEDED = "approval needed"
CHECKING = "checking that it still holds"
DECIDERS_UNKNOWN = "approved, but Slack can't say now who may decide; it is asked again"
MAYBE_HAPPENED = "it may have happened: nobody knows yet"
SUMMING_UP = "Summing up what was done so far"
PLANNER_AWAY = "No answer from its planner since {since:%H:%M} UTC, asking again: {why}"
WAITING = "Waiting {until}"
WAITING_FOR = "Waiting for {about}, {until}"
WAITING_FOR_ANSWER = "Waiting for an answer"
WAITING_FOR_APPROVAL = "Waiting for approval of {tool} on {target}"
WAITING_FOR_WORD = "Waiting for someone to say what became of {tool} on {target}"
IS_HELD = "Held: {why}"

# How a call ended

CHANGED_COURSE = "The run changed course before this was applied."
CHANGED_COURSE_PREVIEW = "The run changed course before this was previewed."
CHANGED_COURSE_READ = "The run changed course before this was read."
NO_PREVIEW = "It could not be previewed: {why}"
ONLY_PLANNED = "It was previewed, not applied: this run only plans."
EXPIRED = "It expired: {why}. That is no refusal."
SUPERSEDED = "It was approved, but {why}. Nothing was applied."
WITHDRAWN = "It is no longer needed: {why}."

# What became of an effect

NOT_AS_ORDERED = "What was admitted is not what was ordered. Nothing was sent."
ANOTHER_RUN = "Another run"
TARGET_TAKEN = "{run} is working on {target} now. Nothing was sent."
NO_WORKER = "No worker took it up in time. Nothing was sent."
WORKER_LOST = "The worker that sent it was lost before it could report, or the reply took too long."
REPLY_LOST = "The reply was lost."
THERE_MORE_THAN_ONCE = "It is there {count} times."
IT_IS_THERE = "No reply said so, but the tool was asked: it happened. {text}"
IT_IS_NOT_THERE = "It was sent {times} times, no reply told what became of it, and it is not there."
NOT_VERIFIED = "Whether it is there could not be looked up: {why}"
NO_RECORD = "It was begun, and Temporal has no record any more of what became of it."
CHANGE_ENDED_FROM_OUTSIDE = "The change was ended from outside."
SAID = {
    Said.HAPPENED: "it happened",
    Said.DID_NOT: "it did not happen",
    Said.STOP: "stop, nobody can say",
}
"""By people, where nobody can know."""

# Waiting on purpose: a time, an event, a person

NO_LONGER_AWAITED = "It is no longer waited for: {why}."
NOT_AWAITABLE = "It can't be waited for: {why}"
PAST_ALREADY = "{at} is past already, so nothing was waited for."
TOO_FAR_AWAY = "{at} is too far away: at most {days} days can be waited for."
IT_IS = "It is {at}."
HAPPENED = "{about} happened."
NOT_HEARD_OF = "Nothing that fits was heard of {about} within {patience}."
AN_ANSWER = "an answer"
ANSWERED = "{who} answered: {answer}"
NOT_ANSWERED = "Nobody answered within {patience}."
NOT_ANSWERED_IN_TIME = "Nobody answered in time."
QUESTION_CLOSED = "Closed: {why}."

# Its budget is spent, or its planner gets nowhere: may it go on?

BUDGET_USED_UP = "Its budget is used up: {used}."
SAME_CALL_FAILS = "The planner has made the same failing call {times} times."
GETS_NOWHERE = "In {turns} turns in a row nothing that the planner wanted could be done."
GO_ON_QUESTION = "{why} Go on?"
GO_ON = "Go on: {grant}"
STOP_HERE = "Stop here"


def used(steps: int, working: timedelta, usage: Usage) -> str:
    """Of a budget."""
    made = "1 step" if steps == 1 else f"{steps} steps"
    tokens = f", {usage.tokens:,} tokens ({usage.in_words})" if usage.tokens else ""
    return f"{made}, {_minutes(working)} of work{tokens}"


def granted(grant: Limits) -> str:
    """When people let it go on."""
    tokens = "" if grant.tokens is None else f", {grant.tokens:,} tokens"
    cost = "" if grant.cost is None else f", ${grant.cost:.2f}"
    steps = "1 more step" if grant.steps == 1 else f"{grant.steps} more steps"
    return f"{steps}, {_minutes(grant.working)}{tokens}{cost}"


def _minutes(time: timedelta) -> str:
    minutes = max(1, round(time.total_seconds() / 60))
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


# The run changes course, or ends

NOBODY_SEES_IT = "nobody can see it"
WAS_CANCELLED = "the run was cancelled"
GOAL_CHANGED = "the goal was changed"
EVENT_CHANGED_GOAL = "an event of {source} changed the goal"
EVENT_IN_VAIN = "{source}: {key}; {why}"
NOTHING_WAITS = "nothing waits for it"
OLDER_THAN_RUN = "it is older than this run"
RUNBOOK_CANT = "the runbook can't act on it"
EVENT_MEANS_NOTHING = "An event of {source} says: “{text}” The runbook of this run can't act on that, so it goes on. Cancel it if it should not."
PLANNER_FAILED = "The planner failed: {why}"
NOBODY_CAN_SAY = "Stopped: nobody can say whether {tool} happened."
CANCELLED_IN_TEMPORAL = "Cancelled in Temporal."
END_NOT_SHOWN = "Slack could not be reached to show the end"
COMPACTED = "{calls} earlier calls make room: {by}"
SUMMED_UP = "the model summed them up"
LISTED = "the model could not sum them up: they are listed"
TOKENS = "{tokens} tokens"

# Undo

UNDO = "Undo: {what}"
NO_UNDO = "{tool} can't be undone: {why}"
OTHER_ARGUMENTS = "it was made with other arguments, before this run was reset"
IS_MASKED = "{name} holds a secret, and is masked"
NOTHING_KNOWN = "nothing is known of its {name}"

# How the firing of a schedule ended

NOT_STARTED_IN_TIME = "Nothing was started: the bot did not take it up within an hour."
STARTED_BEFORE = "Its run was started before."
RUN_ENDED_FROM_OUTSIDE = "Its run was ended from outside."

# Beside a step or a timer, on Temporal's own page

TURN = "turn {number}"
ENTRIES = "{count} entries"
EVENTS_OF = "events of {source}"
LOOK_FOR = "look for {tool}"
WAIT_OF_CALL = "call {number}: {kind}"
WAIT_OF_APPROVAL = "approval {id}: {due}"
STILL_FROZEN = "look again whether it is still frozen"
