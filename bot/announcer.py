"""Makes Slack agree with a run's view: carries out the step `announce`."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows import outside
from workflows.values.view import Announce, Announced, Card, Notice, RunView

from . import words
from .card_marks import marker
from .cards import bare, draw, in_sections, over, slots
from .errors import RateLimited, Refused, RunGone, SlackError, TemporalUnavailable
from .runs import Runs
from .slack import Posted, Slack
from .views.blocks import Message, message, section
from .views.look import Look
from .views.text import channel, escaped

log = logging.getLogger(__name__)

HEARTBEAT = 4.0
"""Seconds; the step's heartbeat timeout is 15."""
OPERATORS_TURN = timedelta(seconds=60)
"""When Slack refuses for a reason that somebody has to mend, there is no hurry to ask again."""
WORKER_AWAY = timedelta(seconds=3)
"""A run is shown soon after a worker is up again."""
REMEMBERED = 2000


class Announcer:
    """One for the whole process; it remembers nothing that a run would miss."""

    def __init__(self, runs: Runs, slack: Slack, look: Look) -> None:
        self._runs = runs
        self._slack = slack
        self.look = look
        self._done: OrderedDict[str, None] = OrderedDict()
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
        showing = Showing(
            self, self._slack, self._runs, await self._runs.view(order.run_id), look_first=look_first
        )
        problem = ""
        try:
            await showing.all()
        except Refused as refused:
            if not refused.channel_lost:
                raise
            problem = await self._invite(showing.view, refused)
        return Announced(
            revision=showing.revision,
            cards=showing.cards,
            posted_at=datetime.now(UTC),
            notices=tuple(showing.told),
            undeliverable=problem,
        )

    async def _invite(self, view: RunView, refused: Refused) -> str:
        """The channel can't be posted to: its requester hears of it, once."""
        why = words.UNDELIVERABLE.get(refused.code, words.UNDELIVERABLE_OTHERWISE.format(code=refused.code))
        log.warning("run %s can't be shown in its channel: %s", view.run_id, refused.code)
        text = words.INVITE.format(name=view.name, channel=channel(view.place.channel), why=why)
        if not self.already(invited := f"invite/{view.run_id}"):
            try:
                await self._slack.direct(view.requester.user, message(text, section(text)))
            except Refused as error:
                log.warning("the requester of run %s can't be told: %s", view.run_id, error.code)
            self.did(invited)
        return why

    def already(self, what: str) -> bool:
        return what in self._done

    def did(self, what: str) -> None:
        self._done[what] = None
        while len(self._done) > REMEMBERED:
            self._done.popitem(last=False)

    def without_plan(self) -> None:
        """The server does not know `plan` blocks: from now on steps are shown as text."""
        if self.look.plan:
            log.warning("this Slack refuses `plan` blocks; steps are shown as text from now on")
            self.look = replace(self.look, plan=False)


