"""What can be set about the sandbox. The defaults are Slack's own numbers."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "usergroups:read",
    "users:read",
)
DEFAULT_EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
)


class Shortcut(BaseModel):
    """As the app's manifest names one (docs.slack.dev/reference/app-manifest, features.shortcuts)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=24)
    type: Literal["global", "message"]
    callback_id: str = Field(max_length=255)


DEFAULT_SHORTCUTS = (
    Shortcut(name="Start a run", type="global", callback_id="start_run"),
    Shortcut(name="Ask Handrail about this", type="message", callback_id="ask_about_message"),
)

Seconds = Annotated[float, Field(ge=0)]


class SandboxSettings(BaseModel):
    """Port 0 takes a free one; no *state* keeps everything in memory; a *request_url* turns Socket Mode off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", pattern=r"^(127\.\d+\.\d+\.\d+|localhost|::1)$")
    port: int = Field(default=0, ge=0, le=65535)
    state: Path | None = None
    bot_token: str = "xoxb-sandbox-bot-token"  # noqa: S105  # opens nothing but this machine's sandbox
    app_token: str = "xapp-1-sandbox-app-token"  # noqa: S105
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105
    request_url: str | None = None
    commands: tuple[str, ...] = ("/handrail",)
    shortcuts: tuple[Shortcut, ...] = DEFAULT_SHORTCUTS
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    events: tuple[str, ...] = DEFAULT_EVENTS
    home_tab: bool = True
    """The app's Home tab is switched on."""
    rate_limits: bool = True
    ack_seconds: Seconds = 3.0
    trigger_seconds: Seconds = 3.0
    event_retry_after: tuple[Seconds, ...] = (0.0, 60.0, 300.0)
    """The pauses before an event that nobody acknowledged is sent again (docs.slack.dev, Events API)."""
    response_url_seconds: Seconds = 1800.0
    fleet_watch: Path | None = None
    """A file whose change means that the fleet panel changed."""
