"""Which events the app hears of what happens in the workspace."""

from sandbox.deliveries import Deliveries
from sandbox.json_types import Json
from sandbox.message_rules import as_app_sees
from sandbox.roster import BOT_USER_ID, TEAM_ID, Channel
from sandbox.workspace import Change, Workspace

_SUBSCRIPTION = {"im": "message.im", "channel": "message.channels", "group": "message.groups"}


class OutgoingEvents:
    """Turns changes into Events API events. The app hears its own posts and edits as well, as in Slack."""

    def __init__(self, workspace: Workspace, deliveries: Deliveries) -> None:
        self._workspace = workspace
        self._deliveries = deliveries
        workspace.watch(self._on_change)

    def _on_change(self, change: Change) -> None:
        channel = self._workspace.channels.get(change.channel or "")
        if channel is None or change.viewer is not None or BOT_USER_ID not in channel.members:
            return
        event = self._message_event(change, channel)
        if event is not None:
            self._deliveries.event(event, _SUBSCRIPTION[channel.channel_type])
        if change.kind == "message" and not channel.is_im and _mentions_bot(change.body):
            self._deliveries.event(_mention(change.body), "app_mention")

    def _message_event(self, change: Change, channel: Channel) -> Json | None:
        body = _without_metadata(change.body)
        common = {"channel": channel.id, "channel_type": channel.channel_type}
        match change.kind:
            case "message":
                return {**body, **common, "event_ts": body["ts"]}
            case "message_changed":
                return {
                    "type": "message",
                    "subtype": "message_changed",
                    "message": body,
                    "previous_message": _without_metadata(change.before or {}),
                    "hidden": True,
                    **common,
                    **self._now(),
                }
            case "message_deleted":
                return {
                    "type": "message",
                    "subtype": "message_deleted",
                    "previous_message": body,
                    "deleted_ts": body["ts"],
                    "hidden": True,
                    **common,
                    **self._now(),
                }
            case _:
                return None

    def _now(self) -> Json:
        ts = self._workspace.next_ts()
        return {"ts": ts, "event_ts": ts}

    # --- events that are no messages ---

    def home_opened(self, user: str, tab: str) -> None:
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": self._workspace.direct_channel(user).id,
            "tab": tab,
            "event_ts": self._workspace.next_ts(),
        }
        if tab == "home" and user in self._workspace.homes:
            event["view"] = self._workspace.homes[user]
        self._deliveries.event(event, "app_home_opened")

    def session_stopped(self, user: str, channel: str, thread_ts: str) -> None:
        event = {
            "type": "agent_session_stopped",
            "channel": channel,
            "thread_ts": thread_ts,
            "user": user,
            "streaming_message_ts": [],
            "event_ts": self._workspace.next_ts(),
        }
        self._deliveries.event(event, "agent_session_stopped")

    def joined(self, user: str, channel: Channel) -> None:
        event = {
            "type": "member_joined_channel",
            "user": user,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": TEAM_ID,
            "event_ts": self._workspace.next_ts(),
        }
        self._deliveries.event(event, "member_joined_channel")


def _mentions_bot(message: Json) -> bool:
    return f"<@{BOT_USER_ID}>" in message["text"] and message["user"] != BOT_USER_ID


def _mention(message: Json) -> Json:
    # An app_mention names no channel_type; otherwise it is the same message under another type.
    return {
        **_without_metadata(message),
        "type": "app_mention",
        "channel": message["channel"],
        "event_ts": message["ts"],
    }


def _without_metadata(message: Json) -> Json:
    return {name: value for name, value in as_app_sees(message).items() if name != "metadata"}
