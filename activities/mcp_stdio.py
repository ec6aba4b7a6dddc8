"""A tool server's process, and the protocol's messages over its pipes.

The SDK has a stdio transport of its own. This one differs where it matters to an effect: it knows whether a request's
first byte has left, it gives the server no more environment than was named, it survives anything a server may print,
and it takes the server's whole process group down with it.
"""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Self, cast

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCRequest
from pydantic import BaseModel, ConfigDict, Field

from .mcp_line import FRAME_LIMIT, LETTER, Inbox, Letter, Overhear, parsed
from .safe import safe_text

STDERR_LINE_LIMIT = 2_000  # bytes of a line that reach the log
LAST_MOMENT = 0.2  # seconds in which a process that hung up may still show how it ended
GRACE = 1.0  # seconds between asking a process to go (stdin ends, then SIGTERM) and insisting

logger = logging.getLogger(__name__)


class ServerSettings(BaseModel):
    """How one tool server is started."""

    model_config = ConfigDict(frozen=True)

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict, repr=False)  # may hold the server's credentials
    cwd: str | None = None


class Outbox:
    """What we say to the server, as the SDK's session wants to write it."""

    def __init__(self, write: Callable[[bytes, Letter | None], None]) -> None:
        self._write = write

    async def send(self, item: SessionMessage, /) -> None:
        """Raises anyio.ClosedResourceError where no byte could leave."""
        line = item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        self._write(line, LETTER.get() if isinstance(item.message, JSONRPCRequest) else None)

    async def aclose(self) -> None:
        """The process is stopped by who started it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class ServerProcess(asyncio.SubprocessProtocol):
    """One life of one tool server."""

    def __init__(self, name: str, on_request: Overhear) -> None:
        self.name = name
        self.inbox = Inbox()
        self.outbox = Outbox(self._write)
        self.over = asyncio.Event()
        self.last_words = ""
        self._on_request = on_request
        self._exited = asyncio.Event()
        self._deaf = False
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdout = bytearray()
        self._searched = 0
        self._stderr = bytearray()

    @property
    def pid(self) -> int:
        assert self._transport is not None
        return self._transport.get_pid()

    @property
    def gone(self) -> bool:
        """Whether it is of no more use, though its last words may still be on the way."""
        return self._deaf or self._exited.is_set() or self.over.is_set()

    @property
    def ending(self) -> str:
        """How it ended, for a sentence."""
        code = self._transport.get_returncode() if self._transport else None
        if code is None:
            return "it hung up"
        return f"it was killed by {signal.Signals(-code).name}" if code < 0 else f"it exited with code {code}"

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._hear(data)
        else:
            self._log_stderr(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if fd == 1:
            self._deaf = True
            self._end_in(0 if self._exited.is_set() else LAST_MOMENT)
        elif fd == 2:
            self._log_stderr(b"\n" if self._stderr else b"")

    def process_exited(self) -> None:
        self._exited.set()
        # Its children may hold the pipe open; without it they have nobody to work for.
        self._signal_group(signal.SIGKILL)
        # What it said before it went is still in the pipe, unless that has ended too.
        self._end_in(0 if self._deaf else GRACE)

    # What it says

    def _hear(self, data: bytes) -> None:
        if self.over.is_set():
            return
        self._stdout += data
        while (end := self._stdout.find(b"\n", self._searched)) >= 0:
            line = bytes(self._stdout[:end])
            del self._stdout[: end + 1]
            self._searched = 0
            if line.strip():
                self._take(line)
        self._searched = len(self._stdout)
        if self._searched > FRAME_LIMIT:
            logger.warning("%s: said more than %d bytes in one message; hanging up", self.name, FRAME_LIMIT)
            self._end()

    def _take(self, line: bytes) -> None:
        message = parsed(line)
        if message is None:
            logger.warning("%s: printed %d bytes on stdout that are no message", self.name, len(line))
            return
        if isinstance(message, JSONRPCRequest):
            self._on_request(message.method)
        self.inbox.put(SessionMessage(message))

    def _log_stderr(self, data: bytes) -> None:
        self._stderr += data
        *lines, rest = self._stderr.split(b"\n")
        self._stderr = rest[:STDERR_LINE_LIMIT]
        for line in lines:
            text = safe_text(line[:STDERR_LINE_LIMIT].decode(errors="replace")).rstrip()
            if text:
                self.last_words = text
                logger.debug("%s says: %s", self.name, text)

    def _end_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        if not self.over.is_set():
            self.over.set()
            self.inbox.end()

    # What it is told

    def _write(self, line: bytes, letter: Letter | None) -> None:
        assert self._transport is not None
        stdin = cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))
        if stdin is None or stdin.is_closing() or self.gone:
            raise anyio.ClosedResourceError
        nothing_queued = stdin.get_write_buffer_size() == 0
        stdin.write(line)
        # With nothing queued the first byte is written at once, so a pipe found broken now took none.
        if stdin.is_closing() and nothing_queued:
            raise anyio.BrokenResourceError
        if letter is not None:
            letter.left = True

    async def stop(self) -> None:
        """End it and all it started: stdin ends, then SIGTERM, then SIGKILL. Bounded, and leaves no zombie."""
        assert self._transport is not None
        self._end()
        stdin = self._transport.get_pipe_transport(0)
        if stdin is not None:
            stdin.close()
        if not await self._exits():
            self._signal_group(signal.SIGTERM)
            if not await self._exits():
                self._signal_group(signal.SIGKILL)
                await self._exits()
        self.kill()
        # One turn of the loop, in which the closed pipes say goodbye.
        await asyncio.sleep(0)

    def kill(self) -> None:
        """End it and all it started at once. Whether it is gone is not waited for."""
        assert self._transport is not None
        self._signal_group(signal.SIGKILL)
        self._transport.close()

    async def _exits(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), GRACE)
        return self._exited.is_set()

    def _signal_group(self, which: signal.Signals) -> None:
        # It leads a process group of its own, whose id stays its pid.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, which)


@asynccontextmanager
async def running(settings: ServerSettings, path: str, on_request: Overhear) -> AsyncIterator[ServerProcess]:
    """The server's process, from start to end. Raises OSError or ValueError where it can't be started.

    Its environment is PATH (*path*, unless the settings name one) and what the settings name: nothing of ours.
    """
    env: Mapping[str, str] = {"PATH": path, **settings.env}
    _, process = await asyncio.get_running_loop().subprocess_exec(
        lambda: ServerProcess(settings.name, on_request),
        settings.command,
        *settings.args,
        env=env,
        cwd=settings.cwd,
        start_new_session=True,
    )
    logger.info("%s: process %d", settings.name, process.pid)
    try:
        yield process
    finally:
        try:
            await process.stop()
        except asyncio.CancelledError:
            process.kill()
            raise
