"""Copies of an approval's card, in direct messages to the approvers who asked for them.

The run remembers each beside the card itself, as `approval/4.1@U0BOB`, so every copy is redrawn with it, also by a bot
that was started since. A direct message is a courtesy: what goes wrong with one never holds up the thread.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from workflows.values.view import Card, RunView

from .cards import draw, gates_on
from .errors import RateLimited, Refused, SlackError
from .posting import Lookup, tolerantly
from .readers import Readers
from .slack import Posted, Slack
from .views.alert import where
from .views.blocks import Message, context, fits, message
from .views.look import Look
from .words import private

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds after which no further copy of a run under way is begun: its next announcement has the others."""
LONGER = 40.0
"""The same for a run that has ended: nothing of it waits any more."""
TURN = 2.0
"""Seconds that one waits for its turn."""
Waited = TypeVar("Waited")


class Copies:
    """One pass over them. *cards*: all that stand, by slot, those of the thread among them."""

    def __init__(
        self,
        slack: Slack,
        readers: Readers,
        look: Look,
        view: RunView,
        cards: Mapping[str, Card],
    ) -> None:
        self._slack = slack
        self._readers = readers
        # Always: that one was posted uncertainly is not what makes the run announce again.
        self._lookup = Lookup(slack, wanted=True)
        self._look = look
        self._view = view
        self._known = cards
        self._until = time.monotonic() + (LONGER if view.state.ended else PATIENCE)
        self.cards: dict[str, Card] = {}
        """What was posted or redrawn."""
        self.late = False
        """Some have to wait for another pass."""

    async def agree(self) -> None:
        """Never raises."""
        for slot, card in self._known.items():
            if "@" in slot:
                await self._one(slot, card)
        for slot in dict.fromkeys(approval.slot for approval in self._view.approvals):
            if slot in self._known and gates_on(self._view, slot):
                for user in await self._readers.of(self._view, slot):
                    if (copy := f"{slot}@{user}") not in self._known:
                        await self._one(copy, None)

    async def _one(self, slot: str, known: Card | None) -> None:
        """What Slack refuses for good is left as it is."""
        try:
            if time.monotonic() > self._until:
                raise RateLimited("a copy", PATIENCE)
            await self._drawn(slot, known)
        except Refused as refused:
            log.warning("the copy %s of run %s can't be shown: %s", slot, self._view.run_id, refused)
        except SlackError as error:
            log.info("the copy %s of run %s comes later: %s", slot, self._view.run_id, error)
            self.late = True

    async def _drawn(self, slot: str, known: Card | None) -> None:
        view, (card_slot, _, user) = self._view, slot.partition("@")
        whole = await self._readers.may_see(user, view, card_slot)
        card = draw(view, slot if whole else card_slot, self._look)
        if (
            card is None
            or (known is None and not whole)
            or (known is not None and known.digest == card.digest)
        ):
            return
        key, shown = f"{view.run_id}/{slot}", await self._with_source(card, card_slot)
        at = Posted(channel=known.channel, ts=known.ts) if known is not None else await self._find(key, user)
        at = await (self._redraw(at, shown, key) if at.ts else self._post(at.channel, shown, key))
        self.cards[slot] = Card(channel=at.channel, ts=at.ts, digest=card.digest)

    async def _find(self, key: str, user: str) -> Posted:
        """Where it stands already; without a time where it does not."""
        channel = await self._slack.direct_channel(user)
        found = await _soon(self._lookup.find(key, channel, None, self._view.started_at))
        return found or Posted(channel=channel, ts="")

    async def _redraw(self, at: Posted, card: Message, key: str) -> Posted:
        async def redraw(each: Message) -> None:
            await self._slack.redraw(at, each, key)

        await _soon(self._slack.turn_to_redraw(at.channel, at.ts))
        await tolerantly(self._slack, card, redraw)
        return at

    async def _post(self, channel: str, card: Message, key: str) -> Posted:
        posted: list[Posted] = []

        async def post(each: Message) -> None:
            posted.append(await self._slack.post(channel, each, key, None))

        await _soon(self._slack.turn_to_post(channel))
        await tolerantly(self._slack, card, post)
        return posted[-1]

    async def _with_source(self, card: Message, slot: str) -> Message:
        """It says where the card itself stands, where there is room for that."""
        stands = self._known.get(slot)
        link = await self._slack.permalink(Posted(channel=stands.channel, ts=stands.ts)) if stands else ""
        ends = private.DM_ENDS.format(command=self._look.command)
        longer = message(card.text, *card.blocks, context(f"{where(self._view, link)} {ends}"))
        return longer if fits(longer.blocks) else card


async def _soon(turn: Awaitable[Waited]) -> Waited:
    """Raises RateLimited when it is long in coming."""
    try:
        async with asyncio.timeout(TURN):
            return await turn
    except TimeoutError:
        raise RateLimited("a copy", TURN) from None
