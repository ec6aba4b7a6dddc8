"""`trigger_id`s: proof that a person did something a moment ago. Good once, for three seconds."""

import re
import secrets
import time
from dataclasses import dataclass

from sandbox.errors import SlackError

_FORM = re.compile(r"\d+\.\d+\.[0-9a-f]+")
_KEPT_SECONDS = 600
TEAM_NUMBER = "7390428571"  # in Slack the workspace's number; here only its form matters


@dataclass
class Trigger:
    user: str
    born: float
    view_id: str | None
    used: bool = False


class Triggers:
    """*seconds* is how long one is good: 3 in Slack (docs.slack.dev, handling user interaction)."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[str, Trigger] = {}

    def issue(self, user: str, view_id: str | None = None) -> str:
        now = time.monotonic()
        self._known = {key: kept for key, kept in self._known.items() if now - kept.born < _KEPT_SECONDS}
        trigger_id = f"{time.time_ns() // 1_000_000}.{TEAM_NUMBER}.{secrets.token_hex(16)}"
        self._known[trigger_id] = Trigger(user, now, view_id)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use it up. Raises what `views.open` answers for one that is malformed, used or too old."""
        if not _FORM.fullmatch(trigger_id) or trigger_id not in self._known:
            raise SlackError("invalid_trigger_id")
        trigger = self._known[trigger_id]
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - trigger.born > self._seconds:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger
