"""What goes wrong: kills at seams and at random, workers that are stopped and go on, a Slack that loses things."""

import asyncio
import random
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp

from handrail.home import BOT as BOT_PART
from handrail.home import TEMPORAL
from tests.chaos.processes import Processes
from tests.chaos.truth import (
    AFTER_POST,
    AIMED,
    ANY_TIME,
    BEFORE,
    BEFORE_POST,
    BOT,
    CLASSES,
    CLICKED,
    COMMITTED,
    REPLIED,
    SERVER,
    STOPPED,
    TOOL_DIES,
    WORKER,
    Truth,
)
from tests.chaos.waiting import until

BETWEEN_KILLS, BETWEEN_STOPS, BETWEEN_FAULTS = 1.0, 18.0, 2.5
"""Seconds, on average."""
STOPS = (12.0, 14.0, 16.0, 40.0)
"""Seconds that a worker stands still. A heartbeat is missed after 10; after 35 it was looked for, and sent again."""
PLANNED = 3
"""Crash points that wait for an operation, at most."""
PARTS = {WORKER: 66, BOT: 27, SERVER: 7}
WORKER_POINTS = {AIMED: 40, BEFORE: 15, COMMITTED: 20, REPLIED: 15, TOOL_DIES: 10}
BOT_POINTS = {ANY_TIME: 25, BEFORE_POST: 25, AFTER_POST: 25, CLICKED: 25}
SLACK_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "reply_lost", "method": "chat.postMessage"},
    {"kind": "reply_lost", "method": "chat.update"},
    {"kind": "not_performed", "method": "chat.postMessage"},
    {"kind": "server_error", "method": "chat.postMessage", "status": 503},
    {"kind": "ratelimited", "method": "chat.update", "retry_after": 1},
    {"kind": "slow", "seconds": 1.5},
    {"kind": "duplicate_delivery", "type": "interactive"},
    {"kind": "duplicate_delivery", "type": "slash_commands"},
    {"kind": "late_delivery", "type": "interactive", "seconds": 1.0},
)


class Monkey:
    """Works from `begin` until `stop`. All that is random about it comes from the seed."""

    def __init__(self, processes: Processes, truth: Path, seed: str, allowed: Callable[[], bool]) -> None:
        self._processes = processes
        self._truth = Truth(truth)
        self._seed = seed
        self._allowed = allowed
        self._tasks: list[asyncio.Task[None]] = []
        self._http: aiohttp.ClientSession | None = None

    def begin(self) -> None:
        self._http = aiohttp.ClientSession()
        for deed in (self._kills(), self._stops(), self._slack()):
            self._start(deed)

    def _start(self, deed: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(deed))

    def failure(self) -> BaseException | None:
        """What ended it unasked: a mistake in this file."""
        done = [task for task in self._tasks if task.done() and not task.cancelled()]
        return next((error for task in done if (error := task.exception())), None)

    async def stop(self) -> None:
        """Nothing goes wrong any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._truth.forget_planned()
        self._processes.go_on()
        if self._http is not None:
            await self._post("control/clear_faults", {})
            await self._http.close()
        self._truth.close()

    async def _kills(self) -> None:
        """One after the other, as fast as runs are asked for."""
        chance = random.Random(f"{self._seed}/kills")
        while True:
            await asyncio.sleep(chance.expovariate(1 / BETWEEN_KILLS))
            await until(self._allowed)
            [part] = chance.choices([*PARTS], [*PARTS.values()])
            await {WORKER: self._kill_worker, BOT: self._kill_bot, SERVER: self._kill_server}[part](chance)

    async def _kill_worker(self, chance: random.Random) -> None:
        [point] = chance.choices([*WORKER_POINTS], [*WORKER_POINTS.values()])
        effect_class = chance.choice(CLASSES)
        # With one worker left the others are waited for: who kills what only starts tests nothing.
        await until(lambda: len(self._processes.workers_up()) > 1 and self._truth.planned() < PLANNED)
        if point == AIMED:
            self._kill(await self._busy_worker(chance), WORKER, AIMED)
        else:
            self._truth.plan(point, effect_class)

    async def _kill_bot(self, chance: random.Random) -> None:
        [point] = chance.choices([*BOT_POINTS], [*BOT_POINTS.values()])
        after = chance.uniform(0.0, 0.06) if point == CLICKED else 0.0
        pid = await self._up(BOT_PART)
        await self._post("control/connected")
        if point == ANY_TIME:
            self._kill(pid, BOT, point)
        else:
            await self._post("page/break", {"what": "kill_bot", "point": point, "after": after})

    async def _kill_server(self, chance: random.Random) -> None:
        pid = await self._up(TEMPORAL)
        await self._busy_worker(chance)
        self._kill(pid, SERVER, AIMED)

    async def _busy_worker(self, chance: random.Random) -> int:
        return chance.choice(
            await until(lambda: [*set(self._truth.busy()) & set(self._processes.workers_up())])
        )

    async def _stops(self) -> None:
        """Stopped for longer than the heartbeat timeout, a worker goes on where it was: late, and not knowing it."""
        chance = random.Random(f"{self._seed}/stops")
        while True:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * BETWEEN_STOPS)
            pid = await self._busy_worker(chance)
            self._kill(pid, WORKER, STOPPED, signal.SIGSTOP)
            self._processes.pause(pid)
            await asyncio.sleep(chance.choice(STOPS))
            self._processes.go_on(pid)

    async def _slack(self) -> None:
        chance = random.Random(f"{self._seed}/slack")
        while True:
            await asyncio.sleep(chance.expovariate(1 / BETWEEN_FAULTS))
            if chance.random() < 0.2:
                body = {"type": "interactive", "index": -chance.randint(1, 50)}
                await self._post("control/replay_click", body)
            else:
                await self._post("control/faults", chance.choice(SLACK_FAULTS))

    def _kill(self, pid: int, part: str, point: str, how: signal.Signals = signal.SIGKILL) -> None:
        try:
            self._truth.kill(part, point, pid, how)
        except ProcessLookupError:
            # The far end was faster.
            return

    async def _up(self, part: str) -> int:
        return await until(lambda: self._processes.up(part))

    async def _post(self, what: str, body: dict[str, Any] | None = None) -> None:
        assert self._http is not None
        how = "GET" if body is None else "POST"
        async with self._http.request(how, f"{self._processes.page}/{what}", json=body) as response:
            await response.read()
