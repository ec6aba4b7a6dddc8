"""The bot's one HTTP server: Slack's door and that of events share its address, its bounds, and its silence."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

log = logging.getLogger(__name__)

LARGEST = 1024 * 1024
"""Bytes of a request."""
PATIENCE = 5.0
"""Seconds for a request's headers, and as many for its body. Slack wants its answer within 3
(docs.slack.dev/interactivity/handling-user-interaction), so for what takes longer nobody waits."""


class NotListening(Exception):
    """The address can't be listened on; the text says why."""


class Unread(Exception):
    """A request whose body is not even looked at, with the status that says so."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def body_of(request: web.Request, patience: float) -> bytes:
    """All of it, as it came. Raises `Unread`."""
    if "Content-Encoding" in request.headers:
        # Nobody who sends here compresses, and unpacking for a stranger is work.
        raise Unread(415)
    try:
        async with asyncio.timeout(patience):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Unread(413) from None
    except TimeoutError:
        # Of a broken chunk aiohttp says no more than that the body does not come.
        raise Unread(408) from None


def only(request: web.Request, name: str) -> str:
    """A header that stands there twice says nothing: whoever reads it next may read the other one."""
    values = request.headers.getall(name, [])
    return values[0] if len(values) == 1 else ""


def web_app(routes: Iterable[web.RouteDef]) -> web.Application:
    app = web.Application(client_max_size=LARGEST)
    app.router.add_routes(routes)
    app.on_response_prepare.append(_close)
    return app


async def _close(_: web.Request, response: web.StreamResponse) -> None:
    """One request per connection: aiohttp's limit for an idle one is then the limit for headers."""
    response.headers["Connection"] = "close"
    response.force_close()


def _silent() -> logging.Logger:
    """What aiohttp can't read it writes into its log: bytes of whoever sent them."""
    logger = logging.getLogger("bot.server.aiohttp")
    logger.setLevel(logging.CRITICAL)
    return logger


@asynccontextmanager
async def serving(
    routes: Iterable[web.RouteDef], host: str, port: int, patience: float = PATIENCE
) -> AsyncIterator[None]:
    """Raises `NotListening`, such as when the port is taken."""
    runner = web.AppRunner(
        web_app(routes),
        access_log=None,
        handle_signals=False,
        logger=_silent(),
        keepalive_timeout=patience,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise NotListening(f"{host}:{port}: {error.strerror or error}") from None
        log.info("listening on http://%s:%d", host, port)
        yield
    finally:
        await runner.cleanup()
