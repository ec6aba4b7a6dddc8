"""Signed HTTP: the same deliveries for an app that listens at a request URL."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from sandbox.deliveries import Delivery, Receipt
from sandbox.json_types import Json
from sandbox.settings import SandboxSettings

MOST_REDIRECTS = 2


class HttpDelivery:
    """A carrier that posts to the request URL; opened on first use, closed with the sandbox."""

    def __init__(self, settings: SandboxSettings, request_url: str) -> None:
        self._settings = settings
        self._url = request_url
        self._session: aiohttp.ClientSession | None = None

    async def carry(self, delivery: Delivery) -> Receipt:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        body, content_type = _body(delivery)
        headers = {"Content-Type": content_type, **self._signature(body), **_retry_headers(delivery)}
        timeout = aiohttp.ClientTimeout(total=self._settings.ack_seconds)
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=timeout, max_redirects=MOST_REDIRECTS
            ) as response:
                return _receipt(delivery, response, await response.text())
        except TimeoutError:
            return Receipt(acknowledged=False, reason="http_timeout")
        except aiohttp.TooManyRedirects:
            return Receipt(acknowledged=False, reason="too_many_redirects")
        except aiohttp.ClientSSLError:
            return Receipt(acknowledged=False, reason="ssl_error")
        except aiohttp.ClientError:
            return Receipt(acknowledged=False, reason="connection_failed")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _signature(self, body: str) -> dict[str, str]:
        """Slack's v0 scheme (docs.slack.dev, verifying requests)."""
        now = str(int(time.time()))
        secret = self._settings.signing_secret.encode()
        digest = hmac.new(secret, f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={digest}"}


def _body(delivery: Delivery) -> tuple[str, str]:
    form = "application/x-www-form-urlencoded"
    if delivery.type == "events_api":
        return json.dumps(delivery.payload), "application/json"
    if delivery.type == "slash_commands":
        return urlencode(delivery.payload), form
    return urlencode({"payload": json.dumps(delivery.payload)}), form


def _retry_headers(delivery: Delivery) -> dict[str, str]:
    if not delivery.retry_attempt:
        return {}
    return {
        "X-Slack-Retry-Num": str(delivery.retry_attempt),
        "X-Slack-Retry-Reason": delivery.retry_reason,
    }


def _receipt(delivery: Delivery, response: aiohttp.ClientResponse, text: str) -> Receipt:
    accepted = response.ok if delivery.type == "events_api" else response.status == 200
    if not accepted:
        refused = response.headers.get("X-Slack-No-Retry") == "1"
        return Receipt(acknowledged=False, reason="http_error", retry_refused=refused)
    return Receipt(acknowledged=True, answer=_answer(response, text) if delivery.takes_answer else None)


def _answer(response: aiohttp.ClientResponse, text: str) -> Json | None:
    if not text:
        return None
    if response.content_type == "application/json":
        try:
            answer = json.loads(text)
        except ValueError:
            return None
        return answer if isinstance(answer, dict) else None
    return {"text": text}
