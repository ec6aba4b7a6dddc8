"""What can go wrong at this edge, named after who can act on it.

BotError            has a sentence for the person who asked
├── RunEnded        nobody: the run is over
├── RunGone         nobody: its record was deleted
├── NoSuchSchedule  whoever asked: no schedule has that name
├── BadTimes        whoever asked: Temporal can't read when it should run
├── NamesTaken      whoever asked: too many schedules have that name
├── NotLookedUp     try again: Slack did not say who is asking
├── NotReached      try again: nothing was started or changed
└── NoReply         look first: it may have gone through
    └── TooSlow     try again: it was only looked at
BadPayload          whoever sent it: not what Slack documents
SlackError
├── RateLimited     wait as long as Slack says
├── Uncertain       look before repeating: it may have been done
└── Refused         whoever set this up: Slack says no, and why
"""

from collections.abc import Iterator
from contextlib import contextmanager

from . import words
from .views.refs import GoalRef
from .words import schedules


class BotError(Exception):
    """`text` is told to the person who asked."""

    text: str = words.BROKEN


class RunEnded(BotError):
    text = words.RUN_ENDED

    def __init__(self, run_id: str) -> None:
        super().__init__(f"{run_id} has ended")
        self.run_id = run_id


class RunGone(BotError):
    text = words.RUN_GONE

    def __init__(self, run_id: str) -> None:
        super().__init__(f"{run_id} is not known")
        self.run_id = run_id


class NotLookedUp(BotError):
    """Slack could not say who somebody is: the answer is *not now*, never *yes*."""

    text = words.NOT_LOOKED_UP


class NoSuchSchedule(BotError):
    text = schedules.NO_SUCH_SCHEDULE


class BadTimes(BotError):
    """The message is Temporal's own word on what is wrong."""

    text = schedules.BAD_TIMES


class NamesTaken(BotError):
    text = schedules.NAMES_TAKEN


class TemporalRefused(BotError):
    """It answered, and said no: search attributes are missing, or the permission."""


class TemporalUnavailable(BotError):
    """Temporal can't be reached just now."""

    again: GoalRef | None = None
    """What to start when it is tried again: the same occasion, so it can't start twice."""


class NotReached(TemporalUnavailable):
    """It refused or was not there: nothing was started or changed."""

    text = words.NOT_REACHED


class NoReply(TemporalUnavailable):
    """It did not answer in time: what was asked may have been done."""

    text = words.NO_REPLY


class TooSlow(NoReply):
    """Nothing but a look was asked for, so nothing is in doubt."""

    text = words.TOO_SLOW


@contextmanager
def looking_up() -> Iterator[None]:
    """Around what changes nothing. Raises TooSlow in place of NoReply."""
    try:
        yield
    except NoReply as silence:
        raise TooSlow from silence


class BadPayload(Exception):
    """Not what Slack documents. The text names the field, never its content."""


class SlackError(Exception):
    lasting = False
    """No repetition mends it."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"{method}: {code}")
        self.method = method
        self.code = code


class RateLimited(SlackError):
    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(method, "ratelimited")
        self.retry_after = retry_after


class Uncertain(SlackError):
    """A timeout, a lost connection or a server's error: it may have been done."""


CHANNEL_LOST = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "channel_is_archived",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "team_access_not_granted",
        "cannot_reply_to_message",
        "messages_tab_disabled",
        "no_permission",
    }
)
MESSAGE_LOST = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "is_inactive"}
)
BLOCKS_REFUSED = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "invalid_arguments",
        "msg_blocks_too_long",
        "unsupported_block",
    }
)


class Refused(SlackError):
    """Slack said no, for a reason that somebody has to mend."""

    lasting = True

    @property
    def channel_lost(self) -> bool:
        """The channel can't be posted to, until somebody there changes something."""
        return self.code in CHANNEL_LOST

    @property
    def message_lost(self) -> bool:
        """The message is gone or can't be edited any more: a new one takes its place."""
        return self.code in MESSAGE_LOST

    @property
    def blocks_refused(self) -> bool:
        return self.code in BLOCKS_REFUSED
