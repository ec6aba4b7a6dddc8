"""Work that may come after Slack has its answer, finished before the process ends."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from .errors import BotError, SlackError

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that a shutdown waits for it."""


class Afterwards:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._watched(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (BotError, SlackError) as error:
            log.warning("an answer could not be shown: %s", error)
        except Exception:
            log.exception("an answer could not be shown")

    async def close(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=PATIENCE)
            for task in late:
                task.cancel()
