"""Who sends the bot events, and where it shows what it made of them."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
from multidict import CIMultiDict
from temporalio.client import Client

from bot.app import assemble
from bot.events_settings import EventSource, GitHubSigned, PayloadMap, SharedSecret, SlackStyleSigned
from bot.server import serving
from bot.settings import BotSettings, SlackSettings
from tests.bot.besieging import free_port
from tests.bot.deployer import AGENT
from workflows.rules.names import mailbox_id
from workflows.values.events import DELIVER, SUBSCRIBE, Delivery, Subscription

SECRET = "a secret that nobody guesses"
TOKEN = "X-Alert-Token"
ALERT = PayloadMap(key="{/service}", facts={"state": "{/state}", "service": "{/service}"})
BY_GITHUB = GitHubSigned(secret=SECRET)
BY_TOKEN = SharedSecret(secret=SECRET, header=TOKEN)
BY_TIMESTAMP = SlackStyleSigned(
    secret=SECRET, signature="X-Signature", timestamp="X-Timestamp", window=timedelta(minutes=5)
)
SIGNALS: dict[str, Any] = {DELIVER: Delivery, SUBSCRIBE: Subscription}


def source(name: str = "alerts", **changes: Any) -> EventSource:
    made = EventSource(name=name, proof=BY_GITHUB, keep=timedelta(hours=24), maps=(ALERT,))
    return made.model_copy(update=changes)


def alert(**payload: object) -> bytes:
    return json.dumps({"service": "checkout", "state": "firing", **payload}).encode()


def by_github(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def by_timestamp(body: bytes, timestamp: int) -> dict[str, str]:
    signed = b"v0:%d:" % timestamp + body
    signature = "v0=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return {"X-Timestamp": str(timestamp), "X-Signature": signature}


class Post:
    """The bot's door for events, from outside."""

    def __init__(self, port: int, http: aiohttp.ClientSession) -> None:
        self.port = port
        self._http = http
        self.said = ""
        """The last answer's text."""
        self.headers: dict[str, str] = {}

    async def __call__(
        self,
        body: bytes,
        *more: tuple[str, str],
        to: str = "alerts",
        headers: Mapping[str, str] | None = None,
    ) -> int:
        """The status. Signed as GitHub does, unless *headers* are given."""
        given = CIMultiDict(by_github(body) if headers is None else headers)
        for name, value in more:
            given.add(name, value)
        address = f"http://127.0.0.1:{self.port}/events/{to}"
        async with self._http.post(address, data=body, headers=given) as response:
            self.said, self.headers = await response.text(), dict(response.headers)
            return response.status


@asynccontextmanager
async def open_to(temporal: Client, slack: SlackSettings, *sources: EventSource) -> AsyncIterator[Post]:
    """The bot's own server, as in Socket Mode: with nothing but events behind it."""
    settings = BotSettings(agents=(AGENT,), events=sources)
    bot, port = assemble(temporal, settings, slack), free_port()
    async with serving(bot.events.routes(), "127.0.0.1", port), aiohttp.ClientSession() as http:
        yield Post(port, http)


async def told(client: Client, key: str, name: str = "alerts", first: int = 0) -> list[Any]:
    """What the mailbox of *key* was sent, as Temporal has it: no worker of ours has a hand in it.

    All that is there now; or the *first* so many, once they are. While a worker has the mailbox in hand, they are not.
    """
    handle = client.get_workflow_handle(mailbox_id(name, key))
    found: list[Delivery | Subscription] = []
    async for event in handle.fetch_history_events(wait_new_event=first > 0):
        if event.HasField("workflow_execution_signaled_event_attributes"):
            signal = event.workflow_execution_signaled_event_attributes
            kind = SIGNALS[signal.signal_name]
            found += await client.data_converter.decode(signal.input.payloads, [kind])
        if first and len(found) == first:
            break
    return found
