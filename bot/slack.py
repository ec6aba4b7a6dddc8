"""Our door to Slack's Web API: every call one attempt, bounded, within the limits, its failure named.

slack_sdk's own connection retry posts twice, so it is switched off; Temporal owns the retries.
"""

import asyncio
import logging
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from workflows.values.base import Value

from . import limiter as limits
from . import words
from .card_marks import marked, metadata, names
from .errors import RateLimited, Refused, SlackError, Uncertain
from .limiter import Limiter
from .slack_errors import named_error
from .views.blocks import Block, Message

log = logging.getLogger(__name__)

TIMEOUT = 10
"""Seconds for one call."""
INTERACTIVE = 2.0
"""Seconds for a call that a person's 3-second click waits for."""
RECONNECT = 3.0
"""Seconds between attempts while Slack is away at the start."""
PAGE = 200
PAGES = 5
"""How far an uncertain post is looked for."""
LINK = re.compile(r"https?://[^\s<>|]{1,2000}")
ALLOWED_SKEW = timedelta(seconds=60)
QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none"}
REDRAWN_QUIETLY: dict[str, Any] = {"link_names": False, "parse": "none"}
"""A link in untrusted text must neither be fetched nor mention anybody."""


Status = Literal["active", "processing", "suspended", "closed"]
"""Of an agent session: docs.slack.dev/ai/agent-sessions."""


class Posted(Value):
    channel: str
    ts: str


class Identity(Value):
    """Who this bot is, and where it is installed."""

    team: str
    enterprise: str | None = None
    user: str
    bot: str | None = None


def client_for(token: str, api_url: str) -> AsyncWebClient:
    base = api_url if api_url.endswith("/") else f"{api_url}/"
    return AsyncWebClient(token=token, base_url=base, timeout=TIMEOUT, retry_handlers=[])


