"""Lists of runs, page by page, each with what the one who asks may see."""

import asyncio

from workflows.values.people import Person

from . import run_queries
from .channels import Channels
from .found import Found, Listed, Scope
from .runs import Runs

SIZE = 10
"""Runs on a page, about: as many as fit on a screen."""
LOOKED_THROUGH = 10
"""Pages of Temporal's that are looked through for one of ours."""
LOOKING_UP = 1.2
"""Seconds: Slack wants its answer within 3, and Temporal is asked too."""


class RunLists:
    def __init__(self, runs: Runs, channels: Channels) -> None:
        self._runs = runs
        self._channels = channels

    async def page(self, scope: Scope, person: Person, channel: str, cursor: str = "") -> Listed:
        """Raises BotError. *channel*: where it was asked for."""
        if scope is Scope.MINE:
            found = await self._runs.page(run_queries.of(person), cursor, SIZE)
            return Listed(runs=found.runs, following=found.following)
        if scope is Scope.HERE:
            which = run_queries.in_channel(channel, person)
            return await self._visible(which, person, frozenset({channel}), cursor)
        channels = await self._channels_of(person)
        which = run_queries.WAITING if scope is Scope.WAITING else run_queries.EVERY
        listed = await self._visible(which, person, (channels or frozenset()) | {channel}, cursor, mine=True)
        return listed.model_copy(update={"only_known": channels is None})

    async def _visible(
        self, which: str, person: Person, channels: frozenset[str], cursor: str, *, mine: bool = False
    ) -> Listed:
        """Those in these *channels*, and with *mine* also the person's own anywhere."""
        kept: list[Found] = []
        for _ in range(LOOKED_THROUGH):
            page = await self._runs.page(which, cursor, SIZE)
            kept += [run for run in page.runs if run.is_in(channels) or (mine and run.is_of(person))]
            cursor = page.following
            if not cursor or len(kept) >= SIZE:
                break
        return Listed(runs=tuple(kept), following=cursor)

    async def may_see(self, run: Found, person: Person, channel: str) -> bool:
        """Whoever asked for it, whoever asks in its channel, and whoever is in that."""
        if run.is_of(person) or run.is_in({channel}):
            return True
        channels = await self._channels_of(person)
        return channels is not None and run.is_in(channels)

    async def _channels_of(self, person: Person) -> frozenset[str] | None:
        try:
            async with asyncio.timeout(LOOKING_UP):
                return await self._channels.of(person)
        except TimeoutError:
            return None
