"""Waiting inside an activity: heartbeats, work that no cancellation interrupts, and pauses with jitter."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

from temporalio import activity
from temporalio.client import AsyncActivityCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

Answer = TypeVar("Answer")

HEARTBEAT_EVERY = 2.0
"""Seconds; the steps that wait allow 10 between two of them."""
ASKING = timedelta(seconds=30)
"""For the server to answer: an outage of its own is waited out."""
LONGEST_PAUSE = 300.0
"""Seconds between two attempts."""
JITTER = 0.2
"""Temporal's own retry policy has none, and all that failed together would come back together."""


@asynccontextmanager
async def beating(*details: Any) -> AsyncIterator[None]:
    """Heartbeat in the background, so that the death of this worker is seen within seconds."""

    async def beat() -> None:
        while True:
            activity.heartbeat(*details)
            await asyncio.sleep(HEARTBEAT_EVERY)

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
        await asyncio.gather(beats, return_exceptions=True)


class GivenUp(Exception):
    """Nobody waits for this attempt any more; the text says so."""


async def still_awaited() -> None:
    """Ask the server whether it still waits for this attempt. Raises `GivenUp`; RPCError where it can't be asked.

    A process that was stopped finds tasks in its connection when it goes on. By then the server may have missed its
    heartbeats, people may have said that it did not happen, and somebody else may have done it. No clock is compared:
    whoever gave a task up knows. The answer is good for as long as the heartbeat timeout.
    """
    info = activity.info()
    if info.heartbeat_timeout is None:
        return
    attempt = activity.client().get_async_activity_handle(task_token=info.task_token)
    try:
        await attempt.heartbeat(rpc_timeout=ASKING)
    except AsyncActivityCancelledError:
        return  # its end is awaited all the same
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise GivenUp("Temporal no longer waits for this attempt") from None


async def undisturbed(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Do *work* to its end, cancelled or not: what is on its way has a true outcome, and that is what is told.

    A worker that is asked to stop waits for it as well.
    """
    task = asyncio.create_task(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise


def try_again(
    text: str, kind: str, error: BaseException | None = None, *details: Any, after: float | None = None
) -> NoReturn:
    """End this attempt; Temporal makes the next one after a pause that grows, with jitter: at least *after* seconds.

    The run gets *details* when it was the last one.
    """
    pause = max(min(2.0 ** min(activity.info().attempt - 1, 10), LONGEST_PAUSE), after or 0.0)
    pause *= random.uniform(1 if after else 1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
    raise ApplicationError(text, *details, type=kind, next_retry_delay=timedelta(seconds=pause)) from error