class Slack:
    """Raises RateLimited, Uncertain or Refused, and nothing else."""

    def __init__(self, client: AsyncWebClient, limiter: Limiter | None = None) -> None:
        self.client = client
        self._limiter = limiter or Limiter(time.monotonic)
        self._identity: Identity | None = None
        self._said: set[str] = set()

    async def identity(self) -> Identity:
        """Asked once: a token belongs to one installation."""
        if self._identity is None:
            said = await self._call("auth.test", {})
            self._identity = Identity(
                team=_of(said, "auth.test", "team_id"),
                enterprise=said.get("enterprise_id"),
                user=_of(said, "auth.test", "user_id"),
                bot=said.get("bot_id"),
            )
        return self._identity

    async def identity_at_last(self) -> Identity:
        """For as long as Slack is away. Raises Refused when it is there and does not take the token."""
        while True:
            try:
                return await self.identity()
            except SlackError as error:
                if error.lasting:
                    raise
                log.warning("Slack can't be reached: %s", error)
                await asyncio.sleep(RECONNECT)

    # Cards

    async def turn_to_post(self, channel: str) -> bool:
        """Wait until the channel takes a message; True if that took time, so that one can look again."""
        return await self._limiter.turn("chat.postMessage", limits.post(channel))

    async def turn_to_redraw(self, channel: str, ts: str) -> bool:
        return await self._limiter.turn("chat.update", limits.update(channel, ts))

    async def post(self, channel: str, card: Message, key: str, thread_ts: str | None) -> Posted:
        """After `turn_to_post`."""
        body = {
            "channel": channel,
            "text": card.text,
            "blocks": marked(card, key),
            "metadata": metadata(key),
            **QUIET,
        }
        if thread_ts is not None:
            body["thread_ts"] = thread_ts
        said = await self._call("chat.postMessage", body, limits.post(channel))
        return Posted(channel=said.get("channel") or channel, ts=_of(said, "chat.postMessage", "ts"))

    async def redraw(self, at: Posted, card: Message, key: str) -> None:
        """After `turn_to_redraw`."""
        body = {"channel": at.channel, "ts": at.ts, "text": card.text, "blocks": marked(card, key)}
        await self._call("chat.update", {**body, **REDRAWN_QUIETLY}, limits.update(at.channel, at.ts))

    async def strip(self, at: Posted, card: Message) -> None:
        """Redraw a card whose run can't do it any more."""
        body = {"channel": at.channel, "ts": at.ts, "text": card.text, "blocks": list(card.blocks)}
        await self._call("chat.update", {**body, **REDRAWN_QUIETLY})

    async def cards(
        self, channel: str, thread_ts: str | None, since: datetime, wanted: frozenset[str] = frozenset()
    ) -> Mapping[str, Posted]:
        """Our cards there, by marker and by key: where an uncertain post is looked for before it is repeated.

        With *wanted*, any of these names ends it. Raises Refused `too_many_messages` where they may be further back.
        """
        method = "conversations.history" if thread_ts is None else "conversations.replies"
        asked: dict[str, Any] = {"channel": channel, "limit": PAGE, "include_all_metadata": True}
        asked["oldest"] = f"{(since - ALLOWED_SKEW).timestamp():.6f}"
        if thread_ts is not None:
            asked["ts"] = thread_ts
        found: dict[str, Posted] = {}
        for _ in range(PAGES):
            due = limits.of_tier(method, limits.TIER_3)
            await self._limiter.turn(method, due)
            said = await self._call(method, asked, due, form=True)
            for message in said.get("messages", []):
                for name in names(message):
                    found.setdefault(name, Posted(channel=channel, ts=message["ts"]))
            cursor = (said.get("response_metadata") or {}).get("next_cursor")
            if not cursor or wanted & found.keys():
                break
            asked["cursor"] = cursor
        else:
            if wanted:
                raise Refused(method, "too_many_messages")
        return found

    async def channel_name(self, channel: str) -> str:
        method, due = "conversations.info", limits.of_tier("conversations.info", limits.TIER_3)
        await self._limiter.turn(method, due)
        said = await self._call(method, {"channel": channel}, due, form=True)
        return str(_of(said, method, "channel", "name"))

    async def permalink(self, at: Posted) -> str:
        """A link to a message of ours, for mrkdwn. A courtesy: empty where Slack gives none."""
        method = "chat.getPermalink"
        try:
            said = await self._call(method, {"channel": at.channel, "message_ts": at.ts}, form=True)
        except SlackError as error:
            self.once(f"{method}/{error.code}", "a card can't be linked to: %s", error.code)
            return ""
        link = str(said.get("permalink", ""))
        return link if LINK.fullmatch(link) else ""

    async def set_session(
        self, channel: str, thread_ts: str, status: Status, title: str, initiator: str = ""
    ) -> None:
        """What Slack itself shows beside a thread. Its Stop button is for *initiator* first."""
        method = "agents.sessions.setStatus"
        due = limits.of_tier(method, limits.TIER_3)
        await self._limiter.turn(method, due)
        body = {"channel_id": channel, "thread_ts": thread_ts, "status": status, "title": title}
        await self._call(method, body | ({"initiator_user_id": initiator} if initiator else {}), due)

    # Words to one person

    async def whisper(self, channel: str, to: str, card: Message, thread_ts: str | None = None) -> None:
        """Only *to* sees it, in the channel or the thread; in a direct message where that can't be."""
        if not channel:  # they clicked on their home
            await self.direct(to, card)
            return
        due = limits.of_tier("chat.postEphemeral", limits.TIER_4)
        await self._limiter.turn("chat.postEphemeral", due)
        body: dict[str, Any] = {
            "channel": channel,
            "user": to,
            "text": card.text,
            "blocks": list(card.blocks),
        }
        body |= REDRAWN_QUIETLY
        if thread_ts is not None:
            body["thread_ts"] = thread_ts
        try:
            await self._call("chat.postEphemeral", body, due)
        except Refused as refused:
            self.once(
                f"postEphemeral/{refused.code}",
                "a notice could not be shown in its channel: %s",
                refused.code,
            )
            await self.direct(to, card)

    async def direct(self, to: str, card: Message) -> None:
        """A direct message."""
        await self.say(await self.direct_channel(to), card)

    async def say(self, channel: str, card: Message, thread_ts: str | None = None) -> None:
        """An answer that nobody looks for again."""
        await self.turn_to_post(channel)
        body: dict[str, Any] = {"channel": channel, "text": card.text, "blocks": list(card.blocks), **QUIET}
        if thread_ts is not None:
            body["thread_ts"] = thread_ts
        await self._call("chat.postMessage", body, limits.post(channel))

    async def direct_channel(self, user: str) -> str:
        """The channel of direct messages with *user*."""
        opened = await self._call("conversations.open", {"users": user})
        return str(_of(opened, "conversations.open", "channel", "id"))

    async def suggest(self, channel: str, prompts: Sequence[tuple[str, str]]) -> None:
        """Title and text of what a person might ask for, in their direct messages. A courtesy."""
        method = "assistant.threads.setSuggestedPrompts"
        shown = [{"title": title, "message": text} for title, text in prompts]
        try:
            await self._call(method, {"channel_id": channel, "title": words.PROMPTS_TITLE, "prompts": shown})
        except SlackError as error:
            self.once(f"{method}/{error.code}", "prompts can't be suggested: %s", error.code)

    async def dismiss(self, response_url: str) -> None:
        """Take an answer of ours away that only one person saw. A courtesy: a failure is logged once."""
        await self._respond(response_url, {"delete_original": True})

    async def replace(self, response_url: str, card: Message) -> None:
        """Put *card* in the place of an answer of ours that only one person saw. A failure is logged once."""
        body = {"replace_original": True, "text": card.text, "blocks": list(card.blocks)}
        await self._respond(response_url, body)

    async def _respond(self, response_url: str, body: dict[str, Any]) -> None:
        try:
            said = await AsyncWebhookClient(response_url, timeout=TIMEOUT).send_dict(body)
        except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError, ValueError) as error:
            self.once("respond", "an answer could not be changed: %s", type(error).__name__)
            return
        if said.status_code != 200:
            self.once("respond", "an answer could not be changed: HTTP %d", said.status_code)

    # Dialogs

    async def open_modal(self, trigger_id: str, view: Block) -> str:
        """The view's id. It has to happen within 3 seconds of the click."""
        said = await self._call("views.open", {"trigger_id": trigger_id, "view": view}, within=INTERACTIVE)
        return str(_of(said, "views.open", "view", "id"))

    async def update_modal(self, view_id: str, view: Block, seen: str = "") -> None:
        """*seen*: the hash of what it takes the place of. Where that is replaced already, Slack refuses."""
        body = {"view_id": view_id, "view": view}
        await self._call("views.update", body | {"hash": seen} if seen else body)

    # Homes

    async def turn_to_publish(self, user_id: str) -> None:
        await self._limiter.turn("views.publish", limits.home(user_id))

    async def publish(self, user_id: str, view: Block) -> None:
        """After `turn_to_publish`."""
        await self._call("views.publish", {"user_id": user_id, "view": view}, limits.home(user_id))

    # People

    async def user(self, user_id: str) -> dict[str, Any]:
        due = limits.of_tier("users.info", limits.TIER_4)
        await self._limiter.turn("users.info", due)
        said = await self._call("users.info", {"user": user_id}, due, form=True)
        user: dict[str, Any] = _of(said, "users.info", "user")
        return user

    async def members(self, group: str) -> frozenset[str]:
        """User ids in a user group."""
        due = limits.of_tier("usergroups.users.list", limits.TIER_2)
        await self._limiter.turn("usergroups.users.list", due)
        said = await self._call("usergroups.users.list", {"usergroup": group}, due, form=True)
        return frozenset(_of(said, "usergroups.users.list", "users"))

    async def channels(self, user_id: str) -> frozenset[str]:
        """The channels of a person, private ones where the bot is in them too and may see them."""
        try:
            return await self._channels(user_id, "public_channel,private_channel")
        except Refused as refused:
            if refused.code != "missing_scope":
                raise
            return await self._channels(user_id, "public_channel")

    async def _channels(self, user_id: str, types: str) -> frozenset[str]:
        method, due = "users.conversations", limits.of_tier("users.conversations", limits.TIER_3)
        asked: dict[str, Any] = {
            "user": user_id,
            "types": types,
            "exclude_archived": "true",
            "limit": PAGE,
        }
        found: set[str] = set()
        for _ in range(PAGES):
            await self._limiter.turn(method, due)
            said = await self._call(method, asked, due, form=True)
            found.update(each["id"] for each in _of(said, method, "channels"))
            asked["cursor"] = (said.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                break
        return frozenset(found)

    def once(self, what: str, words: str, *values: object) -> None:
        """Into the log, the first time only."""
        if what not in self._said:
            self._said.add(what)
            log.warning(words, *values)

    async def _call(
        self,
        method: str,
        body: Mapping[str, Any],
        due: limits.Due = (),
        *,
        form: bool = False,
        within: float = TIMEOUT,
    ) -> dict[str, Any]:
        """*form*: methods that read take no JSON (docs.slack.dev/apis/web-api/using-the-slack-web-api)."""
        try:
            async with asyncio.timeout(within):
                if form:
                    said = await self.client.api_call(method, http_verb="GET", params=dict(body))
                else:
                    said = await self.client.api_call(method, json=dict(body))
        except SlackApiError as error:
            raised = named_error(method, error)
            if isinstance(raised, RateLimited):
                self._limiter.hold(due, raised.retry_after)
            raise raised from None
        except (
            aiohttp.ClientError,
            TimeoutError,
            OSError,
            SlackClientError,
            ValueError,
            AttributeError,
        ) as error:
            raise Uncertain(method, type(error).__name__) from None
        return dict(said.data) if isinstance(said.data, dict) else {}


def _of(said: Any, method: str, *path: str) -> Any:
    """An answer without what the method promises proves nothing: it may have been done."""
    for name in path:
        said = said.get(name) if isinstance(said, dict) else None
    if said is None:
        raise Uncertain(method, f"no {'.'.join(path)} in the answer")
    return said
