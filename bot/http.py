"""Slack over HTTP: every request is verified on its raw bytes before anything parses it, and every refusal is a 4xx.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
import logging
import time
from collections.abc import Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp

from .listeners import Headers, deliver
from .server import PATIENCE, Unread, body_of, only

log = logging.getLogger(__name__)

PATH = "/slack/events"
WINDOW = 5 * 60
"""Seconds between Slack's clock and ours."""


def verified(
    secret: str, timestamp: str, signature: str, body: bytes, now: float, window: float = WINDOW
) -> bool:
    """Is this from Slack, or signed as Slack does, and recent? Never raises, whatever the headers hold."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > window:
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
        try:
            body = await body_of(request, self._patience)
        except Unread as unread:
            return web.Response(status=unread.status)
        timestamp = only(request, "X-Slack-Request-Timestamp")
        signature = only(request, "X-Slack-Signature")
        if not verified(self._secret, timestamp, signature, body, self._now()):
            log.warning("a request without a valid signature was refused")
            return web.Response(status=401)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return web.Response(status=400)
        answer = await deliver(self._app, text, "http", _headers(request), request.query_string)
        return await to_aiohttp_response(answer)

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.hear)]


def _headers(request: web.Request) -> Headers:
    return {name: list(request.headers.getall(name)) for name in request.headers}
