"""What one Web API method is: what it needs, how often it may be called, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.rate_limits import Tier
from sandbox.roster import BOT_USER_ID, Channel
from sandbox.workspace import Workspace

# An app is given history by kind of channel, each with a scope of its own.
HISTORY = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}
READ = {"channel": "channels:read", "group": "groups:read", "im": "im:read"}


@dataclass(frozen=True)
class Method:
    """*scope* is what every call needs; a scope that depends on the channel is in *scopes_by_type*."""

    call: Callable[[Arguments], Json]
    tier: Tier
    scope: str | None = None
    scopes_by_type: dict[str, str] = field(default_factory=dict)
    token: Literal["bot", "app", "none"] = "bot"  # noqa: S105  # the kind of token, not a token


def channel_of(workspace: Workspace, args: Arguments, name: str = "channel") -> Channel:
    """The channel that an argument names; raises `channel_not_found`."""
    channel = workspace.channels.get(args.text(name, ""))
    if channel is None or (channel.is_private and BOT_USER_ID not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def page(
    found: list[Json], args: Arguments, *, default: int = 100, most: int = 999
) -> tuple[list[Json], str]:
    """One page of *found* and the cursor of the next ("" at the end)."""
    limit = args.number("limit", default)
    if not 0 < limit <= most:
        raise SlackError("invalid_limit")
    cursor = args.text("cursor", "")
    if cursor and not cursor.removeprefix("next:").isdigit():
        raise SlackError("invalid_cursor")
    start = int(cursor.removeprefix("next:") or 0)
    end = start + limit
    return found[start:end], f"next:{end}" if end < len(found) else ""
