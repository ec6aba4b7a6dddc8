"""Slack over HTTP: every request is verified on its raw bytes before anything parses it, and every refusal is a 4xx.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp

from .listeners import Headers, deliver

log = logging.getLogger(__name__)

PATH = "/slack/events"
LARGEST = 1024 * 1024
"""Bytes of a request."""
WINDOW = 5 * 60
"""Seconds between Slack's clock and ours."""
PATIENCE = 5.0
"""Seconds for a request's headers, and as many for its body. Slack wants its answer within 3
(docs.slack.dev/interactivity/handling-user-interaction), so for what takes longer nobody waits."""


def verified(secret: str, timestamp: str, signature: str, body: bytes, now: float) -> bool:
    """Is this from Slack, and recent? Never raises, whatever the headers hold."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > WINDOW:
        return False
    signed = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={signed}".encode(), signature.encode("utf-8", "surrogateescape"))


class Door:
    def __init__(
        self,
        app: AsyncApp,
        secret: str,
        now: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        if not secret:
            raise ValueError("a signing secret is needed: without it anybody could speak as Slack")
        self._app = app
        self._secret = secret
        self._now = now
        self._patience = patience

    async def hear(self, request: web.Request) -> web.Response:
        if "Content-Encoding" in request.headers:
            # Slack compresses nothing, and unpacking for a stranger is work.
            return web.Response(status=415)
        try:
            async with asyncio.timeout(self._patience):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        except TimeoutError:
            # Of a broken chunk aiohttp says no more than that the body does not come.
            return web.Response(status=408)
        timestamp = _only(request, "X-Slack-Request-Timestamp")
        signature = _only(request, "X-Slack-Signature")
        if not verified(self._secret, timestamp, signature, body, self._now()):
            log.warning("a request without a valid signature was refused")
            return web.Response(status=401)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return web.Response(status=400)
        answer = await deliver(self._app, text, "http", _headers(request), request.query_string)
        return await to_aiohttp_response(answer)

    def web_app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_post(PATH, self.hear)
        app.on_response_prepare.append(_close)
        return app


async def _close(_: web.Request, response: web.StreamResponse) -> None:
    """One request per connection: aiohttp's limit for an idle one is then the limit for headers."""
    response.headers["Connection"] = "close"
    response.force_close()


def _only(request: web.Request, name: str) -> str:
    """A header that stands there twice says nothing: whoever reads it next may read the other one."""
    values = request.headers.getall(name, [])
    return values[0] if len(values) == 1 else ""


def _headers(request: web.Request) -> Headers:
    return {name: list(request.headers.getall(name)) for name in request.headers}


def _silent() -> logging.Logger:
    """What aiohttp can't read it writes into its log: bytes of whoever sent them."""
    logger = logging.getLogger("bot.http.server")
    logger.setLevel(logging.CRITICAL)
    return logger


@asynccontextmanager
async def serve_http(
    app: AsyncApp, secret: str, host: str, port: int, patience: float = PATIENCE
) -> AsyncIterator[None]:
    """Raises OSError when the port is taken."""
    runner = web.AppRunner(
        Door(app, secret, patience=patience).web_app(),
        access_log=None,
        handle_signals=False,
        logger=_silent(),
        keepalive_timeout=patience,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        log.info("listening for Slack on http://%s:%d%s", host, port, PATH)
        yield
    finally:
        await runner.cleanup()
