"""`handrail bot`: the Slack edge, and the Temporal worker for the steps that speak Slack."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from aiohttp import ClientError
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError

from activities.blobs import BlobStore
from activities.masking import Masker
from activities.tool_servers import ToolServers
from activities.tools import Tools
from bot.app import Bot, assemble, listening
from bot.errors import SlackError
from bot.posts import Posts
from bot.server import NotListening
from bot.settings import BotSettings, SlackSettings
from workflows.outside import BOT

from . import blobs, temporal
from .config import Config
from .queues import slack_worker, until_stopped
from .ready import say_ready
from .slack_posts import SlackPosts
from .stopping import stop_signals
from .trouble import Misused, Trouble

DEFAULT_HTTP_PORT = 3000
SLACK = "https://slack.com/api/"


async def serve(config: Config, environ: Mapping[str, str], masker: Masker) -> None:
    """Be the bot until told to stop. Raises `Trouble`."""
    slack = slack_settings(environ)
    with stop_signals() as stop:
        kept = blobs.store(config, environ)
        client = await stop.before(temporal.connect_patiently(environ, kept))
        bot = assemble(client, bot_settings(config, environ), slack)
        async with AsyncExitStack() as stack:
            await stop.before(_listen(stack, bot, slack))
            contracts = [contract for contract in config.tools if contract.queue == BOT]
            carriers = [*bot.carriers, posting_tools(config, bot.posts, masker, kept)]
            worker = slack_worker(client, carriers, contracts)
            say_ready(environ)
            await until_stopped(worker, stop)


def posting_tools(config: Config, posts: Posts, masker: Masker, kept: BlobStore) -> Tools:
    """The tools that need Slack's token."""
    servers = [SlackPosts(name, said.slack.channels, posts) for name, said in config.posts.items()]
    return Tools(ToolServers(servers), masker, kept)


async def _listen(stack: AsyncExitStack, bot: Bot, slack: SlackSettings) -> None:
    """Raises `Trouble` where Slack refuses, or is not there."""
    try:
        await stack.enter_async_context(listening(bot, slack))
    except SlackApiError as error:
        raise Trouble(
            f"Slack at {slack.api_url} does not let the bot in: {error.response['error']}."
        ) from None
    except SlackError as error:
        raise Trouble(f"Slack at {slack.api_url} does not let the bot in: {error}.") from None
    except NotListening as taken:
        raise Trouble(f"Nothing can listen on {taken}. HANDRAIL_HTTP_PORT names another port.") from None
    except (ClientError, OSError) as error:
        raise Trouble(f"Slack can't be reached at {slack.api_url}: {error}.") from None


def bot_settings(config: Config, environ: Mapping[str, str]) -> BotSettings:
    return BotSettings(
        agents=config.agents,
        tools=config.tools,
        starting=dict(config.starting),
        default_agent=config.default_agent,
        command=config.command,
        freezers=config.freezers,
        environments=config.environments,
        events=config.events,
        temporal_ui=environ.get("HANDRAIL_TEMPORAL_UI") or None,
    )


def slack_settings(environ: Mapping[str, str]) -> SlackSettings:
    """Raises `Misused`, naming the variable that is missing."""
    bot_token = environ.get("SLACK_BOT_TOKEN", "")
    app_token = environ.get("SLACK_APP_TOKEN") or None
    signing_secret = environ.get("SLACK_SIGNING_SECRET") or None
    if not bot_token:
        raise Misused(
            "SLACK_BOT_TOKEN is not set: the bot's token, xoxb-…. `handrail demo` needs none: it brings a workspace."
        )
    api_url = environ.get("SLACK_API_URL") or SLACK
    if api_url == SLACK:  # another server may give tokens of another form
        if not bot_token.startswith(("xoxb-", "xoxe.xoxb-")):
            raise Misused("SLACK_BOT_TOKEN is no bot token: one begins with xoxb-.")
        if app_token is not None and not app_token.startswith("xapp-"):
            raise Misused("SLACK_APP_TOKEN is no app-level token: one begins with xapp-.")
    if app_token is None and signing_secret is None:
        raise Misused(
            "Neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP) is set: one of them is needed."
        )
    return SlackSettings(
        bot_token=SecretStr(bot_token),
        app_token=None if app_token is None else SecretStr(app_token),
        signing_secret=None if signing_secret is None else SecretStr(signing_secret),
        api_url=api_url,
        http_host=environ.get("HANDRAIL_HTTP_HOST") or "0.0.0.0",  # noqa: S104 - Slack comes from outside
        http_port=http_port(environ),
        pace=_pace(environ),
    )


def http_port(environ: Mapping[str, str]) -> int:
    written = environ.get("HANDRAIL_HTTP_PORT") or str(DEFAULT_HTTP_PORT)
    if not written.isdecimal():
        raise Misused(f"HANDRAIL_HTTP_PORT: expected a port, found {written!r}")
    return int(written)


def _pace(environ: Mapping[str, str]) -> float:
    """`HANDRAIL_SLACK_PACE`: for another Slack-compatible server, how many times Slack's rate limits it takes."""
    written = environ.get("HANDRAIL_SLACK_PACE") or "1"
    try:
        pace = float(written)
    except ValueError:
        pace = 0.0
    if not 1 <= pace <= 1000:
        raise Misused(f"HANDRAIL_SLACK_PACE: expected a number from 1 to 1000, found {written!r}")
    return pace
