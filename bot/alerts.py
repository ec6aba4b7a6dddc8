"""Tells alerts: each once, where it is to be told, and never passed over in silence."""

import logging
from collections.abc import Sequence

from workflows.values.view import Alert, AlertKind, Card, RunView

from . import words
from .cards import due_alerts
from .errors import Refused
from .posting import Lookup, tolerantly
from .remembered import Remembered
from .slack import Posted, Slack
from .views.alert import alert_card, over_card
from .views.blocks import Message, context, message
from .views.text import channel

log = logging.getLogger(__name__)


class Alerts:
    """What `tell` has posted stands in `cards`, what nobody could be told in `untold`, both by slot."""

    def __init__(self, slack: Slack, told: Remembered, lookup: Lookup) -> None:
        self._slack = slack
        self._told = told
        self._lookup = lookup
        self.cards: dict[str, Card] = {}
        self.untold: dict[str, str] = {}

    async def tell_emergencies(self, view: RunView) -> None:
        """Before anything else: no trouble with the run's own channel may hold them up."""
        await self._tell(
            [due for due in due_alerts(view) if due[0].kind is AlertKind.BREAK_GLASS], view, None
        )

    async def tell(self, view: RunView, thread: str | None) -> None:
        """*thread*: the run's own. Raises Refused only when that one can't be posted to."""
        settled = {*self.cards, *self.untold}
        due = [each for each in due_alerts(view) if not settled & {alert.slot for alert in each}]
        await self._tell(due, view, thread)
        for alerts in _told(view):
            await self._settle(view, alerts)

    async def _tell(self, due: Sequence[Sequence[Alert]], view: RunView, thread: str | None) -> None:
        for alerts in due:
            try:
                card = await self._post(view, alerts, thread)
            except Refused as refused:
                if not refused.channel_lost or not alerts[0].channel:
                    raise
                await self._instead(view, alerts, refused, thread)
            else:
                self.cards |= {alert.slot: card for alert in alerts}

    async def _post(self, view: RunView, alerts: Sequence[Alert], thread: str | None) -> Card:
        elsewhere = alerts[0].channel
        where, within = (elsewhere, None) if elsewhere else (view.place.channel, thread)
        key = _key(view, alerts)
        card = alert_card(view, alerts, await self._link(view, alerts[0]))
        found = await self._lookup.find(key, where, within, min(alert.at for alert in alerts))
        posted = [found] if found is not None else []

        async def post(each: Message) -> None:
            posted.append(await self._slack.post(where, each, key, within))

        if found is None:
            await self._slack.turn_to_post(where)
            await tolerantly(self._slack, card, post)
        return Card(channel=posted[-1].channel, ts=posted[-1].ts, digest=card.digest)

    async def _settle(self, view: RunView, alerts: Sequence[Alert]) -> None:
        """A message that asks says so no longer than it is so. One that can't be redrawn holds nothing up."""
        known, over = view.cards[alerts[0].slot], over_card(view, alerts)
        if over is None or over.digest == known.digest:
            return
        at = Posted(channel=known.channel, ts=known.ts)
        card = over_card(view, alerts, await self._link(view, alerts[0])) or over

        async def redraw(each: Message) -> None:
            await self._slack.redraw(at, each, _key(view, alerts))

        try:
            await self._slack.turn_to_redraw(at.channel, at.ts)
            await tolerantly(self._slack, card, redraw)
        except Refused as refused:
            log.warning(
                "the alert %s of run %s stays as it is: %s", alerts[0].slot, view.run_id, refused.code
            )
        # By what it says without its link: that is a courtesy, and no reason to redraw it.
        self.cards |= dict.fromkeys(
            (alert.slot for alert in alerts), known.model_copy(update={"digest": over.digest})
        )

    async def _link(self, view: RunView, alert: Alert) -> str:
        """To the card that it is about; empty where there is none."""
        approval = next((each for each in view.approvals if each.id == alert.approval), None)
        card = view.cards.get(approval.slot) if approval is not None else None
        return (
            await self._slack.permalink(Posted(channel=card.channel, ts=card.ts)) if card is not None else ""
        )

    async def _instead(
        self, view: RunView, alerts: Sequence[Alert], refused: Refused, thread: str | None
    ) -> None:
        """The channel can't be posted to: who asked for the run hears of it.

        Not of an approval that was given alone: nothing is applied then, and the run says so.
        """
        why = words.UNDELIVERABLE.get(refused.code, words.UNDELIVERABLE_OTHERWISE.format(code=refused.code))
        first = alerts[0]
        log.warning("the alert %s of run %s can't be posted: %s", first.slot, view.run_id, refused.code)
        self.untold |= {alert.slot: f"{why} ({first.channel})." for alert in alerts}
        if (
            first.kind is AlertKind.BREAK_GLASS
            or (once := f"untold/{view.run_id}/{first.slot}") in self._told
        ):
            return
        said = alert_card(view, alerts)
        note = words.COULD_NOT_TELL.format(channel=channel(first.channel), why=why)
        instead = message(f"{said.text} {note}", *said.blocks, context(note))
        try:
            await self._slack.whisper(view.place.channel, view.requester.user, instead, thread)
        except Refused as error:
            log.warning("the requester of run %s can't be told either: %s", view.run_id, error)
        self._told.add(once)


def _key(view: RunView, alerts: Sequence[Alert]) -> str:
    return f"{view.run_id}/{'+'.join(alert.slot for alert in alerts)}"


def _told(view: RunView) -> list[list[Alert]]:
    """Those that ask somebody for a decision, by the message that they stand in."""
    by_message: dict[tuple[str, str], list[Alert]] = {}
    for alert in view.alerts:
        card = view.cards.get(alert.slot)
        if card is not None and alert.kind is not AlertKind.BREAK_GLASS:
            by_message.setdefault((card.channel, card.ts), []).append(alert)
    return list(by_message.values())
