"""Lists of runs: as the answer to a command, and on somebody's home."""

# Lists

MINE = "Your runs"
HERE = "Runs in this channel"
WAITING = "Runs that wait for somebody"
ALL = "All runs that you may see"
NONE = "There are no runs to show here."
NONE_ON_PAGE = "None of the runs on this page is one that you may see."
NEXT = "Next page"
FIRST = "First page"
ONLY_KNOWN = "I can't look up just now which channels you are in, so only your own runs and those of this channel are here."
NOT_YOURS_TO_SEE = (
    "That run is in a channel that you are not in, as far as I can tell. Please ask in its channel."
)
UNDER_WAY = "under way"
ENDED = "ended"
WITHOUT_WORD = "{how}, without its own word"
WHY = "Why?"
ASKED = "In {channel}, asked by {who} of {agent}. {when}."

# Home

WAITS = "What waits for you"
WAITS_FOR = "What waits for you: {count}"
NOTHING_WAITS = "Nothing waits for you."
NOT_ALL = "Some runs do not answer just now, so this may not be all. I look again when you open this page."
TOO_MANY = "{count} more runs are under way that I did not look at here. `{command} list waiting` has them."
NOT_WHO = (
    "I can't look up your user groups just now. What waits for them is missing here, and in their threads."
)
MESSAGES = "What you may decide on comes to you in a direct message too."
NO_MESSAGES = "End direct messages"
NOT_MESSAGES = "What you may decide on is asked in its thread, and shown here."
SEND_MESSAGES = "Send me direct messages too"
PAGE = "{first} to {last} of {all}."
YOURS = "Your runs"
NO_RUNS_YET = "You have not asked for any run yet. Type `{command} help` in a channel to see what I can do."
IN_YOUR_CHANNELS = "Under way in your channels"
NOTHING_UNDER_WAY = "Nothing that others asked for is under way in your channels."
CHANNELS_UNKNOWN = "I can't look up which channels you are in, so what runs there is not shown here."
NOT_NOW = (
    "I can't reach Temporal just now, so your runs can't be shown. Please open this page again in a minute."
)
ON_RUN = "Run {run} in {channel}, asked by {who}."
NOT_WHOLE = "This is not all of it. Open Details to see it whole; it can be approved from there, or on its card in the thread."
