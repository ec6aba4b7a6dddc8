"""Slack's rate limits: so many calls a minute per method, with a short burst allowed.

Tiers and the one message a second per channel: docs.slack.dev, rate limits. How much of a burst Slack forgives is
not published; here it is a minute's worth for a tier and ten messages for a channel.
"""

import math
import time
from dataclasses import dataclass
from typing import Literal, TypeAlias

Tier: TypeAlias = Literal[1, 2, 3, 4, "post", "special"]

PER_MINUTE: dict[Tier, int] = {1: 1, 2: 20, 3: 50, 4: 100}
POSTS_PER_SECOND = 1.0
POST_BURST = 10


@dataclass
class Bucket:
    """A token bucket: *burst* at most, filled at *per_second*."""

    per_second: float
    burst: float
    level: float
    filled_at: float

    def take(self, now: float) -> int:
        """Use one token. Returns 0, or the whole seconds to wait when there is none."""
        self.level = min(self.burst, self.level + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.level >= 1:
            self.level -= 1
            return 0
        return max(1, math.ceil((1 - self.level) / self.per_second))


class RateLimits:
    def __init__(self, *, on: bool) -> None:
        self._on = on
        self._buckets: dict[str, Bucket] = {}

    def wait_for(self, method: str, tier: Tier, channel: str) -> int:
        """Count one call. Returns 0, or how many seconds `Retry-After` says."""
        if not self._on or tier == "special":
            return 0
        key = f"{method}/{channel}" if tier == "post" else method
        now = time.monotonic()
        if key not in self._buckets:
            per_second = POSTS_PER_SECOND if tier == "post" else PER_MINUTE[tier] / 60
            burst = POST_BURST if tier == "post" else PER_MINUTE[tier]
            self._buckets[key] = Bucket(per_second, burst, burst, now)
        return self._buckets[key].take(now)
