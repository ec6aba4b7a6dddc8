"""Slack over Socket Mode: docs.slack.dev/apis/events-api/using-socket-mode."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from .listeners import Headers, deliver
from .slack_errors import named_error

log = logging.getLogger(__name__)

PING = 3.0
"""Seconds: how soon a silent loss of the connection is noticed."""
ONE_ENDPOINT = 10.0
"""Seconds of trying one address. It holds a ticket that may be used up; the SDK would try it for ever."""
PATIENCE = 3.0
"""Seconds that a shutdown waits for answers under way."""


class Socket(SocketModeClient):
    """The SDK's client; each time it can't connect it asks for a fresh address."""

    async def connect(self) -> None:
        while not self.closed:
            try:
                async with asyncio.timeout(ONE_ENDPOINT):
                    await super().connect()  # type: ignore[no-untyped-call]
            except TimeoutError:
                log.warning("no connection to Slack; asking for another address")
                self.wss_uri = None
            else:
                log.info("connected to Slack")
                return


class Hearing:
    """Gives every envelope to Bolt. Unless Bolt says 200 it is not acknowledged, and Slack delivers it again."""

    def __init__(self, app: AsyncApp) -> None:
        self._app = app
        self._under_way: set[asyncio.Task[None]] = set()

    async def hear(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        task = asyncio.create_task(self._answer(client, request))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _answer(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        started = time.time()
        response = await deliver(self._app, request.payload, "socket_mode", _headers(request))
        try:
            await send_async_response(client, request, response, started)
        except (aiohttp.ClientError, ConnectionError, AttributeError) as error:
            log.warning(
                "an answer was lost with the connection, so it is delivered again: %s", type(error).__name__
            )

    async def finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PATIENCE)


def _headers(request: SocketModeRequest) -> Headers:
    """As over HTTP."""
    number = request.retry_attempt
    return {"x-slack-retry-num": str(number)} if number else {}


@asynccontextmanager
async def serve_socket_mode(app: AsyncApp, app_token: str, web: AsyncWebClient) -> AsyncIterator[None]:
    """Raises Refused when Slack does not take the app token."""
    socket, hearing = Socket(app_token, logger=_silent(), web_client=web, ping_interval=PING), Hearing(app)
    socket.socket_mode_request_listeners.append(hearing.hear)
    try:
        socket.wss_uri = await _first_address(socket)
        await socket.connect()
        yield
    finally:
        await hearing.finish()
        await socket.close()  # type: ignore[no-untyped-call]
        await socket.aiohttp_client_session.close()


async def _first_address(socket: Socket) -> str | None:
    """None: Slack can't be reached just now, and connecting goes on trying."""
    try:
        return await socket.issue_new_wss_url()
    except SlackApiError as error:
        named = named_error("apps.connections.open", error)
        if named.lasting:
            raise named from None
    except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError):
        pass
    return None


def _silent() -> logging.Logger:
    """The SDK writes payloads and the address with its ticket into its log."""
    logger = logging.getLogger("bot.socket_mode.sdk")
    logger.setLevel(logging.CRITICAL)
    return logger
