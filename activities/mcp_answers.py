"""What an HTTP answer proves of the call that it was to answer (reference/reliability, section 5)."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND, JSONRPCError

from .masking import Masker
from .mcp_line import parsed
from .safe import safe_text
from .tool_replies import (
    NotSent,
    Refused,
    ReplyLost,
    ServerFailed,
    SessionEnded,
    ToolReply,
    ToolServerError,
)

LARGEST_REASON = 64 * 1024  # bytes of an answer that is none, which are looked at
LONGEST_REASON = 300  # characters of it that are told
LONGEST_PAUSE = 300.0  # seconds: a server that wants to be left alone for longer is asked again all the same
SERVES_NOT: Final = frozenset({400, 404, 405, 406, 407, 410, 411, 413, 414, 415, 417, 422, 426, 431})
"""What is said of a request that was not carried out."""
MEANS_ELSEWHERE: Final = frozenset({307, 308})
"""The others may follow on what was done."""


def is_rpc_error(status: int, body: bytes, *, in_session: bool) -> bool:
    """Is *body* the protocol's own word on what went wrong, which is better than the status?"""
    said = parsed(body)
    if not isinstance(said, JSONRPCError) or status in (401, 403, 429):
        return False
    if _of_session(status, body, in_session=in_session):
        return False
    return status != 404 or said.error.code == METHOD_NOT_FOUND


def fate_of(
    response: httpx2.Response, body: bytes, name: str, masker: Masker, *, in_session: bool
) -> ToolServerError:
    """What an answer with another status than 200 proves."""
    status = response.status_code
    answered = f"{name} answered with {status}{_words(body, masker)}"
    after = _retry_after(response.headers)
    if status in (401, 403):
        do = (
            f"set valid credentials for servers.{name} (bearer, oauth or headers), and start the worker again"
        )
        return Refused(f"{name} did not accept our credentials ({status}{_words(body, masker)}): {do}")
    if status == 429:
        return NotSent(f"{name} is asked too often now{_words(body, masker)}", after=after)
    if 300 <= status < 400:
        return _elsewhere(response, name)
    if _of_session(status, body, in_session=in_session):
        return SessionEnded(f"{name} no longer knows our session")
    if status in SERVES_NOT:
        return Refused(answered)
    if 200 <= status < 300:
        return ReplyLost(f"{answered}, and that is no reply")
    text = safe_text(body.decode(errors="replace"))
    return ServerFailed(answered, ToolReply.of_error(status, text), after=after)


def _elsewhere(response: httpx2.Response, name: str) -> ToolServerError:
    there = response.headers.get("location", "")
    with suppress(httpx2.InvalidURL):
        # Without what may be a secret in it.
        there = str(response.url.join(there).copy_with(userinfo=b"", query=None, fragment=None))
    said = f"{name} redirects to {safe_text(there)[:LONGEST_REASON]}, which is not followed"
    if response.status_code in MEANS_ELSEWHERE:
        return Refused(f"{said}: if it is the same server, write that address")
    return ReplyLost(said)


def _of_session(status: int, body: bytes, *, in_session: bool) -> bool:
    """Does it speak of the session, and not of the call? Many servers say 400 where the protocol has 404."""
    said = parsed(body)
    code = said.error.code if isinstance(said, JSONRPCError) else None
    if not in_session or status not in (400, 404) or code in (METHOD_NOT_FOUND, INVALID_PARAMS):
        return False
    return status == 404 or b"session id" in body[:LONGEST_REASON].lower().replace(b"-", b" ")


def _words(body: bytes, masker: Masker) -> str:
    """What it said, for a sentence: not a page."""
    said = parsed(body)
    text = said.error.message if isinstance(said, JSONRPCError) else body.decode(errors="replace")
    line = " ".join(masker.quote(safe_text(text), LONGEST_REASON).split())
    return f": {line}" if line and not line.startswith("<") else ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a date (RFC 9110, section 10.2.3)."""
    said = headers.get("retry-after", "").strip()
    if said.isdigit():
        return min(float(said), LONGEST_PAUSE)
    with suppress(ValueError):
        until = parsedate_to_datetime(said)
        return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_PAUSE)
    return None
