"""The parts of the sandbox that a person's deed can touch, held together."""

from dataclasses import dataclass

from sandbox.deliveries import Deliveries, Receipt
from sandbox.json_types import Json
from sandbox.live import Live
from sandbox.modals import Modals
from sandbox.outgoing_events import OutgoingEvents
from sandbox.payloads import Moment
from sandbox.response_urls import ResponseUrls
from sandbox.roster import SLACKBOT_ID, TEAM_ID, Channel, User
from sandbox.settings import SandboxSettings
from sandbox.triggers import Triggers
from sandbox.workspace import Workspace, direct_name


class Refused(Exception):
    """Slack's client does not let this person do that; *error* says why in one word."""

    def __init__(self, error: str, words: str = "") -> None:
        super().__init__(words or error)
        self.error = error


@dataclass(frozen=True)
class World:
    settings: SandboxSettings
    workspace: Workspace
    modals: Modals
    triggers: Triggers
    response_urls: ResponseUrls
    deliveries: Deliveries
    events: OutgoingEvents
    live: Live

    def person(self, user_id: str) -> User:
        user = self.workspace.users.get(user_id)
        if user is None or user.is_bot or user.id == SLACKBOT_ID:
            raise Refused("user_not_found")
        return user

    def channel_of(self, user: User, channel_id: str) -> Channel:
        channel = self.workspace.channels.get(channel_id)
        if channel is None and channel_id == direct_name(user.id):
            channel = self.workspace.direct_channel(user.id)
        if channel is None:
            raise Refused("channel_not_found")
        if user.id not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def moment(
        self,
        user: User,
        channel: Channel | None = None,
        source: Json | None = None,
        view_id: str | None = None,
    ) -> Moment:
        """A fresh trigger and, when it happened in a channel, an address to answer at."""
        url = self.response_urls.issue(channel.id, user.id, source) if channel else None
        return Moment(self.triggers.issue(user.id, view_id), url, self.workspace.next_ts())

    def slackbot(self, channel: str, user: str, text: str, thread_ts: str | None = None) -> None:
        """What Slack itself tells one person."""
        body: Json = {"user": SLACKBOT_ID, "team": TEAM_ID, "text": text}
        self.workspace.whisper(channel, user, body | ({"thread_ts": thread_ts} if thread_ts else {}))

    def toast(self, user: str, text: str) -> None:
        self.live.tell_one(user, {"type": "toast", "level": "error", "text": text})


def error_of(receipt: Receipt) -> str:
    """Slack's word to the person for a delivery that the app did not acknowledge."""
    return "operation_timeout" if receipt.reason in ("timeout", "http_timeout") else "dispatch_failed"
