"""Lists of runs, page by page, each with what the one who asks may see."""

import asyncio
from collections.abc import Iterable

from temporalio.exceptions import ApplicationError

from workflows.rules.policy import may_steer, stewards
from workflows.values.people import PeopleQuestion, Person, Standing

from . import run_queries
from .channels import Channels
from .found import Found, Listed, Scope
from .links import Links
from .people import PeopleFinder
from .runs import Runs
from .settings import BotSettings

SIZE = 10
"""Runs on a page, about: as many as fit on a screen."""
LOOKED_THROUGH = 10
"""Pages of Temporal's that are looked through for one of ours."""
LOOKING_UP = 1.2
"""Seconds: Slack wants its answer within 3, and Temporal is asked too."""


class RunLists:
    def __init__(
        self, runs: Runs, channels: Channels, people: PeopleFinder, links: Links, settings: BotSettings
    ) -> None:
        self._runs = runs
        self._channels = channels
        self._people = people
        self._links = links
        self._settings = settings

    async def page(self, scope: Scope, person: Person, channel: str, cursor: str = "") -> Listed:
        """Raises BotError. *channel*: where it was asked for."""
        listed = await self._listed(scope, person, channel, cursor)
        return listed.model_copy(update={"links": await self.links(listed.runs)})

    async def links(self, runs: Iterable[Found]) -> dict[str, str]:
        """To their threads, by workflow id, as far as Slack gives them now."""
        return await self._links.of(runs)

    async def _listed(self, scope: Scope, person: Person, channel: str, cursor: str) -> Listed:
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
        """Whoever asked for it, asks in its channel or is in that, and whoever may steer it: approvers and stewards."""
        if run.is_of(person) or run.is_in({channel}):
            return True
        channels, steers = await asyncio.gather(self._channels_of(person), self._may_steer(run, person))
        return steers or (channels is not None and run.is_in(channels))

    async def _may_steer(self, run: Found, person: Person) -> bool:
        """As far as can be looked up now."""
        spec = self._settings.agent(run.summary.agent) if run.summary is not None else None
        if run.summary is None or spec is None:
            return False
        question = PeopleQuestion(people=(person,), groups=stewards(spec).groups)
        try:
            async with asyncio.timeout(LOOKING_UP):
                [facts] = (await self._people.people(question)).facts
        except (ApplicationError, TimeoutError):
            return False
        return facts.standing is Standing.MEMBER and may_steer(facts, run.summary.requester, spec)

    async def _channels_of(self, person: Person) -> frozenset[str] | None:
        try:
            async with asyncio.timeout(LOOKING_UP):
                return await self._channels.of(person)
        except TimeoutError:
            return None
