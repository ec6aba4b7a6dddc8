"""What a connection runs over: the protocol's messages, and what is known of each request on its way."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCMessage, jsonrpc_message_adapter

from .safe import safe_json
from .tool_replies import ToolServerError

FRAME_LIMIT = 16 * 1024 * 1024  # bytes of one message; a server that says more in one breath is hung up on

Overhear = Callable[[str], None]
"""Hears the method of everything that a server asks of us."""


@dataclass(eq=False)
class Letter:
    """What is known of one request on its way."""

    left: bool = False
    """Whether its first byte may have reached the server."""
    fate: ToolServerError | None = None
    """What its line knows of why there is no answer."""
    withdrawn: bool = False
    """Nobody waits for an answer any more: what has not left by now must not leave."""


LETTER: ContextVar[Letter | None] = ContextVar("letter", default=None)


class Outgoing(Protocol):
    """What we say to the server, as the SDK's session wants to write it."""

    async def send(self, item: SessionMessage, /) -> None:
        """Raises anyio.ClosedResourceError where no byte could leave."""

    async def aclose(self) -> None: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class Line(Protocol):
    """One life of the way to a server."""

    @property
    def inbox(self) -> "Inbox": ...

    @property
    def outbox(self) -> Outgoing: ...

    @property
    def over(self) -> asyncio.Event:
        """Set once nothing comes in any more."""

    @property
    def gone(self) -> bool:
        """Whether it is of no more use, though its last words may still be on the way."""

    @property
    def ending(self) -> str:
        """How it ended, for a sentence; empty where it did not."""

    @property
    def last_words(self) -> str:
        """What the server said beside the protocol, last."""


class Inbox:
    """What the server says, as the SDK's session wants to read it."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[SessionMessage | None] = asyncio.Queue()
        self._ended = False

    def put(self, message: SessionMessage) -> None:
        self._messages.put_nowait(message)

    def end(self) -> None:
        self._messages.put_nowait(None)

    async def receive(self) -> SessionMessage | Exception:
        message = None if self._ended else await self._messages.get()
        if message is None:
            self._ended = True
            raise anyio.EndOfStream
        return message

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        self._ended = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def parsed(line: bytes) -> JSONRPCMessage | None:
    """The message that stands there; None where there is none."""
    with suppress(ValueError):
        return jsonrpc_message_adapter.validate_json(line, by_name=False)
    # Strict parsers refuse a lone surrogate or a byte that is not UTF-8. The message around it is worth having: it
    # may be the only word there is on an effect.
    with suppress(ValueError, RecursionError):
        value = json.loads(line.decode(errors="replace"), parse_constant=_no_constant)
        return jsonrpc_message_adapter.validate_python(safe_json(value), by_name=False)
    return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
