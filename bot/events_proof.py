"""Is a request from its source? Judged on raw bytes, in constant time, before anything parses them."""

import hashlib
import hmac

from aiohttp import web

from .events_settings import GitHubSigned, Proof, SharedSecret, SlackStyleSigned
from .http import verified
from .server import only

GITHUB = "X-Hub-Signature-256"
"""docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""


def proven(proof: Proof, request: web.Request, body: bytes, now: float) -> bool:
    """Never raises, whatever the headers hold."""
    secret = proof.secret.get_secret_value()
    match proof:
        case GitHubSigned():
            signed = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            return _same(signed, only(request, GITHUB))
        case SlackStyleSigned():
            timestamp, signature = only(request, proof.timestamp), only(request, proof.signature)
            return verified(secret, timestamp, signature, body, now, proof.window.total_seconds())
        case SharedSecret():
            return _same(secret, only(request, proof.header))


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))
