"""The real processes in a folder of their own: started, killed, and started again at once."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from temporalio.client import Client

from handrail import temporal
from handrail.demo.part import Part
from handrail.demo.parts import OURS, plan
from handrail.demo.supervisor import Supervisor
from handrail.demo.telling import Telling
from handrail.home import SANDBOX, TEMPORAL, Home, free_ports, read_pid
from handrail.trouble import Trouble
from tests.chaos.deployment import ROOT
from tests.chaos.waiting import until

WORKERS = ("worker-1", "worker-2", "worker-3")
PACE = "100"
"""Slack takes 30 redraws a minute, and here hundreds of runs are shown at once: the sandbox's limits are off."""


class Processes:
    """Temporal with a file, the workspace, the bot, and some workers."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.home = Home(folder)
        self.ports = free_ports()
        self._stopped: set[int] = set()
        self._supervisor = Supervisor(self.home, Telling(Console(quiet=True)), lambda _: None)
        theirs = ("SLACK_", "TEMPORAL_", "HANDRAIL_")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
        environ |= {"HANDRAIL_CONFIG": str(config), "PYTHONPATH": str(ROOT), "HANDRAIL_SLACK_PACE": PACE}
        made = plan(self.home, self.ports, environ)
        assert made.temporal is not None
        self.environ = made.worker.environ
        self._temporal = made.temporal
        argv = (*OURS[:3], "tests.chaos.workspace", str(self.ports.page), str(folder))
        workspace = Part(SANDBOX, argv, made.worker.environ)
        workers = [replace(made.worker, name=name) for name in WORKERS]
        self._others = [workspace, made.bot, *workers]

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.ports.page}"

    async def start(self, *, only: tuple[Part, ...] | None = None) -> Client:
        """Raises `Trouble` where a part does not come up."""
        self.home.open()
        await self._supervisor.start(self._temporal)
        client = await self._connect()
        await asyncio.gather(*(self._supervisor.start(part) for part in only or self._others))
        return client

    async def _connect(self) -> Client:
        """A new server makes its namespace a moment after it listens."""
        async with asyncio.timeout(30):
            while True:
                try:
                    client = await temporal.connect(self.environ)
                    await temporal.register_search_attributes(client)
                except Trouble:
                    await asyncio.sleep(0.1)
                else:
                    return client

    async def stop(self) -> None:
        self.go_on()
        others = [name for name in self._supervisor.states if name not in (TEMPORAL, SANDBOX)]
        await self._supervisor.stop(*others)
        await self._supervisor.stop(TEMPORAL, SANDBOX)
        self.home.close()

    def kill_all(self) -> None:
        """At once: nobody waits for what they were at."""
        self._supervisor.kill()

    def up(self, name: str) -> int | None:
        """The process id of a part that is up and not stopped; None while it starts."""
        if self._supervisor.states.get(name) != "up":
            return None
        pid = read_pid(self.home.pid_file(name))
        return None if pid in self._stopped else pid

    def workers_up(self) -> list[int]:
        return [
            pid for name in self._supervisor.states if name.startswith("worker") and (pid := self.up(name))
        ]

    def pause(self, pid: int) -> None:
        self._stopped.add(pid)

    def go_on(self, *pids: int) -> None:
        for pid in pids or tuple(self._stopped):
            self._stopped.discard(pid)
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                continue

    async def all_up(self) -> None:
        names = [part.name for part in (self._temporal, *self._others)]
        await until(lambda: all(self.up(name) for name in names), every=0.1)
