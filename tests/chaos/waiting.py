"""Waiting for what other processes do: they set no event of ours, so it is looked at again and again."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK = 0.02
"""Seconds between two looks."""


async def until(found: Callable[[], T | None], every: float = LOOK) -> T:
    """What *found* returns, once that is something true."""
    while not (it := found()):  # noqa: ASYNC110 - see above
        await asyncio.sleep(every)
    return it