class Showing:
    """One pass over everything a view shows. A card drawn late is drawn from a newer view."""

    def __init__(
        self, announcer: Announcer, slack: Slack, runs: Runs, view: RunView, *, look_first: bool
    ) -> None:
        self._announcer = announcer
        self._slack = slack
        self._runs = runs
        self._look_first = look_first
        self._found: dict[str | None, Mapping[str, Posted]] = {}
        self.view = view
        self.revision = view.revision
        """The oldest view that anything was drawn from: what is newer is shown by the next pass."""
        self.cards: dict[str, Card] = dict(view.cards)
        self.told: list[int] = []

    async def all(self) -> None:
        if "root" not in self.cards:
            await self._slot("root")
        for notice in self.view.notices:
            await self._tell(notice)
        for slot in slots(self.view):
            await self._slot(slot)

    @property
    def _thread(self) -> str | None:
        root = self.cards.get("root")
        return self.view.place.thread_ts or (root.ts if root is not None else None)

    def _thread_of(self, slot: str) -> str | None:
        """The root card stands in the thread it was asked for in; otherwise it is what starts the thread."""
        if slot != "root":
            return self._thread
        card = self.cards.get("root")
        asked_in = self.view.place.thread_ts
        return None if card is not None and card.ts == asked_in else asked_in

    def _drawn(self, slot: str) -> Message | None:
        return draw(self.view, slot, self._announcer.look)

    def _key(self, slot: str) -> str:
        return f"{self.view.run_id}/{slot}"

    async def _slot(self, slot: str) -> None:
        card = self._drawn(slot)
        known = self.cards.get(slot)
        if card is None or (known is not None and known.digest == card.digest):
            return
        at = (
            Posted(channel=known.channel, ts=known.ts)
            if known is not None
            else await self._posted_before(slot)
        )
        if at is not None and await self._redrawn(slot, at):
            return
        if known is None and slot in over(self.view):
            return  # it ended before anybody was asked
        await self._post(slot)

    async def _posted_before(self, slot: str) -> Posted | None:
        """Posted already, by an attempt that never learned of it?"""
        if not self._look_first:
            return None
        thread = self._thread_of(slot)
        if thread not in self._found:
            self._found[thread] = await self._look_up(thread)
        found = self._found[thread]
        return found.get(self._key(slot)) or found.get(marker(self._key(slot)))

    async def _look_up(self, thread: str | None) -> Mapping[str, Posted]:
        try:
            return await self._slack.cards(self.view.place.channel, thread, self.view.started_at)
        except Refused as refused:
            if refused.channel_lost:
                raise
            if refused.message_lost:
                return {}
            self._slack.once(
                f"look up/{refused.code}",
                "uncertain posts can't be looked up (%s): a card may appear twice after a failure",
                refused.code,
            )
            return {}

    async def _redrawn(self, slot: str, at: Posted) -> bool:
        """False: that message is gone, and a new one has to take its place."""
        if await self._slack.turn_to_redraw(at.channel, at.ts):
            await self._look_again()
        card = self._drawn(slot)
        if card is None:
            return True
        try:
            drawn = await self._tolerantly(
                slot, card, lambda each: self._slack.redraw(at, each, self._key(slot))
            )
        except Refused as refused:
            if refused.message_lost:
                return False
            raise
        self.cards[slot] = Card(channel=at.channel, ts=at.ts, digest=drawn.digest)
        return True

    async def _post(self, slot: str) -> None:
        channel_id = self.view.place.channel
        if await self._slack.turn_to_post(channel_id):
            await self._look_again()
        card = self._drawn(slot)
        if card is None:
            return
        posted: list[Posted] = []

        async def post(each: Message) -> None:
            posted.append(await self._slack.post(channel_id, each, self._key(slot), self._thread_of(slot)))

        drawn = await self._tolerantly(slot, card, post)
        self.cards[slot] = Card(channel=posted[-1].channel, ts=posted[-1].ts, digest=drawn.digest)

    async def _tolerantly(
        self, slot: str, card: Message, send: Callable[[Message], Awaitable[None]]
    ) -> Message:
        """A server may not know all blocks. What it refuses is shown plainer, never dropped."""
        try:
            await send(card)
        except Refused as refused:
            if not refused.blocks_refused:
                raise
            plainer = self._plainer(slot, card)
            if plainer is card:
                await self._plainly(card, send, refused)
                return card
            return await self._tolerantly(slot, plainer, send)
        return card

    async def _plainly(
        self, card: Message, send: Callable[[Message], Awaitable[None]], refused: Refused
    ) -> None:
        sections = in_sections(card)
        if sections is not None:
            with contextlib.suppress(Refused):
                await send(sections)
                return
        self._slack.once(f"bare/{refused}", "Slack refuses a card's blocks (%s); it is shown bare", refused)
        await send(bare(card))

    def _plainer(self, slot: str, card: Message) -> Message:
        if self._announcer.look.plan and any(block["type"] == "plan" for block in card.blocks):
            self._announcer.without_plan()
            return self._drawn(slot) or card
        return card

    async def _look_again(self) -> None:
        """Waiting took time: what is drawn now should be what is true now."""
        self.view = await self._runs.view(self.view.run_id)

    async def _tell(self, notice: Notice) -> None:
        text = escaped(notice.text)
        if not self._announcer.already(told := f"notice/{self.view.run_id}/{notice.id}"):
            try:
                await self._slack.whisper(
                    self.view.place.channel, notice.to.user, message(text, section(text)), self._thread
                )
            except Refused as refused:
                log.warning("notice %d of run %s can't be shown: %s", notice.id, self.view.run_id, refused)
            self._announcer.did(told)
        self.told.append(notice.id)


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
