"""What an HTTP answer says, and what it proves.

success                   a reply
429                       NotSent: it was turned away at the door
408, 502, 503, 504        ServerFailed: it waits, or nobody knows how far it got
anything else             an error of the tool, its code the status: the contract knows what that proves
"""

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from workflows.rules.canonical import NotCanonical, canonical
from workflows.values.base import Json

from .http_tools import HttpTool
from .safe import safe_json, safe_text
from .tool_replies import NotSent, ReplyLost, ServerFailed, ToolReply, cut

LARGEST_ANSWER = 5_000_000
"""Bytes."""
LONGEST_WAIT = 3600.0
"""Seconds that an answer may make us wait."""
CHARSETS = {"utf-8", "ascii", "iso8859-1", "cp1252", "utf-16"}
"""By the codec's own name. Of Python's others some unpack or evaluate."""
TEXTS = ("application/json", "application/xml", "application/yaml", "application/javascript")
UNSETTLED = (408, 502, 503, 504)
WHAT_TO_DO = {
    401: "the credentials are refused: look at the server's headers in the config",
    403: "the credentials do not allow it: look at the server's headers in the config",
}


@dataclass(frozen=True)
class Answer:
    """A status line, headers by their names in small letters, and what came of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    unread: str = ""
    """Why the body is not whole."""


def reply_of(what: str, tool: HttpTool, answer: Answer) -> ToolReply:
    """*what* is the tool's full name. Raises NotSent, ReplyLost or ServerFailed."""
    if not tool.succeeds_with(answer.status):
        return _failure(what, answer)
    if answer.unread:
        return _done_unread(what, tool, answer)
    said = _said(answer)
    if tool.where and not _has(said.value, tool.where):
        wanted = ", ".join(f"{name}: {canonical(value)}" for name, value in tool.where.items())
        return _error(answer, f"the answer does not say {wanted}", said)
    structured = _structured(answer, said.value) if said.is_json else None
    text = json.dumps(structured, ensure_ascii=False) if said.is_json else said.text
    return ToolReply(text=cut(text), structured=structured, is_error=False, other=said.other)


def _failure(what: str, answer: Answer) -> ToolReply:
    after = _after(answer.headers.get("retry-after", ""))
    if answer.status == 429:
        raise NotSent(f"{what} is called too often (HTTP 429)", after=after)
    reply = _error(answer, WHAT_TO_DO.get(answer.status, "") or _points_to(answer), _said(answer))
    if answer.status in UNSETTLED:
        raise ServerFailed(f"{what} failed (HTTP {answer.status})", reply, after=after)
    return reply


def _error(answer: Answer, note: str, said: "_Said") -> ToolReply:
    status = f"HTTP {answer.status}" + (f", {note}" if note else "")
    structured: dict[str, Any] = {"code": answer.status}
    if said.is_json:
        structured["answer"] = said.value
    text = safe_text(f"{status}: {said.text}" if said.text else status)
    return ToolReply(text=cut(text), structured=structured, is_error=True, other=said.other)


def _points_to(answer: Answer) -> str:
    if not 300 <= answer.status < 400 or "location" not in answer.headers:
        return ""
    return f"it points to {answer.headers['location']}, and Handrail follows nothing"


def _done_unread(what: str, tool: HttpTool, answer: Answer) -> ToolReply:
    """It was done: the status says so. What it said is lost."""
    text = f"It answered HTTP {answer.status}, and the rest can't be read: {answer.unread}"
    if tool.method == "GET" or tool.where:
        raise ReplyLost(f"{what} answered HTTP {answer.status}, and the rest can't be read: {answer.unread}")
    return ToolReply(text=f"{text}.", structured=None, is_error=False, other={"answer": 1})


@dataclass(frozen=True)
class _Said:
    """A body, as far as it can be read."""

    text: str = ""
    value: Json = None
    is_json: bool = False
    other: dict[str, int] = field(default_factory=dict)


def _said(answer: Answer) -> _Said:
    kind = Message()
    kind["content-type"] = answer.headers.get("content-type", "")
    media = kind.get_content_type()  # text/plain where nothing, or nonsense, stands there
    if answer.unread:
        return _Said(text=f"[its answer can't be read: {answer.unread}]")
    if not (media.startswith("text/") or media in TEXTS or media.endswith(("+json", "+xml"))):
        return _Said(other={"binary": 1} if answer.body else {})
    text = safe_text(answer.body.decode(_charset(kind), errors="replace"))
    if media == "application/json" or media.endswith("+json"):
        try:
            return _Said(text=text, value=safe_json(json.loads(answer.body)), is_json=True)
        except (ValueError, RecursionError):
            pass  # it is no JSON, whatever it says: then it is text
    return _Said(text=text)


def _charset(kind: Message) -> str:
    try:
        named = codecs.lookup(kind.get_content_charset() or "utf-8").name
    except LookupError:
        return "utf-8"
    return named if named in CHARSETS else "utf-8"


def _structured(answer: Answer, value: Json) -> dict[str, Any]:
    content: dict[str, Any] = value if isinstance(value, dict) else {"result": value}
    if "etag" in answer.headers:
        content = {"etag": safe_text(answer.headers["etag"]), **content}
    return content


def _has(value: Json, where: Mapping[str, Json]) -> bool:
    """As written: in Python 1, 1.0 and true are equal."""
    if not isinstance(value, dict):
        return False
    try:
        return all(
            name in value and canonical(value[name]) == canonical(wanted) for name, wanted in where.items()
        )
    except NotCanonical:
        return False


def _after(said: str) -> float | None:
    """Seconds, of `Retry-After`: a number of them, or a date (RFC 9110, 10.2.3)."""
    try:
        seconds = float(said) if said.isdecimal() else _until(said)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _until(date: str) -> float:
    return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
