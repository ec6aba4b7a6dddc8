"""The demo from start to stop."""

import asyncio
import json
import signal
from collections.abc import Mapping
from datetime import timedelta

from rich.console import Console

from handrail import temporal
from handrail.config import Config
from handrail.home import BOT, LOOPBACK, SANDBOX, TEMPORAL, WORKER, Home, Ports
from handrail.stopping import stop_signals
from handrail.trouble import Trouble

from .first_run import WHAT, first_run, is_fresh
from .parts import Plan, plan
from .supervisor import States, Supervisor
from .telling import Telling

KEEP = timedelta(days=30)
"""How long the embedded server remembers what was done: the ledger's memory. Its own default is a day."""
NAMESPACE_PATIENCE = 15.0
"""Seconds for a new server to make its first namespace."""


class Demo:
    """The parts, from start to stop."""

    def __init__(
        self, home: Home, ports: Ports, config: Config, environ: Mapping[str, str], console: Console
    ) -> None:
        self.home = home
        self.ports = ports
        self._command = config.command
        self._environ = environ
        self._plan: Plan = plan(home, ports, environ)
        self._telling = Telling(console)
        self._supervisor = Supervisor(home, self._telling, self._show)

    @property
    def page(self) -> str | None:
        """Where the sandbox's page is; None where Slack is real."""
        return f"http://{LOOPBACK}:{self.ports.page}/" if self._plan.sandbox else None

    async def start(self) -> None:
        """Everything is up when this returns. Raises `Trouble`; what had started by then has to be stopped."""
        self._telling.begin()
        # All at once: the worker and the bot wait for Temporal, and most of their start is reading code.
        starts = (self._start_temporal, self._start_sandbox, self._start_worker, self._start_bot)
        starting = [asyncio.create_task(start()) for start in starts]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            raise

    async def greet(self) -> None:
        """Leave a finished run on a page that would be empty, and say what to do."""
        if self.page is not None and await is_fresh(self.page):
            with self._telling.starting("first run", f"{self._command} {WHAT}"):
                await first_run(self.page, self._command)
        self._telling.what_to_do(self.page, self._command, str(self.home.path))

    async def leave(self) -> None:
        """Stop, and say so. Another SIGINT or SIGTERM meanwhile is not waited for."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._supervisor.kill)
        self._telling.stopping()
        await self.stop()
        self._telling.stopped()

    async def stop(self) -> None:
        """Those who work first, then those they work with."""
        await self._supervisor.stop(WORKER, BOT)
        await self._supervisor.stop(TEMPORAL, SANDBOX)

    async def _start_temporal(self) -> None:
        if self._plan.temporal is None:
            address, namespace = temporal.address_in(self._environ)
            self._telling.note(f"Temporal is yours: {address}, namespace {namespace}")
            return
        about = f"{LOOPBACK}:{self.ports.temporal}, its page http://{LOOPBACK}:{self.ports.temporal_ui}/"
        with self._telling.starting(TEMPORAL, about):
            await self._supervisor.start(self._plan.temporal)
            await self._remember()

    async def _remember(self) -> None:
        """Set the namespace's retention, as soon as the new server has made its namespace."""
        environ = self._plan.worker.environ
        async with asyncio.timeout(NAMESPACE_PATIENCE):
            while True:
                try:
                    client = await temporal.connect(environ)
                    await temporal.set_retention(client, KEEP)
                except Trouble:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def _start_sandbox(self) -> None:
        if self._plan.sandbox is None:
            self._telling.note("Slack is yours: the workspace of SLACK_BOT_TOKEN")
            return
        with self._telling.starting(SANDBOX, f"a workspace of its own: {self.page}"):
            await self._supervisor.start(self._plan.sandbox)

    async def _start_worker(self) -> None:
        with self._telling.starting(WORKER, "runs, tools"):
            await self._supervisor.start(self._plan.worker)

    async def _start_bot(self) -> None:
        with self._telling.starting(BOT, "hears and tells"):
            await self._supervisor.start(self._plan.bot)

    def _show(self, states: States) -> None:
        """Tell the sandbox's page which parts are up; it is told all again when it is started again."""
        life = self._supervisor.life(SANDBOX)
        if life is not None:
            life.tell(json.dumps(states))


async def run(config: Config, environ: Mapping[str, str], console: Console, page_port: int | None) -> None:
    """Start, greet, and keep everything up until told to stop. Raises `Trouble`."""
    home = Home.named_by(environ)
    home.open()
    try:
        demo = Demo(home, home.choose_ports(page_port), config, environ, console)
        with stop_signals() as stop:
            try:
                await stop.before(demo.start())
                await stop.before(demo.greet())
                await stop.wait()
            finally:
                await demo.leave()
    finally:
        home.close()
