"""One pass over everything a view shows: each card is drawn, compared with what was posted, and posted or redrawn."""

import logging
from collections.abc import Callable
from dataclasses import replace

from workflows.rules.visible import visible
from workflows.values.base import GateDigest
from workflows.values.view import Card, Notice, RunView

from .cards import as_posted, draw, gates_on, over, slots
from .errors import Refused
from .posting import Lookup, tolerantly
from .remembered import Remembered
from .runs import Runs
from .slack import Posted, Slack
from .views.blocks import Message, message, plain
from .views.look import Look
from .views.text import escaped

log = logging.getLogger(__name__)


class Looks:
    """How cards look here; that a server does not know some blocks is found out when it refuses them."""

    def __init__(self, look: Look) -> None:
        self.now = look

    def without_plan(self) -> None:
        """From now on steps are shown as text."""
        if self.now.plan:
            log.warning("this Slack refuses `plan` blocks; steps are shown as text from now on")
            self.now = replace(self.now, plan=False)

    def without_feedback(self) -> None:
        """From now on nobody is asked how it was."""
        if self.now.feedback:
            log.warning(
                "this Slack refuses `context_actions` blocks; there are no feedback buttons from now on"
            )
            self.now = replace(self.now, feedback=False)


class Showing:
    """A card drawn late is drawn from a newer view."""

    def __init__(
        self, slack: Slack, runs: Runs, looks: Looks, told: Remembered, lookup: Lookup, view: RunView
    ) -> None:
        self._slack = slack
        self._runs = runs
        self._looks = looks
        self._told = told
        self._lookup = lookup
        self.view = view
        self.revision = view.revision
        """The oldest view that anything was drawn from: what is newer is shown by the next pass."""
        self.cards: dict[str, Card] = dict(view.cards)
        self.notices: list[int] = []
        self._gates: dict[str, list[GateDigest]] = {}

    @property
    def gates(self) -> tuple[GateDigest, ...]:
        """What people can decide on, on cards that agree with the run."""
        return tuple(gate for gates in self._gates.values() for gate in gates)

    async def all(self) -> None:
        if "root" not in self.cards:
            await self._slot("root")
        for notice in self.view.notices:
            await self._tell(notice)
        for slot in slots(self.view):
            await self._slot(slot)

    @property
    def thread(self) -> str | None:
        root = self.cards.get("root")
        return self.view.place.thread_ts or (root.ts if root is not None else None)

    @property
    def _active_thread(self) -> str | None:
        """Where nobody has answered yet, Slack shows nothing to one person (docs.slack.dev, chat.postEphemeral)."""
        return self.thread if self._thread_of("root") or len(self.cards) > 1 else None

    def _thread_of(self, slot: str) -> str | None:
        """The root card stands in the thread it was asked for in; otherwise it is what starts the thread."""
        if slot != "root":
            return self.thread
        card = self.cards.get("root")
        asked_in = self.view.place.thread_ts
        return None if card is not None and card.ts == asked_in else asked_in

    def _drawn(self, slot: str) -> Message | None:
        return draw(self.view, slot, self._looks.now)

    def _key(self, slot: str) -> str:
        return f"{self.view.run_id}/{slot}"

    async def _slot(self, slot: str) -> None:
        card = self._drawn(slot)
        known = self.cards.get(slot)
        if card is None:
            return
        if known is not None and known.digest == card.digest:
            self._agrees(slot, known)
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

    def _agrees(self, slot: str, card: Card) -> None:
        self.cards[slot] = card
        self._gates[slot] = gates_on(self.view, slot)

    async def _posted_before(self, slot: str) -> Posted | None:
        view = self.view
        return await self._lookup.find(
            self._key(slot), view.place.channel, self._thread_of(slot), view.started_at
        )

    async def _redrawn(self, slot: str, at: Posted) -> bool:
        """False: that message is gone, and a new one has to take its place."""
        if await self._slack.turn_to_redraw(at.channel, at.ts):
            await self._look_again()
        card = self._drawn(slot)
        if card is None:
            return True

        async def redraw(each: Message) -> None:
            await self._slack.redraw(at, each, self._key(slot))

        try:
            drawn = await tolerantly(self._slack, card, redraw, self._plainer(slot))
        except Refused as refused:
            if refused.message_lost:
                return False
            raise
        self._agrees(slot, Card(channel=at.channel, ts=at.ts, digest=drawn.digest))
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

        new = as_posted(self.view, slot, card)
        drawn = await tolerantly(self._slack, new, post, self._plainer(slot))
        self._agrees(slot, Card(channel=posted[-1].channel, ts=posted[-1].ts, digest=drawn.digest))
        if new != card:
            await self._redrawn(slot, posted[-1])

    def _plainer(self, slot: str) -> Callable[[Message], Message]:
        def plainer(card: Message) -> Message:
            kinds, now = {block["type"] for block in card.blocks}, self._looks.now
            # A card that has both is of a run that has ended: it stood there with its plan before.
            if now.feedback and "context_actions" in kinds:
                self._looks.without_feedback()
            elif now.plan and "plan" in kinds:
                self._looks.without_plan()
            else:
                return card
            return self._drawn(slot) or card

        return plainer

    async def _look_again(self) -> None:
        """Waiting took time: what is drawn now should be what is true now."""
        self.view = await self._runs.view(self.view.run_id)

    async def _tell(self, notice: Notice) -> None:
        # It may quote a tool: in plain text, or that could pass for ours.
        said = message(escaped(notice.text), {"type": "section", "text": plain(visible(notice.text))})
        if (told := f"notice/{self.view.run_id}/{notice.id}") not in self._told:
            try:
                await self._whisper(notice.to.user, said)
            except Refused as refused:
                log.warning("notice %d of run %s can't be shown: %s", notice.id, self.view.run_id, refused)
            self._told.add(told)
        self.notices.append(notice.id)

    async def _whisper(self, user: str, said: Message) -> None:
        """Who has copies clicks on those: there the answer has to be seen."""
        if any(slot.endswith(f"@{user}") for slot in self.cards):
            await self._slack.direct(user, said)
        else:
            await self._slack.whisper(self.view.place.channel, user, said, self._active_thread)
