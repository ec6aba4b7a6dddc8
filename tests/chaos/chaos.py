"""One chaos run, from the start of the processes to the oracle's verdict."""

import asyncio
import random
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from temporalio.client import Client

from tests.chaos import deployment
from tests.chaos.collecting import Collector
from tests.chaos.figures import Figures
from tests.chaos.monkey import Monkey
from tests.chaos.oracle import ended_or_waiting, judge
from tests.chaos.people import Crowd
from tests.chaos.processes import Processes
from tests.chaos.truth import Truth

AT_ONCE = 28
"""Goals under way at the same time."""
RUNS_A_MINUTE, KILLS_A_MINUTE = 60, 20
"""What has to be reached: 300 runs and 100 kills in five minutes."""
MORE = 1.05
"""Kills are a little ahead of the runs."""
LONGEST = 5.0
"""So many times the minutes asked for, and it ends with what it has: too few is then a failure."""
CALM = 75.0
"""Seconds kept of the time for what is under way to end, once nothing goes wrong any more."""
SETTLES = 240.0
"""Seconds in which everything ends or waits for somebody. A thought that was lost takes 90 to be missed."""
TELL_EVERY = 30.0
SHOWN = 20

Say = Callable[[str], None]


class Order(NamedTuple):
    minutes: float
    seed: str
    folder: Path
    keep: bool = False
    """The folder and all histories, also when all went well."""


class Run:
    """A run under way."""

    def __init__(self, order: Order, say: Say) -> None:
        self._order = order
        self._say = say
        self._began = time.monotonic()
        self._settled_by = 0.0
        self._truth_file = order.folder / "truth.sqlite"
        self._truth = Truth(self._truth_file)
        self._canary = f"canary-{secrets.token_hex(16)}"
        config = deployment.write(order.folder, order.seed, self._canary)
        self._processes = Processes(order.folder, config)
        self._crowd = Crowd(self._processes.page, order.seed, self._truth_file)
        self._monkey = Monkey(self._processes, self._truth_file, order.seed, self._allowed)

    async def go(self) -> bool:
        """Whether every promise was kept, and enough was done to them."""
        try:
            client = await self._processes.start()
            async with self._crowd:
                enough = await self._rage()
                await self._monkey.stop()
                self._tell("Nothing goes wrong any more")
                await self._processes.all_up()
                self._settled_by = self._seconds + SETTLES
                await self._settle()
            return await self._judge(await self._collect(client), enough=enough)
        finally:
            await self._processes.stop()
            self._truth.close()

    async def _rage(self) -> bool:
        """Ask and break until there was enough of both. False: the time was up first."""
        chance = random.Random(f"{self._order.seed}/goals")
        seconds = self._order.minutes * 60
        number, told = 0, self._seconds
        asking: set[asyncio.Task[None]] = set()
        while self._seconds < seconds - CALM or not self._enough():
            self._check()
            if self._seconds > seconds * LONGEST:
                return False
            if self._crowd.open < AT_ONCE:
                asking.add(asyncio.create_task(self._crowd.ask(deployment.goal(number, chance))))
                asking = {task for task in asking if not task.done()}
                number += 1
            if number == AT_ONCE:
                self._monkey.begin()
                number += 1
            if self._seconds - told > TELL_EVERY:
                told = self._seconds
                self._tell("Under way")
            await asyncio.sleep(0.05)
        await asyncio.gather(*asking)
        return True

    def _enough(self) -> bool:
        minutes = self._order.minutes
        return self._kills >= KILLS_A_MINUTE * minutes and self._crowd.asked >= RUNS_A_MINUTE * minutes

    @property
    def _kills(self) -> int:
        return self._truth.killed()

    def _allowed(self) -> bool:
        """May something be killed now? A slow machine is given as many kills for a run as a fast one."""
        return self._kills < self._crowd.asked * KILLS_A_MINUTE / RUNS_A_MINUTE * MORE

    def _check(self) -> None:
        failure = self._crowd.failure() or self._monkey.failure()
        if failure is not None:
            raise failure

    async def _settle(self) -> None:
        told = self._seconds
        while self._crowd.open and self._seconds < self._settled_by:
            self._check()
            if self._seconds - told > TELL_EVERY:
                told = self._seconds
                self._tell("Ending")
            await asyncio.sleep(0.2)

    async def _collect(self, client: Client) -> Collector:
        """The evidence, once nothing moves: a card says that a run ended a moment before the server does."""
        while True:
            self._tell("Collecting the evidence")
            collector = Collector(client, self._canary)
            collector.evidence.goals = {item: story.goal for item, story in self._crowd.stories.items()}
            collector.evidence.answered = self._crowd.answered
            await collector.histories_of_all()
            collector.files(self._order.folder)
            if self._seconds > self._settled_by or not any(ended_or_waiting(collector.evidence)):
                return collector
            await asyncio.sleep(1.0)

    async def _judge(self, collector: Collector, *, enough: bool) -> bool:
        verdict = judge(collector.evidence)
        figures = Figures(collector.evidence, verdict, self._truth.kills(), self._crowd.counts, self._seconds)
        for line in figures.lines():
            self._say(line)
        for name, found in verdict.items():
            for each in found[:SHOWN]:
                self._say(f"{name}: {each}")
            if len(found) > SHOWN:
                self._say(f"{name}: and {len(found) - SHOWN} more")
        for each in figures.untouched():
            self._say(
                f"Nothing of the class {each} was in flight at any kill: the figures say nothing of it."
            )
        if not enough:
            self._say("The time was up before there were enough runs and kills.")
        kept = enough and not any(verdict.values()) and not figures.untouched()
        if not kept or self._order.keep:
            collector.export(self._order.folder)
        return kept

    def _tell(self, what: str) -> None:
        self._say(
            f"{self._seconds:5.0f} s  {what}: {self._crowd.asked} goals, {self._crowd.open} under way, "
            f"{self._kills} kills"
        )

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began


async def chaos(order: Order, say: Say) -> bool:
    """Whether Handrail kept its word. The folder goes when it did."""
    order.folder.mkdir(parents=True, exist_ok=True)
    kept = await Run(order, say).go()
    if kept and not order.keep:
        shutil.rmtree(order.folder)
    return kept
