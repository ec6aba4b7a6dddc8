"""The state of the workspace: who is in it, and what was said. It decides nothing about tokens or deliveries."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from sandbox import roster
from sandbox.json_types import Json
from sandbox.roster import BOT_USER_ID, Channel, User, UserGroup
from sandbox.store import Store

ChangeKind = Literal[
    "message",
    "message_changed",
    "message_deleted",
    "ephemeral",
    "home",
    "channel",
    "agent_session",
    "prompts",
]


@dataclass(frozen=True)
class Change:
    """Something in the workspace that its viewers should see; *viewer* names the only one who may."""

    kind: ChangeKind
    channel: str | None
    body: Json
    before: Json | None = None
    viewer: str | None = None


Watcher: TypeAlias = Callable[[Change], None]


class Workspace:
    """One team. Everything but ephemeral messages survives a restart when there is a path to keep it at."""

    def __init__(self, path: Path | None = None) -> None:
        self._store = Store(path)
        self._watchers: list[Watcher] = []
        self.users: dict[str, User] = {user.id: user for user in roster.USERS}
        self.groups: dict[str, UserGroup] = {group.id: group for group in roster.USER_GROUPS}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in roster.first_channels()}
        self.channels |= {key: Channel(**body) for key, body in self._store.all("channel").items()}
        self._messages: dict[str, dict[str, Json]] = {}
        for message in self._store.all("message").values():
            self._messages.setdefault(message["channel"], {})[message["ts"]] = message
        self._ephemerals: dict[tuple[str, str], tuple[str, Json]] = {}
        self.sessions: dict[str, Json] = self._store.all("session")
        self.prompts: dict[str, Json] = {}
        """By channel; said anew whenever somebody opens it."""
        self.homes: dict[str, Json] = self._store.all("home")
        newest = max((ts for by_ts in self._messages.values() for ts in by_ts), default="0.0")
        self._last_ts = int(newest.replace(".", ""))

    def close(self) -> None:
        self._store.close()

    def watch(self, watcher: Watcher) -> None:
        self._watchers.append(watcher)

    def _tell(self, change: Change) -> None:
        for watcher in self._watchers:
            watcher(change)

    def next_ts(self) -> str:
        """A time stamp in Slack's form, later than any before it, also over restarts."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    # --- places ---

    def direct_channel(self, user_id: str) -> Channel:
        """The direct messages between the bot and *user_id*; opened when first asked for."""
        name = direct_name(user_id)
        if name not in self.channels:
            self.channels[name] = Channel(name, name, [user_id, BOT_USER_ID], is_im=True, is_private=True)
            self._keep_channel(self.channels[name])
        return self.channels[name]

    def join(self, channel: Channel, user_id: str) -> None:
        channel.members.append(user_id)
        self._keep_channel(channel)

    def _keep_channel(self, channel: Channel) -> None:
        self._store.put("channel", channel.id, asdict(channel))
        self._tell(Change("channel", channel.id, channel.to_slack(BOT_USER_ID)))

    # --- messages ---

    def message(self, channel: str, ts: str) -> Json | None:
        return self._messages.get(channel, {}).get(ts)

    def messages(self, channel: str) -> list[Json]:
        """All messages and replies of *channel* in the order of their time stamps, ephemeral ones left out."""
        ordered = list(self._messages.get(channel, {}).values())  # said in the order of their time stamps
        replies: dict[str, list[Json]] = {}
        for message in ordered:
            if "thread_ts" in message:
                replies.setdefault(message["thread_ts"], []).append(message)
        return [_as_root(message, replies.get(message["ts"], [])) for message in ordered]

    def thread(self, channel: str, ts: str) -> list[Json]:
        """The root and its replies, oldest first; empty when there is no such message."""
        said = self._messages.get(channel, {})
        if ts not in said:
            return []
        replies = [each for each in said.values() if each.get("thread_ts") == ts]
        return [_as_root(said[ts], replies), *replies]

    def post(self, channel: str, body: Json) -> Json:
        """Keep a new message and tell everyone; *body* says who speaks, and what."""
        message = {"type": "message", "channel": channel, "ts": self.next_ts(), **body}
        self._messages.setdefault(channel, {})[message["ts"]] = message
        self._store.put("message", f"{channel}/{message['ts']}", message)
        self._tell(Change("message", channel, message))
        return message

    def change(self, before: Json, after: Json) -> Json:
        channel = after["channel"]
        self._messages[channel][after["ts"]] = after
        self._store.put("message", f"{channel}/{after['ts']}", after)
        self._tell(Change("message_changed", channel, after, before=before))
        return after

    def delete(self, message: Json) -> None:
        del self._messages[message["channel"]][message["ts"]]
        self._store.drop("message", f"{message['channel']}/{message['ts']}")
        self._tell(Change("message_deleted", message["channel"], message))

    def signed(self, message: Json) -> Json:
        """The message with its author's name, as the page shows it; apps are given the id alone."""
        return message | {"username": self.users[message["user"]].name}

    # --- messages for one pair of eyes ---

    def whisper(self, channel: str, viewer: str, body: Json) -> Json:
        """An ephemeral message: only *viewer* sees it, and Slack would not keep it either."""
        ts = self.next_ts()
        message = {"type": "message", "channel": channel, "ts": ts, "is_ephemeral": True, **body}
        self._ephemerals[channel, ts] = (viewer, message)
        self._tell(Change("ephemeral", channel, message, viewer=viewer))
        return message

    def whispers(self, channel: str, viewer: str) -> list[Json]:
        return [
            message
            for (where, _), (who, message) in sorted(self._ephemerals.items())
            if (where, who) == (channel, viewer)
        ]

    def whispered(self, channel: str, ts: str, viewer: str) -> Json | None:
        who, message = self._ephemerals.get((channel, ts), ("", {}))
        return message if who == viewer else None

    def change_whisper(self, viewer: str, after: Json) -> None:
        self._ephemerals[after["channel"], after["ts"]] = (viewer, after)
        self._tell(Change("message_changed", after["channel"], after, viewer=viewer))

    def delete_whisper(self, viewer: str, message: Json) -> None:
        del self._ephemerals[message["channel"], message["ts"]]
        self._tell(Change("message_deleted", message["channel"], message, viewer=viewer))

    # --- agent sessions and App Homes ---

    def set_session(self, session: Json) -> None:
        key = f"{session['channel']}/{session['thread_ts']}"
        self.sessions[key] = session
        self._store.put("session", key, session)
        self._tell(Change("agent_session", session["channel"], session))

    def suggest(self, channel: str, prompts: Json) -> None:
        self.prompts[channel] = prompts
        self._tell(Change("prompts", channel, prompts))

    def set_home(self, user_id: str, view: Json) -> None:
        self.homes[user_id] = view
        self._store.put("home", user_id, view)
        self._tell(Change("home", None, view, viewer=user_id))


def direct_name(user_id: str) -> str:
    return f"D{user_id[1:]}"


def _as_root(message: Json, replies: list[Json]) -> Json:
    if not replies:
        return message
    return message | {
        "thread_ts": message["ts"],
        "reply_count": len(replies),
        "reply_users": sorted({each["user"] for each in replies}),
        "latest_reply": replies[-1]["ts"],
    }
