"""How one message of ours gets to Slack: looked for where it may stand already, and plainer where it has to be."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from .card_marks import marker
from .cards import bare, in_sections
from .errors import Refused
from .slack import Posted, Slack
from .views.blocks import Message


class Lookup:
    """Finds what was posted by an attempt that never learned of it. Each place is looked at once."""

    def __init__(self, slack: Slack, *, wanted: bool) -> None:
        self._slack = slack
        self._wanted = wanted
        self._found: dict[tuple[str, str | None, datetime], Mapping[str, Posted]] = {}

    async def find(self, key: str, channel: str, thread: str | None, since: datetime) -> Posted | None:
        """Raises Refused when the channel is lost, and what else `Slack` raises."""
        if not self._wanted:
            return None
        place = (channel, thread, since)
        if place not in self._found:
            self._found[place] = await self._look_up(channel, thread, since)
        found = self._found[place]
        return found.get(key) or found.get(marker(key))

    async def _look_up(self, channel: str, thread: str | None, since: datetime) -> Mapping[str, Posted]:
        try:
            return await self._slack.cards(channel, thread, since)
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


def as_it_is(card: Message) -> Message:
    """For a card that has no plainer way of saying the same."""
    return card


async def tolerantly(
    slack: Slack,
    card: Message,
    send: Callable[[Message], Awaitable[None]],
    plainer: Callable[[Message], Message] = as_it_is,
) -> Message:
    """A server may not know all blocks. What it refuses is shown plainer, never dropped. Returns what now counts as shown."""
    try:
        await send(card)
    except Refused as refused:
        if not refused.blocks_refused:
            raise
        simpler = plainer(card)
        if simpler is not card:
            return await tolerantly(slack, simpler, send, plainer)
        await _plainly(slack, card, send, refused)
    return card


async def _plainly(
    slack: Slack, card: Message, send: Callable[[Message], Awaitable[None]], refused: Refused
) -> None:
    sections = in_sections(card)
    if sections is not None:
        with contextlib.suppress(Refused):
            await send(sections)
            return
    slack.once(f"bare/{refused}", "Slack refuses a card's blocks (%s); it is shown bare", refused)
    await send(bare(card))
