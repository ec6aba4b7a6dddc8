"""Direct messages, and what a discreet rule keeps out of the thread."""

DM_ON = (
    "From now on, what you may decide on comes to you in a direct message too, with the same buttons. "
    "`{command} dm off` ends that."
)
DM_OFF = "You get no more direct messages of what you may decide on. Those that you have stay up to date."
DM_IS_ON = "What you may decide on comes to you in a direct message too. `{command} dm off` ends that."
DM_IS_OFF = "What you may decide on is asked in its thread only. `{command} dm on` brings it to you in a direct message too."
DM_ENDS = "You asked for direct messages: `{command} dm off` ends them."

KEPT_OUT = (
    "Arguments, preview and the agent's reason are kept out of this thread. Those who may decide, and those who asked, "
    "see them in Details. Approvers who get direct messages have them there too."
)
SHOWN_IN_DETAILS = "Details show what it is about."
APPROVE_FROM_DETAILS = "It can be approved from Details."
WERE_KEPT_OUT = "Arguments, preview and the agent's reason were kept out of this thread."
SENT_KEPT_OUT = (
    "What was sent, and what the tool said last, are kept out of this thread. Those who may decide, and those who asked, "
    "see in Details what was approved."
)
KEPT_FROM_YOU = (
    "This is kept out of the thread. Only those who may decide on it, and those who asked for it, can see it."
)
NOT_KNOWN_WHO_YOU_ARE = (
    "I can't look up in Slack just now who you are, so this is not shown. Please try again in a minute."
)
APPLIED_AS_SHOWN_TO_THEM = "It is applied exactly as it was shown to those who decided, once."
