"""How a process hears that it should stop."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """Somebody asked the process to stop before it was done with this."""


class Stop:
    """Set by SIGTERM or SIGINT."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    def ask(self) -> None:
        self._asked.set()

    async def wait(self) -> None:
        await self._asked.wait()

    async def before(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of *work*, which is given up, with `Stopped`, as soon as somebody asks."""
        doing = asyncio.create_task(work)
        asked = asyncio.create_task(self.wait())
        try:
            await asyncio.wait({doing, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise Stopped
            return doing.result()
        finally:
            for task in (doing, asked):
                task.cancel()
            await asyncio.gather(doing, asked, return_exceptions=True)


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """From here on the two signals ask; what does not listen goes on."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask)
    try:
        yield stop
    except Stopped:
        pass
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
