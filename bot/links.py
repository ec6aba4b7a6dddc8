"""Where the name of a run leads: to its thread, as Slack links to it."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from workflows.values.people import Place

from .found import Found
from .slack import Posted, Slack

REMEMBERED = 2000
LOOKING_UP = 0.5
"""Seconds, for an answer that Slack wants within 3: a link is a courtesy."""


class Links:
    """A link never changes, so each is asked for once."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._links: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def of(self, runs: Iterable[Found]) -> dict[str, str]:
        """By workflow id; without those that Slack gives none to, or not in time."""
        places = {run.run_id: run.summary.place for run in runs if run.summary is not None}
        return await self.to(places, LOOKING_UP)

    async def to(self, places: Mapping[str, Place], patience: float | None = None) -> dict[str, str]:
        links = await asyncio.gather(*(self._in_time(place, patience) for place in places.values()))
        return {run: link for run, link in zip(places, links, strict=True) if link}

    async def _in_time(self, place: Place, patience: float | None) -> str:
        try:
            async with asyncio.timeout(patience):
                return await self._link(place)
        except TimeoutError:
            return ""

    async def _link(self, place: Place) -> str:
        if place.thread_ts is None:
            return ""
        key = (place.channel, place.thread_ts)
        if link := self._links.get(key):
            return link
        link = await self._slack.permalink(Posted(channel=place.channel, ts=place.thread_ts))
        if link:
            self._links[key] = link
            while len(self._links) > REMEMBERED:
                self._links.popitem(last=False)
        return link
