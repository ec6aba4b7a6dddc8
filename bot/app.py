"""Puts the bot together, and keeps it listening."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from temporalio.client import Client

from .afterwards import Afterwards
from .announcer import Announcer
from .asking import Asking
from .channels import Channels
from .clicks import Clicks
from .desk import Desk
from .dialogs import Dialogs
from .direct_messages import DirectMessages
from .discretion import Discretion
from .events import EventsDoor, Intake
from .feedback import Feedback
from .firings import Firings
from .freezes import Freezes
from .freezing import Freezing
from .home_pages import HomePages
from .homes import Homes
from .http import Door
from .limiter import Limiter
from .links import Links
from .listeners import listen, listen_for_starts, listen_to_ends
from .mailboxes import Mailboxes
from .people import PeopleFinder
from .posts import Posts
from .prompts import Prompts
from .readers import Readers
from .run_lists import RunLists
from .runs import Runs
from .schedules import Schedules
from .scheduling import Scheduling
from .server import serving
from .sessions import Sessions
from .settings import BotSettings, SlackSettings
from .slack import Slack, client_for
from .socket_mode import serve_socket_mode
from .start_policy import StartPolicy
from .starting import Starting
from .undoing import Undoing
from .views.look import Look
from .waits import Waits

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bot:
    """One bot for one workspace: its listeners, and the carriers of the steps that speak Slack."""

    app: AsyncApp
    slack: Slack
    runs: Runs
    carriers: tuple[Announcer, PeopleFinder, Firings]
    """Whose methods carry out the steps of the queue `handrail-slack`."""
    posts: Posts
    events: EventsDoor
    sessions: Sessions
    later: Afterwards


def assemble(temporal: Client, settings: BotSettings, slack: SlackSettings) -> Bot:
    """No network yet."""
    limiter = Limiter(time.monotonic, pace=slack.pace)
    door = Slack(client_for(slack.bot_token.get_secret_value(), slack.api_url), limiter)
    runs, later = Runs(temporal), Afterwards()
    ui = f"{settings.temporal_ui.rstrip('/')}/namespaces/{runs.namespace}" if settings.temporal_ui else ""
    app = _bolt(door)
    people = PeopleFinder(door)
    freezing = Freezing(Freezes(temporal), people, door, settings, later)
    schedules = Schedules(temporal)
    policy = StartPolicy(people, door, settings)
    scheduling = Scheduling(schedules, runs, people, door, settings)
    channels, messages, discretion = Channels(door), DirectMessages(temporal), Discretion(people)
    links = Links(door)
    pages = HomePages(runs, Waits(runs, people, settings), messages, channels, links, settings)
    homes = Homes(pages, door, later)
    starting = Starting(runs, door, policy, settings, later)
    run_lists = RunLists(runs, channels, people, links, settings)
    desk = Desk(runs, policy, run_lists, messages, freezing, scheduling, settings)
    asking = Asking(desk, starting, runs, door, settings, later)
    sessions, clicks = Sessions(door, runs, later), Clicks(runs, door, homes, discretion, later)
    listen_for_starts(app, starting, Prompts(door, policy, settings, later))
    undoing, feedback = Undoing(runs, door, policy, settings, later), Feedback(runs, door, later)
    listen_to_ends(app, undoing, feedback)
    listen(app, settings.command, asking, clicks, Dialogs(runs), sessions, homes)
    look = Look(temporal_ui=ui, command=settings.command)
    readers = Readers(door, people, messages, discretion)
    announcer = Announcer(runs, door, look, sessions, homes, readers, undoing)
    firings = Firings(schedules, runs, people, policy, door, settings)
    events = EventsDoor(Intake(runs, Mailboxes(temporal), door, settings), settings.events)
    posts = Posts(door, runs)
    return Bot(app, door, runs, (announcer, people, firings), posts, events, sessions, later)


def _bolt(slack: Slack) -> AsyncApp:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        identity = await slack.identity()
        return AuthorizeResult(
            enterprise_id=enterprise_id or identity.enterprise,
            team_id=team_id or identity.team,
            bot_id=identity.bot,
            bot_user_id=identity.user,
            bot_token=slack.client.token,
        )

    # Requests over HTTP are verified in front of Bolt, on their raw bytes; a Socket Mode link is authenticated.
    return AsyncApp(
        name="handrail",
        logger=_quiet_logger(),
        client=slack.client,
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        attaching_function_token_enabled=False,
    )


def _quiet_logger() -> logging.Logger:
    """Bolt writes whole payloads into its log below WARNING, and warns of settings that are meant."""
    logger = logging.getLogger("bot.bolt")
    logger.setLevel(logging.ERROR)
    return logger


@asynccontextmanager
async def listening(bot: Bot, slack: SlackSettings) -> AsyncIterator[None]:
    """Hears Slack until left: by Socket Mode with an app token, else by signed HTTP. What it began is finished.

    Raises ValueError when neither is set, SlackError when Slack refuses the token, NotListening.
    """
    identity = await bot.slack.identity_at_last()
    log.info("I am %s in the workspace %s", identity.user, identity.team)
    routes = bot.events.routes()
    renewing = asyncio.create_task(bot.sessions.keep_renewing())
    try:
        async with AsyncExitStack() as stack:
            if slack.app_token is not None:
                token = slack.app_token.get_secret_value()
                link = serve_socket_mode(bot.app, token, client_for(token, slack.api_url))
                await stack.enter_async_context(link)
            elif slack.signing_secret is not None:
                routes += Door(bot.app, slack.signing_secret.get_secret_value()).routes()
            else:
                raise ValueError("either an app token (Socket Mode) or a signing secret (HTTP) is needed")
            if routes:
                await stack.enter_async_context(serving(routes, slack.http_host, slack.http_port))
            yield
    finally:
        renewing.cancel()
        await bot.later.close()
