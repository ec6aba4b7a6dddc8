"""What a tool server answers, and the errors that say what an answer's absence proves.

ToolServerError
├── NotSent             nothing was done
│   └── Refused         the server knows no such tool, or not these parameters: to send them again is no use
└── ReplyLost           it may have been done; nobody can know from here
    ├── ServerFailed    the server answered with a protocol error in the middle of the call
    └── AskedForInput   the server wanted something of a person or a model; it was not given
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

from mcp_types import CallToolResult, TextContent, Tool
from pydantic import BaseModel, ConfigDict

from activities.mcp_stdio import safe_json, safe_text

TEXT_LIMIT = 16 * 1024 * 1024  # characters of a reply's text: no message of a server is longer (mcp_stdio)


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


class NotSent(ToolServerError):
    """Nothing was done: the server can't be started, it was gone before a byte left, or it knows no such call."""


class Refused(NotSent):
    """The server was asked and called nothing: it knows no such tool, or not these parameters. No retry mends that."""


class ReplyLost(ToolServerError):
    """The request left and no reply can be trusted: it may have been done."""


class ServerFailed(ReplyLost):
    """The server answered a call it understood with a protocol error, which says nothing of how far it got.

    Unless the contract knows better: *reply* is the error as a tool's own would be, with its code. It is not masked.
    """

    def __init__(self, text: str, reply: "ToolReply") -> None:
        super().__init__(text)
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
    """How many parts of other kinds came beside: image, audio, resource, resource_link. They are not kept."""

    @classmethod
    def of(cls, result: CallToolResult) -> Self:
        structured = safe_json(result.structured_content)
        if structured is not None and not isinstance(structured, dict):
            structured = {"result": structured}
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        return cls(
            text=cut(safe_text(text)),
            structured=structured,
            is_error=result.is_error,
            other=Counter(part.type for part in result.content if not isinstance(part, TextContent)),
        )

    @classmethod
    def of_error(cls, code: int, message: str) -> Self:
        return cls(text=cut(safe_text(message)), structured={"code": code}, is_error=True, other={})


def cut(text: str) -> str:
    """Bounded, and the cut stated."""
    if len(text) <= TEXT_LIMIT:
        return text
    return f"{text[:TEXT_LIMIT]}… [cut: {TEXT_LIMIT} of {len(text)} characters shown]"
