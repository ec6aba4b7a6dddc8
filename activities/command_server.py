"""A tool server whose tools are commands, declared one by one in the config.

it could not be started        NotSent
it ended with an exit code     an answer: a success for those in `success_exit`, else an error, `code <exit code>`
its time was over, or it was   ReplyLost: how far it came, nobody can know from here
killed by a signal
"""

import asyncio
import json
import os
import signal
import stat
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .answers import HALF_A_SECRET
from .artifacts import LARGEST, Artifacts, NoArtifact
from .command_process import Command, Output, Running, hand_over
from .command_tools import ARTIFACT, CommandSettings, CommandTool, definition, standard_input, vector
from .declared import expected
from .masking import PLAIN, Masker
from .safe import safe_json, safe_text
from .tool_replies import NotSent, Refused, ReplyLost, ToolDefinition, ToolReply

LONGEST_STDOUT, LONGEST_STDERR = 48_000, 8_000
"""Bytes that an answer's text holds of them: together less than TEXT_LIMIT."""
NO_JSON = "[it ended well, but what it printed is no JSON]"


class CommandServer:
    """A `ToolServer`. Each call is a process of its own."""

    def __init__(
        self,
        settings: CommandSettings,
        artifacts: Artifacts,
        *,
        path: str = os.defpath,
        masker: Masker = PLAIN,
    ) -> None:
        """*path* is the commands' PATH where the settings name none."""
        self.name = settings.name
        self._settings = settings
        self._artifacts = artifacts
        self._env = {"PATH": path, **settings.env}
        self._masker = masker
        self._tools = {name: definition(settings, name) for name in settings.tools}
        self._running: set[Running] = set()
        self._closed = False

    async def start(self) -> None:
        folder = self._settings.folder
        if folder is not None and not await asyncio.to_thread(Path(folder).is_dir):
            raise NotSent(f"{self.name} can't work: there is no folder {folder}")

    async def tools(self) -> Mapping[str, ToolDefinition]:
        return self._tools

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - as in ToolServer
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        until = asyncio.get_running_loop().time() + timeout
        expected(self.name, self._tools, tool, as_listed)
        said, what = self._settings.tools[tool], f"{self.name}.{tool}"
        with TemporaryDirectory(prefix="handrail-", ignore_cleanup_errors=True) as folder:
            file = Path(folder, ARTIFACT)
            running = await self._start(what, said, arguments, file, until)
            self._running.add(running)
            try:
                if self._closed:
                    # It was being started while this server was closed, which did not know of it.
                    await running.stop()
                await running.end(until)
                if running.interrupted:
                    why = (
                        "this worker was stopped" if self._closed else f"it did not end within {timeout:g} s"
                    )
                    raise ReplyLost(f"{what} was killed: {why}")
                if running.exit_code < 0:
                    raise ReplyLost(f"{what} was killed by {_ended_by(-running.exit_code)}")
                reply = self._reply(tool, running)
            finally:
                running.close()
                self._running.discard(running)
            return await self._with_artifact(what, reply, file) if said.makes_artifact else reply

    async def aclose(self) -> None:
        self._closed = True
        await asyncio.gather(*(running.stop() for running in self._running))

    # Before

    async def _start(
        self, what: str, said: CommandTool, arguments: dict[str, Any], file: Path, until: float
    ) -> Running:
        """Raises NotSent, Refused."""
        settings = self._settings
        places = (
            {**arguments, ARTIFACT: str(file)} if said.makes_artifact or said.takes_artifact else arguments
        )
        try:
            command = Command(
                vector=vector(said, places),
                stdin=standard_input(said, places),
                env=self._env,
                folder=settings.folder or str(file.parent),
                user=settings.user,
                output_limit=settings.output_limit,
            )
            async with asyncio.timeout_at(until):
                if said.takes_artifact:
                    content = await self._artifacts.get(str(arguments.get(ARTIFACT)))
                    await asyncio.to_thread(file.write_bytes, content)
                    hand_over(file, settings.user)
            hand_over(file.parent, settings.user)
            if self._closed:
                raise NotSent(f"{what} is not run any more: this worker is stopping")
            return await Running.started(command)
        except NoArtifact as error:
            raise Refused(f"{what} can't be run: {error}") from None
        except TimeoutError:
            raise NotSent(f"{what} was not started in time") from None
        except FileNotFoundError:
            raise NotSent(f"{what} can't be run: {self._missing(said)}") from None
        except (OSError, ValueError, LookupError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise NotSent(f"{what} can't be run: {why}") from None

    def _missing(self, said: CommandTool) -> str:
        folder = self._settings.folder
        if folder is not None and not Path(folder).is_dir():
            return f"there is no folder {folder}"
        return f"there is no program {said.run[0]}"

    # After

    def _reply(self, tool: str, running: Running) -> ToolReply:
        said, code = self._settings.tools[tool], running.exit_code
        stdout, stderr = running.stdout.within(LONGEST_STDOUT), running.stderr.within(LONGEST_STDERR)
        printed, beside = self._text(stdout), self._text(stderr)
        left_out = {"bytes of stdout": stdout.lost, "bytes of stderr": stderr.lost}
        if code not in said.success_exit:
            # Its reason stands in front, where `proves_nothing_done` looks for it.
            text = _lines(beside, printed) or f"it ended with exit code {code}"
            return _reply(text, {"exit_code": code, "code": code}, left_out, is_error=True)
        beside = f"[stderr]\n{beside}" if beside else ""
        if not said.json:
            return _reply(_lines(printed, beside), {"exit_code": code}, left_out)
        try:
            content = _json(running.stdout)
        except (ValueError, RecursionError):
            # Of a change the exit code says that it was made. Of a read what it printed is all there is.
            text = _lines(NO_JSON, printed, beside)
            return _reply(text, {"exit_code": code}, left_out, is_error=tool in self._settings.reading)
        return _reply(beside, content, {"bytes of stderr": stderr.lost})

    def _text(self, output: Output) -> str:
        """Masked where something of it is left out: half a secret would not be known again."""
        if not output.lost:
            return _decoded(output.head + output.tail)
        head = self._masker.text(_decoded(output.head))[:-HALF_A_SECRET]
        tail = self._masker.text(_decoded(output.tail))[HALF_A_SECRET:]
        return f"{head}\n[… {output.lost:,} bytes and what is next to them were left out here …]\n{tail}"

    async def _with_artifact(self, what: str, reply: ToolReply, file: Path) -> ToolReply:
        """With what gets the file back. Raises ReplyLost."""
        if reply.is_error:
            return reply
        try:
            content = await asyncio.to_thread(_content, file)
            digest = await self._artifacts.put(content)
        except (OSError, NoArtifact) as error:
            raise ReplyLost(f"the file that {what} made is lost: {error}") from None
        except _NoFile as problem:
            return _reply(str(problem), None, {}, is_error=True)
        structured = {**(reply.structured or {}), ARTIFACT: digest, f"{ARTIFACT}_bytes": len(content)}
        return reply.model_copy(update={"structured": structured})


class _NoFile(Exception):
    """The command left none that could be kept; the text says why."""


def _content(file: Path) -> bytes:
    """Raises OSError, _NoFile."""
    try:
        # Another user's command may have put a link there, to what only the worker may read.
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise _NoFile("it made no file") from None
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise _NoFile("what it made is no file")
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise _NoFile(f"the file that it made is larger than {LARGEST:,} bytes")
    return content


def _reply(
    text: str, structured: dict[str, Any] | None, left_out: Mapping[str, int], *, is_error: bool = False
) -> ToolReply:
    other = {what: count for what, count in left_out.items() if count}
    return ToolReply(text=text, structured=structured, is_error=is_error, other=other)


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _ended_by(signal_number: int) -> str:
    try:
        return signal.Signals(signal_number).name
    except ValueError:
        return f"signal {signal_number}"


def _decoded(data: bytes | bytearray) -> str:
    return safe_text(data.decode(errors="replace")).rstrip("\n")


def _json(output: Output) -> dict[str, Any]:
    """Raises ValueError, RecursionError."""
    if output.lost:
        raise ValueError("not all of it is there")
    content = safe_json(json.loads(bytes(output.head + output.tail), parse_constant=_no_constant))
    return content if isinstance(content, dict) else {"result": content}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
