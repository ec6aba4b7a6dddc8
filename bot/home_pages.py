"""Gathers what somebody's home shows: what waits for them, their runs, what runs in their channels."""

from collections.abc import Iterable

from workflows.values.people import Person, Place
from workflows.values.view import RunView

from . import run_queries
from .channels import Channels
from .direct_messages import DirectMessages
from .errors import BotError
from .found import Found, HomePage, Page, WaitingFor
from .links import Links
from .runs import Runs
from .settings import BotSettings
from .views.home import MINE, OTHERS, WAITS
from .views.refs import HomeRef
from .waits import Waits

PAGES = 5
"""Of Temporal's, of the runs that are under way."""


class HomePages:
    def __init__(
        self,
        runs: Runs,
        waits: Waits,
        messages: DirectMessages,
        channels: Channels,
        links: Links,
        settings: BotSettings,
    ) -> None:
        self._runs = runs
        self._messages = messages
        self._waits = waits
        self._channels = channels
        self._links = links
        self.command = settings.command

    def saw(self, view: RunView) -> None:
        self._waits.saw(view)

    def concerns(self, view: RunView) -> tuple[frozenset[str], frozenset[str]]:
        """Users and user groups for whom something in that run waits."""
        people = self._waits.may_act(view)
        return frozenset(people.users), frozenset(people.groups)

    async def channels_of(self, person: Person) -> frozenset[str]:
        return await self._channels.of(person) or frozenset()

    async def page(self, person: Person, at: HomeRef) -> HomePage:
        """Raises nothing that Slack or Temporal could cause: what can't be known is said."""
        try:
            under_way = await self._under_way()
            mine = await self._runs.page(run_queries.of(person), at.mine, MINE)
        except BotError:
            return HomePage()
        waits = await self._waits.of(person, under_way)
        mine = mine.model_copy(update={"runs": tuple(map(self._waits.as_it_is, mine.runs))})
        channels = await self._channels.of(person)
        others = None if channels is None else tuple(self._others(under_way, person, channels))
        return HomePage(
            waits=waits,
            messages=await self._wants_messages(person),
            mine=mine,
            others=others,
            links=await self._links.to(_shown(waits, mine, others or (), at)),
        )

    async def want_messages(self, person: Person, *, wanted: bool) -> None:
        """Raises BotError."""
        await self._messages.want(person, wanted=wanted)

    async def _wants_messages(self, person: Person) -> bool | None:
        try:
            return await self._messages.wanted_by(person)
        except BotError:
            return None

    async def _under_way(self) -> list[Found]:
        found: list[Found] = []
        cursor = ""
        for _ in range(PAGES):
            page = await self._runs.page(run_queries.UNDER_WAY, cursor, 100)
            found += page.runs
            cursor = page.following
            if not cursor:
                break
        return found

    def _others(self, under_way: Iterable[Found], person: Person, channels: frozenset[str]) -> list[Found]:
        known = map(self._waits.as_it_is, under_way)
        return [run for run in known if run.open and run.is_in(channels) and not run.is_of(person)]


def _shown(waits: WaitingFor, mine: Page, others: tuple[Found, ...], at: HomeRef) -> dict[str, Place]:
    """Where the runs of this page are."""
    waiting = {each.run.run_id: each.run.place for each in waits.things[at.waits : at.waits + WAITS]}
    listed = (*mine.runs, *others[at.others : at.others + OTHERS])
    return waiting | {run.run_id: run.summary.place for run in listed if run.summary is not None}
