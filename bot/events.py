"""`POST /events/<source>`: verified on its raw bytes, then read, and in Temporal before it is acknowledged."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web

from workflows.values.events import Delivery, Subscription
from workflows.values.people import Person, Place
from workflows.values.signals import Event

from .errors import BotError, SlackError
from .events_proof import proven
from .events_reading import BadEvent, NotAnEvent, Reading, read
from .events_settings import EventSource, StartRule
from .mailboxes import Mailboxes
from .runs import Goal, Runs
from .server import PATIENCE, Unread, body_of, only
from .settings import BotSettings
from .slack import Slack

log = logging.getLogger(__name__)

PATH = "/events/{source}"
FOLLOWED = timedelta(days=7)
"""How long a run that an event started hears of later ones about the same."""
RETRY_AFTER = "30"
"""Seconds."""


class Intake:
    """Whatever is taken in twice is done once."""

    def __init__(self, runs: Runs, mailboxes: Mailboxes, slack: Slack, settings: BotSettings) -> None:
        self._runs = runs
        self._mailboxes = mailboxes
        self._slack = slack
        self._settings = settings

    async def take(self, source: EventSource, reading: Reading) -> None:
        """All of it is durable once this returns. Raises BotError, SlackError."""
        event = reading.event
        if reading.start is not None:
            run = await self._start(reading.start, event)
            subscription = Subscription(run_id=run, until=datetime.now(UTC) + FOLLOWED)
            await self._mailboxes.subscribe(event.source, event.key, subscription)
        await self._mailboxes.deliver(Delivery(event=event, keep=source.keep))

    async def _start(self, start: StartRule, event: Event) -> str:
        spec = self._settings.agent(start.agent)
        assert spec is not None  # the config was checked
        goal = Goal(
            text=start.goal,
            by=Person(team=(await self._slack.identity()).team, user=start.on_behalf_of),
            place=Place(channel=start.channel),
            source=event.source,
            occasion=event.delivery,
        )
        return await self._runs.start(goal, spec)


class EventsDoor:
    def __init__(
        self,
        intake: Intake,
        sources: tuple[EventSource, ...],
        now: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        self._intake = intake
        self._sources = {source.name: source for source in sources}
        self._now = now
        self._patience = patience

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.hear)] if self._sources else []

    async def hear(self, request: web.Request) -> web.Response:
        """4xx: refused, and nothing was done. 503: to be sent again."""
        source = self._sources.get(request.match_info["source"])
        if source is None:
            return web.Response(status=404)
        try:
            body = await body_of(request, self._patience)
        except Unread as unread:
            return web.Response(status=unread.status)
        if not proven(source.proof, request, body, self._now()):
            log.warning("an event that is not proven to come from %s was refused", source.name)
            return web.Response(status=401)
        heard_at = datetime.fromtimestamp(self._now(), UTC)
        try:
            reading = read(source, body, lambda name: only(request, name), heard_at)
        except NotAnEvent as ignored:
            return web.Response(text=f"ignored: {ignored}\n")
        except BadEvent as bad:
            log.warning("an event of %s can't be used: %s", source.name, bad)
            return web.Response(status=bad.status, text=f"{bad}\n")
        return await self._take(source, reading)

    async def _take(self, source: EventSource, reading: Reading) -> web.Response:
        try:
            await self._intake.take(source, reading)
        except (BotError, SlackError) as error:
            log.warning("%s was not taken in: %r", reading.event.delivery, error)
            again = {"Retry-After": RETRY_AFTER}
            return web.Response(status=503, headers=again, text="not now: please send it again\n")
        except Exception:
            log.exception("%s was not taken in", reading.event.delivery)
            return web.Response(status=500)
        log.info("%s was taken in", reading.event.delivery)
        return web.Response(status=202, text="taken in\n")
