"""What a tool server answers, and the errors that say what an answer's absence proves.

ToolServerError
├── NotSent             nothing was done
│   ├── Refused         the server would not have it: no such tool, not these parameters, not this caller
│   └── SessionEnded    the server has forgotten that it knows us: over a new connection it may be asked again
└── ReplyLost           it may have been done; nobody can know from here
    ├── ServerFailed    the server answered with a protocol error in the middle of the call
    └── AskedForInput   the server wanted something of a person or a model; it was not given
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
)
from pydantic import BaseModel, ConfigDict

from activities.safe import safe_json, safe_text

TEXT_LIMIT = 16 * 1024 * 1024  # characters of a reply's text: no message of a server is longer (mcp_stdio)
MOST_KINDS, LONGEST_KIND = 20, 100  # of what else came, and characters of what one is called


@dataclass(frozen=True)
class Patience:
    """How long a server may take for what comes before a call, in seconds."""

    start: float = 30.0
    """To be ready. Of these the SDK spends up to 10 on a server that does not know its first question."""
    listing: float = 20.0
    """To list its tools, all pages together."""
    sign_of_life: float = 5.0
    """To answer anything, after it let a call time out."""


class ToolServerError(Exception):
    """Something between us and a tool server went wrong. The text is fit for people; it may quote the server."""

    def __init__(self, text: str, *, after: float | None = None) -> None:
        super().__init__(text)
        self.after = after
        """Seconds that the server wants to be left alone, where it says so."""


class NotSent(ToolServerError):
    """Nothing was done: the server can't be reached, it was gone before a byte left, or it would not have the call."""


class Refused(NotSent):
    """The server was asked and called nothing: it knows no such tool, not these parameters, or would not have us ask.

    No retry mends that.
    """


class SessionEnded(NotSent):
    """The server was asked and called nothing, for it no longer knows the session that it was asked in."""


class ReplyLost(ToolServerError):
    """The request left and no reply can be trusted: it may have been done."""


class ServerFailed(ReplyLost):
    """The server answered a call it understood with a protocol error, which says nothing of how far it got.

    Unless the contract knows better: *reply* is the error as a tool's own would be, with its code. It is not masked.
    """

    def __init__(self, text: str, reply: "ToolReply", *, after: float | None = None) -> None:
        super().__init__(text, after=after)
        self.reply = reply


class AskedForInput(ReplyLost):
    """The server asked for input in the middle of the call. It was refused; what was done before, nobody can know."""


class ToolDefinition(BaseModel):
    """A tool as its server describes it. The description and the hints are the server's claims."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    annotations: dict[str, Any]

    @classmethod
    def of(cls, tool: Tool) -> Self:
        annotations = (
            tool.annotations.model_dump(by_alias=True, exclude_none=True) if tool.annotations else {}
        )
        return cls(
            name=tool.name,
            description=safe_text(tool.description or ""),
            input_schema=safe_json(tool.input_schema),
            output_schema=safe_json(tool.output_schema),
            annotations=safe_json(annotations),
        )

    def definition(self) -> dict[str, Any]:
        """The whole of it as JSON, for a digest."""
        return self.model_dump(mode="json")

    def same_as(self, other: Self) -> bool:
        # As written: in Python 1, 1.0 and true are equal.
        mine, theirs = (json.dumps(each.definition(), sort_keys=True) for each in (self, other))
        return mine == theirs


class ToolReply(BaseModel):
    """What a call gave back. It came: whether as a success or as the tool's own error."""

    model_config = ConfigDict(frozen=True)

    text: str
    """All text parts, one after the other; at most TEXT_LIMIT characters, then a note of the cut."""
    structured: dict[str, Any] | None
    is_error: bool
    other: dict[str, int]
    """What else came, such as `image/png of 3 bytes`, and how often. It is not kept."""

    @classmethod
    def of(cls, result: CallToolResult) -> Self:
        structured = safe_json(result.structured_content)
        if structured is not None and not isinstance(structured, dict):
            structured = {"result": structured}
        text = "\n".join(said for part in result.content if (said := _text_of(part)))
        return cls(
            text=cut(safe_text(text)),
            structured=structured,
            is_error=result.is_error,
            other=dict(Counter(filter(None, map(_kind_of, result.content))).most_common(MOST_KINDS)),
        )

    @classmethod
    def of_error(cls, code: int, message: str) -> Self:
        return cls(text=cut(safe_text(message)), structured={"code": code}, is_error=True, other={})


def _text_of(part: ContentBlock) -> str:
    """The text of it that was meant to be read."""
    match part:
        case TextContent():
            return part.text
        case EmbeddedResource(resource=TextResourceContents() as resource):
            return f"[{resource.uri}]\n{resource.text}"
        case ResourceLink():
            return f"[link to {part.name}: {part.uri}]"
        case _:
            return ""


def _kind_of(part: ContentBlock) -> str:
    """What it is, where it can't be read."""
    match part:
        case ImageContent() | AudioContent():
            said = f"{part.mime_type} of {_size(part.data)}"
        case EmbeddedResource(resource=BlobResourceContents() as resource):
            said = f"{resource.mime_type or 'a resource'} of {_size(resource.blob)}"
        case _:
            return ""
    return " ".join(safe_text(said).split())[:LONGEST_KIND]


def _size(base64: str) -> str:
    return f"{len(base64.rstrip('=')) * 3 // 4:,} bytes"


def cut(text: str) -> str:
    """Bounded, and the cut stated."""
    if len(text) <= TEXT_LIMIT:
        return text
    return f"{text[:TEXT_LIMIT]}… [cut: {TEXT_LIMIT} of {len(text)} characters shown]"
