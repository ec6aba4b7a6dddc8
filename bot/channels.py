"""Which channels somebody is in: whoever can't read a channel is not shown its runs."""

import time
from collections import OrderedDict
from collections.abc import Callable

from workflows.values.people import Person

from .errors import Refused, SlackError
from .slack import Slack

FRESH = 60.0
"""Seconds for which an answer of Slack's is believed."""
REMEMBERED = 2000


class Channels:
    def __init__(self, slack: Slack, now: Callable[[], float] = time.monotonic) -> None:
        self._slack = slack
        self._now = now
        self._known: OrderedDict[Person, tuple[float, frozenset[str] | None]] = OrderedDict()

    async def of(self, person: Person) -> frozenset[str] | None:
        """As far as the bot can see; None when that can't be looked up now, or at all: then nothing is shown for it."""
        known = self._known.get(person)
        if known is not None and self._now() - known[0] < FRESH:
            return known[1]
        asked = self._now()
        found: frozenset[str] | None = None
        try:
            found = await self._slack.channels(person.user)
        except Refused as refused:
            self._slack.once(
                f"channels/{refused.code}",
                "it can't be looked up which channels people are in (%s): lists leave out what runs there",
                refused.code,
            )
        except SlackError:
            return None
        self._known[person] = (asked, found)
        self._known.move_to_end(person)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found
