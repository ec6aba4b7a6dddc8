"""Keeps to Slack's limits, per workspace, channel and message, so that Slack need not say no.

Tiers: docs.slack.dev/apis/web-api/rate-limits. A burst and a rate are chosen so that no minute ever holds more calls
than the tier allows.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from .errors import RateLimited

LONGEST_WAIT = 30.0
"""Seconds. Whoever would wait longer is told to come back, rather than to hold a worker's slot."""
REMEMBERED = 10_000


class Limit(NamedTuple):
    """At most *burst* calls at once, and then *per_second*."""

    per_second: float
    burst: int


TIER_2 = Limit(12 / 60, 8)
TIER_3 = Limit(30 / 60, 20)
TIER_4 = Limit(60 / 60, 40)
A_CHANNEL = Limit(1, 3)
"""chat.postMessage: one message a second in a channel, short bursts allowed."""
ALL_CHANNELS = Limit(2, 30)
"""chat.postMessage also has an unpublished limit for a workspace."""
A_MESSAGE = Limit(1, 4)
"""One card redrawn: more often than once a second nobody can read."""
A_HOME = Limit(1 / 2, 4)
"""One person's home: whoever turns its pages waits for nothing, and a busy channel redraws it at most so often."""

Key = tuple[str, ...]
Due = Sequence[tuple[Key, Limit]]


class Limiter:
    """First come, first served. *now* is a monotonic clock in seconds; *sleep* waits for as many.

    *pace*: how many times what Slack allows, for a Slack-compatible server that takes more.
    """

    def __init__(
        self,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pace: float = 1.0,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._pace = pace
        self._ready: OrderedDict[Key, float] = OrderedDict()
        """When the next call of a key would come if its calls were spread evenly."""

    async def turn(self, method: str, due: Due) -> bool:
        """Wait until *method* may be called under all limits that are *due*; True if that took any time.

        Raises RateLimited when it would take too long: nothing is reserved then.
        """
        delay = self.reserve(method, due)
        if delay > 0:
            await self._sleep(delay)
        return delay > 0

    def reserve(self, method: str, due: Due) -> float:
        """Take the next free place under all limits; how many seconds from now it is."""
        now = self._now()
        due = [(key, self._paced(limit)) for key, limit in due]
        waits = [self._ready.get(key, now) - now - (limit.burst - 1) / limit.per_second for key, limit in due]
        delay = max(0.0, *waits) if waits else 0.0
        if delay > LONGEST_WAIT:
            raise RateLimited(method, delay)
        for key, limit in due:
            self._ready[key] = max(self._ready.get(key, now), now) + 1 / limit.per_second
            self._ready.move_to_end(key)
        self._forget(now)
        return delay

    def hold(self, due: Due, seconds: float) -> None:
        """Slack said to wait: whoever comes under the first of these limits before that waits too."""
        for key, limit in [(key, self._paced(limit)) for key, limit in due[:1]]:
            until = self._now() + seconds + (limit.burst - 1) / limit.per_second
            self._ready[key] = max(self._ready.get(key, 0.0), until)

    def _paced(self, limit: Limit) -> Limit:
        return Limit(limit.per_second * self._pace, round(limit.burst * self._pace))

    def _forget(self, now: float) -> None:
        while len(self._ready) > REMEMBERED and next(iter(self._ready.values())) <= now:
            self._ready.popitem(last=False)


def post(channel: str) -> Due:
    return [(("chat.postMessage", channel), A_CHANNEL), (("chat.postMessage",), ALL_CHANNELS)]


def update(channel: str, ts: str) -> Due:
    return [(("chat.update",), TIER_3), (("chat.update", channel, ts), A_MESSAGE)]


def home(user: str) -> Due:
    return [(("views.publish",), TIER_4), (("views.publish", user), A_HOME)]


def of_tier(method: str, limit: Limit) -> Due:
    return [((method,), limit)]
