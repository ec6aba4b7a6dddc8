"""Keeps the parts alive: one that dies is started again, and somebody is told."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from handrail.home import Home
from handrail.trouble import Trouble

from .part import START_PATIENCE, Life, Part
from .telling import Telling

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds before a part that keeps ending is started again."""
STORM = 4
"""So many ends of its own accord within `STORM_SECONDS`, and people have to look at it."""
STORM_SECONDS = 30.0

States = dict[str, str]
"""Of each part: starting, up, down."""


class Supervisor:
    def __init__(self, home: Home, telling: Telling, on_change: Callable[[States], None]) -> None:
        self._home = home
        self._telling = telling
        self._on_change = on_change
        self._lives: dict[str, Life] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False
        self.states: States = {}

    async def start(self, part: Part) -> None:
        """Start a part, and from then on keep it alive. Raises `Trouble` where it does not come up at all."""
        life = self._begin(part)
        try:
            problem = "" if await life.ready() else str(await life.ended())
        except TimeoutError:
            life.kill()
            problem = f"was not ready within {START_PATIENCE:g} s"
        if problem:
            raise Trouble(f"{part.name} did not start: it {problem}.\n{life.last_lines()}")
        self._now(part, "up")
        self._keepers.append(asyncio.create_task(self._keep(life)))

    async def stop(self, *names: str) -> None:
        """Stop these parts, side by side, for good."""
        self._stopping = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*(self._lives[name].stop() for name in names if name in self._lives))

    def kill(self) -> None:
        """Stop everything at once: somebody is impatient."""
        for life in self._lives.values():
            life.kill()

    def life(self, name: str) -> Life | None:
        return self._lives.get(name)

    def _begin(self, part: Part) -> Life:
        # No await between the start and the note of it: a process can't slip away from `stop`.
        life = self._lives[part.name] = Life(part, self._home)
        self._now(part, "starting")
        return life

    def _now(self, part: Part, state: str) -> None:
        self.states[part.name] = state
        self._on_change(self.states)

    async def _keep(self, life: Life) -> None:
        ends: deque[float] = deque(maxlen=STORM)
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE
        while True:
            end = await life.ended()
            if self._stopping:
                return
            part = life.part
            self._now(part, "down")
            if not end.killed:
                ends.append(clock())
            stormy = not end.killed and len(ends) == STORM and ends[-1] - ends[0] < STORM_SECONDS
            pause = min(pause * 4, LONGEST_PAUSE) if stormy else FIRST_PAUSE
            self._telling.fell(part.name, str(end), life.last_lines() if stormy else "")
            await asyncio.sleep(pause)
            life = self._begin(part)
            began = clock()
            with suppress(TimeoutError):
                if await life.ready():
                    self._now(part, "up")
                    self._telling.back(part.name, clock() - began)
                    continue
            life.kill()
