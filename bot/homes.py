"""App Homes: drawn when somebody opens theirs, turns a page, or when a run changes that stands on it."""

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from slack_bolt.context.ack.async_ack import AsyncAck

from workflows.values.people import Person
from workflows.values.view import RunView

from .afterwards import Afterwards
from .errors import BadPayload, BotError, RateLimited, Refused, SlackError
from .found import HomePage
from .home_pages import HomePages
from .payloads import Click, HomeOpened, Payload, read_ref
from .slack import Slack
from .views.home import home_view
from .views.refs import HomeRef
from .waits import fingerprint

log = logging.getLogger(__name__)

MOST = 500
"""Homes that are kept up to date; whoever opened theirs longest ago is forgotten, until they open it again."""
MOST_RUNS = 5000


@dataclass
class Home:
    """One person's, as this process last drew it."""

    person: Person
    at: HomeRef = field(default_factory=HomeRef)
    digest: str = ""
    runs: frozenset[str] = frozenset()
    """Workflow ids of the runs on it, on all pages of what waits."""
    not_in: frozenset[str] = frozenset()
    """User groups that the person is known not to be in."""
    channels: frozenset[str] = frozenset()
    due: bool = False
    busy: bool = False


class Homes:
    """Never in the way of a card: what is due is drawn afterwards, and a failure is logged."""

    def __init__(self, pages: HomePages, slack: Slack, later: Afterwards) -> None:
        self._pages = pages
        self._slack = slack
        self._later = later
        self._homes: OrderedDict[Person, Home] = OrderedDict()
        self._seen: OrderedDict[str, tuple[object, ...]] = OrderedDict()
        """What of each run was last reason to draw homes."""

    async def opened(self, ack: AsyncAck, body: Payload) -> None:
        opened = HomeOpened.from_slack(body)
        if opened.is_home:
            home = self._home(opened.person)
            home.digest = ""  # another process may have drawn it since
            self._draw_soon(home)
        await ack()

    async def turn(self, ack: AsyncAck, body: Payload) -> None:
        click = Click.from_slack(body, datetime.now(UTC))
        home = self._home(click.person)
        home.at = click.ref(HomeRef)
        self._draw_soon(home)
        await ack()

    async def messages(self, ack: AsyncAck, body: Payload) -> None:
        """A home can't say a sentence to its owner: where it could not be done, it is drawn as it was."""
        click = Click.from_slack(body, datetime.now(UTC))
        try:
            await self._pages.want_messages(click.person, wanted=click.value == "on")
        except BotError as error:
            log.warning("whether %s wants direct messages was not kept: %s", click.person.user, error)
        self.clicked(click)
        self.redraw(click.person)
        await ack()

    def clicked(self, click: Click) -> None:
        """Whoever presses a button on their home has it open, also where another process, or an earlier one, drew it."""
        if click.home is None or click.person in self._homes:
            return
        home = self._home(click.person)
        try:
            home.at = read_ref(HomeRef, click.home)
        except BadPayload:
            log.warning("the home of %s has a page that is none of ours", click.person.user)

    def redraw(self, person: Person) -> None:
        home = self._home(person)
        home.digest = ""
        self._draw_soon(home)

    def saw(self, view: RunView) -> None:
        """A run has changed: the homes that it concerns are drawn again, soon. It neither waits nor raises."""
        self._pages.saw(view)
        now = fingerprint(view)
        if self._seen.get(view.run_id) == now:
            return
        self._seen[view.run_id] = now
        while len(self._seen) > MOST_RUNS:
            self._seen.popitem(last=False)
        users, groups = self._pages.concerns(view)
        for home in self._homes.values():
            person = home.person.user
            named = person == view.requester.user or person in users or groups - home.not_in
            shown = view.run_id in home.runs or view.place.channel in home.channels
            if named or shown or not home.digest:
                self._draw_soon(home)

    def _home(self, person: Person) -> Home:
        home = self._homes.setdefault(person, Home(person))
        self._homes.move_to_end(person)
        while len(self._homes) > MOST:
            self._homes.popitem(last=False)
        return home

    def _draw_soon(self, home: Home) -> None:
        """What changes while it is drawn is drawn next."""
        home.due = True
        if not home.busy:
            home.busy = True
            self._later.do(self._draw_while_due(home))

    async def _draw_while_due(self, home: Home) -> None:
        try:
            while home.due:
                home.due = False
                await self._draw(home)
        finally:
            home.busy = False

    async def _draw(self, home: Home) -> None:
        try:
            # The turn comes first: what is drawn then is what is true then.
            await self._slack.turn_to_publish(home.person.user)
            page = await self._pages.page(home.person, home.at)
            view = home_view(page, home.at, self._pages.command)
            digest = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
            if digest != home.digest:
                await self._slack.publish(home.person.user, view)
                home.digest = digest
        except RateLimited as error:
            home.due = True
            await asyncio.sleep(error.retry_after)
            return
        except Refused as refused:
            self._slack.once(
                f"home/{refused.code}",
                "Slack does not take the App Home (%s): is its Home tab switched on? Everything else works",
                refused.code,
            )
            self._homes.pop(home.person, None)
            return
        except SlackError as error:
            log.warning("the home of %s could not be drawn: %s", home.person.user, error)
            return
        home.runs = _runs_on(page)
        home.not_in = frozenset(page.waits.named) - frozenset(page.waits.groups)
        home.channels = await self._pages.channels_of(home.person)


def _runs_on(page: HomePage) -> frozenset[str]:
    waiting = (each.run.run_id for each in page.waits.things)
    mine = (run.run_id for run in (page.mine.runs if page.mine else ()))
    return frozenset([*waiting, *mine, *(run.run_id for run in page.others or ())])
