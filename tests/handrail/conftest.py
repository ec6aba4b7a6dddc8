"""A demo of its own, as a child process, for the tests that need the whole."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest_asyncio

from handrail.home import Home, free_ports

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class RunningDemo:
    """`handrail demo`, its terminal read line by line."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.environ = {"PATH": os.defpath, "HANDRAIL_HOME": str(home.path), "COLUMNS": "200"}
        self.said: list[str] = []

    @classmethod
    async def start(cls, folder: Path) -> Self:
        home = Home(folder)
        home.write_ports(free_ports())
        demo = cls(home)
        demo.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "handrail", "demo"),
            cwd=ROOT,
            env=demo.environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return demo

    process: asyncio.subprocess.Process

    async def says(self, text: str) -> str:
        """The next line with *text*, once it is there."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := (await self.process.stdout.readline()).decode():
                self.said.append(line)
                if text in line:
                    return line
        raise AssertionError(f"it never said {text!r}, but:\n{''.join(self.said)}")

    def pid(self, part: str) -> int:
        return int(self.home.pid_file(part).read_text())

    def pids(self) -> list[int]:
        return [int(file.read_text()) for file in (self.home.path / "pids").iterdir()]

    async def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            self.said.append((await self.process.stdout.read()).decode())
            return await self.process.wait()


@pytest_asyncio.fixture
async def demo(tmp_path) -> AsyncIterator[RunningDemo]:
    running = await RunningDemo.start(tmp_path)
    try:
        await running.says("Ctrl-C")
        yield running
    finally:
        if running.process.returncode is None:
            await running.stop()
        logs = [file.read_text()[-3000:] for file in (tmp_path / "logs").iterdir()]
        print(*running.said, *logs)  # noqa: T201 - pytest shows it where the test failed
