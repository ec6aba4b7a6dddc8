"""One part of the demo as a process: started, ready, ended; never left behind."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from handrail.home import LOOPBACK, Home
from handrail.ready import FD_VARIABLE

START_PATIENCE = 30.0
"""Seconds until a part that says nothing counts as stuck."""
STOP_PATIENCE = 10.0
"""Seconds between asking a part to stop and insisting. A call of the demo's tools takes a tenth of it."""
LAST_LINES = 12
LARGEST_LOG = 4 * 1024 * 1024
BETWEEN_KNOCKS = 0.02
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Part:
    """What to start. With a *port* it is ready when it answers there; else when it says so (`handrail.ready`)."""

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    port: int | None = None
    listens: bool = False
    """It is told things on its standard input."""


@dataclass(frozen=True)
class End:
    """How a process ended: its exit status, or minus the signal that killed it."""

    code: int

    @property
    def killed(self) -> bool:
        return self.code < 0

    def __str__(self) -> str:
        return (
            f"was killed ({signal.Signals(-self.code).name})"
            if self.killed
            else f"ended with status {self.code}"
        )


class Life:
    """One run of a part's process. The process dies with us, however we end."""

    def __init__(self, part: Part, home: Home) -> None:
        self.part = part
        self._home = home
        reader, writer = os.pipe()
        log = home.log(part.name)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603 - our own parts
                    part.argv,
                    env={**part.environ, FD_VARIABLE: str(writer)},
                    pass_fds=(writer,),
                    stdin=subprocess.PIPE if part.listens else subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,  # noqa: PLW1509 - one thread, and nothing is imported in the child
                )
        finally:
            os.close(writer)
        home.pid_file(part.name).write_text(str(self._process.pid), encoding="utf-8")
        self._said_so = _first_byte(reader)
        self._exit = asyncio.get_running_loop().run_in_executor(None, self._process.wait)

    async def ready(self) -> bool:
        """Wait until it is ready; False when it ended first. Raises `TimeoutError` when it does neither."""
        waiting = asyncio.ensure_future(_answers(self.part.port) if self.part.port else self._said_so)
        either: set[asyncio.Future[Any]] = {waiting, self._exit}
        done, _ = await asyncio.wait(either, timeout=START_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if waiting in done:
            return waiting.result()
        waiting.cancel()
        if not done:
            raise TimeoutError
        return False

    async def ended(self) -> End:
        """Wait for its end."""
        code = await asyncio.shield(self._exit)
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        self._home.pid_file(self.part.name).unlink(missing_ok=True)
        return End(code)

    def tell(self, line: str) -> None:
        """A line on its standard input. What it no longer hears is lost."""
        if self._process.stdin is not None:
            with suppress(OSError, ValueError):
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()

    async def stop(self) -> None:
        """Ask it to end, insist after `STOP_PATIENCE`, and leave nothing of its group behind."""
        self._signal(signal.SIGTERM)
        await asyncio.wait({self._exit}, timeout=STOP_PATIENCE)
        self.kill()
        await self.ended()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def last_lines(self) -> str:
        """The end of its log."""
        with suppress(OSError):
            lines = self._home.log(self.part.name).read_text(encoding="utf-8", errors="replace").splitlines()
            return "\n".join(lines[-LAST_LINES:])
        return ""

    def _signal(self, number: signal.Signals) -> None:
        # It leads a process group of its own; the group can outlive it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _first_byte(reader: int) -> "asyncio.Future[bool]":
    """Becomes True with the first byte of a pipe, False at its end."""
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[bool] = loop.create_future()

    def hear() -> None:
        loop.remove_reader(reader)
        said = os.read(reader, 1)
        os.close(reader)
        if not heard.done():
            heard.set_result(bool(said))

    loop.add_reader(reader, hear)
    return heard


async def _answers(port: int) -> bool:
    """Wait until somebody accepts connections there. Only a knock can tell."""
    while True:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            await asyncio.sleep(BETWEEN_KNOCKS)
        else:
            writer.close()
            return True


_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Runs in the child: when the demo is killed outright, so is every part. Only Linux knows how."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
