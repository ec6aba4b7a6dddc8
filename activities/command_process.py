"""One command from start to end: bounded in time and output, and gone with all it started."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from pwd import getpwnam
from typing import Any, Self, cast

GRACE = 5.0
"""Seconds between asking a command to go (SIGTERM) and insisting."""
LAST_MOMENT = 1.0
"""Seconds in which what a command printed before it ended is still read."""


@dataclass(frozen=True)
class Command:
    vector: list[bytes]
    env: Mapping[str, str] = field(repr=False)
    folder: str
    stdin: bytes | None = field(repr=False)
    user: str | None
    output_limit: int


class Output:
    """What came on one stream: all of it, or its beginning and its end."""

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self.head = bytearray()
        self.tail = bytearray()
        self.lost = 0
        """Bytes between them that were not kept."""

    def add(self, data: bytes) -> None:
        room = self._half - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        # Shortened now and then rather than with every piece.
        if len(self.tail) > 2 * self._half:
            self.trim()

    def trim(self) -> None:
        over = max(len(self.tail) - self._half, 0)
        del self.tail[:over]
        self.lost += over

    def within(self, limit: int) -> "Output":
        """The same, with at most so many bytes."""
        whole, half = self.head + self.tail, limit // 2
        if len(whole) <= limit:
            return self
        shorter = Output(limit)
        shorter.head, shorter.tail = whole[:half], whole[-half:]
        shorter.lost = self.lost + len(whole) - 2 * half
        return shorter


class Running(asyncio.SubprocessProtocol):
    """A command under way, in a session and a process group of its own."""

    def __init__(self, output_limit: int, stdin: bytes | None) -> None:
        self._stdin = stdin
        self.stdout = Output(output_limit)
        self.stderr = Output(output_limit)
        self.interrupted = False
        """It was told to go before it had ended by itself."""
        self._exited = asyncio.Event()
        self._silent = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None

    @classmethod
    async def started(cls, command: Command) -> Self:
        """Raises OSError, ValueError or LookupError where it can't be started: then nothing was done."""
        who = _identity(command.user)
        _, running = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(command.output_limit, command.stdin),
            *command.vector,
            stdin=asyncio.subprocess.DEVNULL if command.stdin is None else asyncio.subprocess.PIPE,
            env=command.env,
            cwd=command.folder,
            start_new_session=True,
            **who,
        )
        return running

    @property
    def exit_code(self) -> int:
        """Below zero: the signal that killed it."""
        assert self._transport is not None
        code = self._transport.get_returncode()
        assert code is not None
        return code

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        if self._stdin is not None:
            pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
            pipe.write(self._stdin)
            # It closes once all is written, or the command has stopped listening.
            pipe.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        (self.stdout if fd == 1 else self.stderr).add(data)

    def process_exited(self) -> None:
        self._exited.set()
        # What it left running holds its pipes open, and would go on with nobody to answer for it.
        self._signal_group(signal.SIGKILL)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._silent.set()

    # Called by who started it

    async def end(self, until: float) -> None:
        """Until it has ended, by itself or because its time was over."""
        try:
            async with asyncio.timeout_at(until):
                await self._exited.wait()
        except TimeoutError:
            await self.stop()
        with suppress(TimeoutError):
            # Something that left the group may hold the pipes open for ever.
            await asyncio.wait_for(self._silent.wait(), LAST_MOMENT)
        self.stdout.trim()
        self.stderr.trim()

    async def stop(self) -> None:
        """SIGTERM to all of the group, then SIGKILL. Bounded."""
        if self._exited.is_set():
            return
        self.interrupted = True
        self._signal_group(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), GRACE)
        self._signal_group(signal.SIGKILL)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), GRACE)

    def close(self) -> None:
        """Let go of it; what still runs is killed."""
        assert self._transport is not None
        self._signal_group(signal.SIGKILL)
        self._transport.close()

    def _signal_group(self, which: signal.Signals) -> None:
        assert self._transport is not None
        # It leads a process group of its own, whose id stays its pid.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._transport.get_pid(), which)


def _identity(user: str | None) -> dict[str, Any]:
    """What makes a process somebody's. Raises LookupError, PermissionError."""
    if user is None:
        return {}
    try:
        entry = getpwnam(user)
    except KeyError:
        raise LookupError(f"there is no user {user} here") from None
    if entry.pw_uid == os.geteuid():
        return {}
    if os.geteuid() != 0:
        raise PermissionError(f"only a worker that runs as root can run it as {user}")
    groups = os.getgrouplist(user, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}


def hand_over(folder: Path, user: str | None) -> None:
    """The folder belongs to whom the command runs as. Raises as starting does."""
    who = _identity(user)
    if who:
        os.chown(folder, who["user"], who["group"])
