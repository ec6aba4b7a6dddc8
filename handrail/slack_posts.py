"""A tool server that posts in channels of Slack. Its tools are offered anywhere, and called by the bot's own worker."""

import asyncio
from collections.abc import Mapping
from typing import Any

from activities.declared import (
    DRY_RUN,
    KEY_ARGUMENT,
    Bounds,
    changing_schema,
    expected,
    fingerprint,
    input_schema,
)
from activities.tool_replies import NotSent, Refused, ReplyLost, ToolDefinition, ToolReply
from activities.tool_servers import run_called_for
from bot.errors import BotError, RateLimited, RunGone, SlackError
from bot.errors import Refused as SlackRefuses
from bot.posts import Posts
from bot.views.post import LONGEST_POST, signature
from workflows.rules.visible import visible

from .config.server_sections import FIND, POST
from .slack_advice import refusal


class SlackPosts:
    """A `ToolServer`."""

    def __init__(self, name: str, channels: tuple[str, ...], posts: Posts | None = None) -> None:
        """Without *posts* this process is not the bot: it lists, and never calls."""
        self.name = name
        self._channels = channels
        self._posts = posts
        self._tools = {tool.name: tool for tool in _definitions(channels)}
        self._bounds = Bounds()

    async def start(self) -> None:
        """The bot is in already."""

    async def tools(self) -> Mapping[str, ToolDefinition]:
        return self._tools

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - as in ToolServer
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        expected(self.name, self._tools, tool, as_listed)
        what = f"{self.name}.{tool}"
        if self._posts is None or self._bounds.closed:
            raise NotSent(f"{what} is called by a bot that is up, and by nobody else")
        if arguments["channel"] not in self._channels:
            raise Refused(f"the config lets {self.name} post in {', '.join(self._channels)} alone")
        left = asyncio.Event()
        call = self._find if tool == FIND else self._post
        try:
            async with self._bounds.until(asyncio.get_running_loop().time() + timeout):
                return await call(self._posts, arguments, left)
        except RunGone:
            raise Refused(f"Temporal knows nothing of what {what} is called for") from None
        except RateLimited as error:
            raise NotSent("Slack wants to be left alone", after=error.retry_after) from None
        except SlackRefuses as error:
            raise Refused(f"Slack refuses it: {refusal(error.code)}") from None
        except (SlackError, BotError, TimeoutError) as error:
            kind = ReplyLost if left.is_set() else NotSent
            raise kind(f"{what} was not answered: {str(error) or type(error).__name__}") from None

    async def aclose(self) -> None:
        self._bounds.close()

    async def _post(self, posts: Posts, arguments: dict[str, Any], left: asyncio.Event) -> ToolReply:
        """*left* is set just before it is posted."""
        channel, text, run_id = arguments["channel"], arguments["text"], run_called_for.get()
        if len(visible(text)) > LONGEST_POST:
            raise Refused(
                f"a post has at most {LONGEST_POST:,} characters, with what is invisible written out"
            )
        name = await posts.run_name(run_id)
        where = await posts.channel_name(channel)
        if arguments.get(DRY_RUN):
            return _reply({"channel": where, "text": text, "signed": signature(name)})
        await posts.turn_to_post(channel)
        left.set()
        posted = await posts.post(channel, text, name, arguments[KEY_ARGUMENT])
        return _reply({"channel": where, "ts": posted.ts})

    async def _find(self, posts: Posts, arguments: dict[str, Any], _: asyncio.Event) -> ToolReply:
        return _reply({"found": await posts.find(arguments["channel"], arguments["key"])})


def _definitions(channels: tuple[str, ...]) -> list[ToolDefinition]:
    channel = {"type": "string", "enum": list(channels)}
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_POST}
    key = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    return [
        ToolDefinition(
            name=POST,
            description="Posts plain text in a channel of Slack. It mentions nobody, and links nowhere.",
            input_schema=changing_schema({"channel": channel, "text": text}),
            output_schema=None,
            annotations={"readOnlyHint": False, "request": fingerprint(list(channels))},
        ),
        ToolDefinition(
            name=FIND,
            description="Whether a change was posted in a channel of Slack, by its idempotency key.",
            input_schema=input_schema({"channel": channel, "key": key}, (), {}),
            output_schema=None,
            annotations={"readOnlyHint": True},
        ),
    ]


def _reply(said: dict[str, Any]) -> ToolReply:
    return ToolReply(text="", structured=said, is_error=False, other={})
