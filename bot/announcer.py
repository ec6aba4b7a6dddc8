"""Makes Slack agree with a run's view: carries out the step `announce`."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows import outside
from workflows.values.view import Announce, Announced, RunView

from . import words
from .alerts import Alerts
from .copies import Copies
from .errors import BotError, RateLimited, Refused, RunGone, SlackError, TemporalUnavailable
from .homes import Homes
from .posting import Lookup
from .readers import Readers
from .remembered import Remembered
from .runs import Runs
from .sessions import Sessions
from .showing import Looks, Showing
from .slack import Slack
from .undoing import Undoing
from .views.blocks import message, section
from .views.look import Look
from .views.text import channel

log = logging.getLogger(__name__)

HEARTBEAT = 4.0
"""Seconds; the step's heartbeat timeout is 15."""
OPERATORS_TURN = timedelta(seconds=60)
"""When Slack refuses for a reason that somebody has to mend, there is no hurry to ask again."""
COPIES_AGAIN = 30.0
"""Seconds until the copies of a run that has ended are looked after again."""
WORKER_AWAY = timedelta(seconds=3)
"""A run is shown soon after a worker is up again."""


class Announcer:
    """One for the whole process; it remembers nothing that a run would miss."""

    def __init__(
        self,
        runs: Runs,
        slack: Slack,
        look: Look,
        sessions: Sessions,
        homes: Homes,
        readers: Readers,
        undoing: Undoing,
    ) -> None:
        self._homes = homes
        self._readers = readers
        self._runs = runs
        self._slack = slack
        self._looks = Looks(look)
        self._sessions = sessions
        self._undoing = undoing
        self._told = Remembered()
        """Notices shown and invitations sent: a repetition of the step would show them again."""

    @outside.carries_out(outside.announce)
    async def announce(self, order: Announce) -> Announced:
        """Redraws what differs. Raises so that Temporal repeats it for as long as Slack is away."""
        async with _beating():
            try:
                return await self._show(order, look_first=order.uncertain or activity.info().attempt > 1)
            except SlackError as error:
                raise _again(error, order.run_id) from error
            except RunGone as error:
                raise ApplicationError(str(error), type="Permanent", non_retryable=True) from None
            except TemporalUnavailable as error:
                raise ApplicationError(
                    "no worker answers for the run", type=type(error).__name__, next_retry_delay=WORKER_AWAY
                ) from None

    async def _show(self, order: Announce, *, look_first: bool) -> Announced:
        lookup = Lookup(self._slack, wanted=look_first)
        view = await self._runs.view(order.run_id)
        showing = Showing(self._slack, self._runs, self._looks, self._told, lookup, view)
        alerts = Alerts(self._slack, self._told, lookup)
        problem = ""
        try:
            await alerts.tell_emergencies(view)
            await showing.all()
            self._sessions.tell(showing.view, showing.thread)
            await alerts.tell(showing.view, showing.thread)
            await self._tell_undone(showing.view)
        except Refused as refused:
            if not refused.channel_lost:
                raise
            problem = await self._invite(showing.view, refused)
        finally:
            self._homes.saw(showing.view)
        view, stand, posted_at = showing.view, showing.cards | alerts.cards, datetime.now(UTC)
        copies = Copies(self._slack, self._readers, self._looks.now, view, stand)
        await copies.agree()
        revision = showing.revision
        if copies.late and view.state.ended:
            # Nothing else waits any more, and the run would not announce again by itself.
            await asyncio.sleep(COPIES_AGAIN)
            revision -= 1
        return Announced(
            revision=revision,
            cards=stand | copies.cards,
            posted_at=posted_at,
            notices=tuple(showing.notices),
            undeliverable=problem,
            gates=showing.gates,
            untold=alerts.untold,
        )

    async def _tell_undone(self, view: RunView) -> None:
        """A run that took back a change of another says so on the cards of that one, once."""
        undone = view.undoes is not None and view.state.ended and any(each.certain for each in view.changes)
        if undone and (told := f"undone/{view.run_id}") not in self._told:
            try:
                await self._undoing.redraw(view, self._looks.now)
            except BotError as error:
                # A courtesy: that run may be one that no worker can answer for any more.
                log.warning("the cards of the run that %s undid are as they were: %r", view.run_id, error)
            self._told.add(told)

    async def _invite(self, view: RunView, refused: Refused) -> str:
        """The channel can't be posted to: its requester hears of it, once."""
        why = words.UNDELIVERABLE.get(refused.code, words.UNDELIVERABLE_OTHERWISE.format(code=refused.code))
        log.warning("run %s can't be shown in its channel: %s", view.run_id, refused.code)
        text = words.INVITE.format(name=view.name, channel=channel(view.place.channel), why=why)
        if (invited := f"invite/{view.run_id}") not in self._told:
            try:
                await self._slack.direct(view.requester.user, message(text, section(text)))
            except Refused as error:
                log.warning("the requester of run %s can't be told: %s", view.run_id, error.code)
            self._told.add(invited)
        return why


@contextlib.asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _again(error: SlackError, run_id: str) -> ApplicationError:
    if isinstance(error, RateLimited):
        delay = timedelta(seconds=error.retry_after)
        return ApplicationError(str(error), type="RateLimited", next_retry_delay=delay)
    if isinstance(error, Refused):
        log.error("Slack refuses to show run %s: %s", run_id, error)
        return ApplicationError(str(error), type="SlackRefused", next_retry_delay=OPERATORS_TURN)
    return ApplicationError(str(error), type="SlackUncertain")
