"""People pressing buttons. Each click is handed to Temporal before Slack has its answer, and each is answered."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from slack_bolt.context.ack.async_ack import AsyncAck

from workflows.values.people import Person
from workflows.values.signals import Answer, Cancel, Decide, DecideAll, Said
from workflows.values.view import ApprovalView

from . import words
from .afterwards import Afterwards
from .discretion import Discretion
from .errors import BotError, RunEnded, RunGone, SlackError
from .homes import Homes
from .payloads import Click, Payload, Spot
from .remembered import Remembered
from .runs import Runs, within
from .slack import Posted, Slack
from .views import modals
from .views.blocks import Block, section
from .views.details import details_modal
from .views.editing import edit_modal
from .views.lists import sentence, without_buttons
from .views.refs import (
    ApprovalRef,
    BreakGlassRef,
    GroupRef,
    PageRef,
    QuestionRef,
    ReasonRef,
    Ref,
    RunRef,
    UnknownRef,
)

log = logging.getLogger(__name__)

Carried = TypeVar("Carried", bound=Ref)
Fill = Callable[[ApprovalView], Block]


class Clicks:
    def __init__(
        self, runs: Runs, slack: Slack, homes: Homes, discretion: Discretion, later: Afterwards
    ) -> None:
        self._runs = runs
        self._homes = homes
        self._discretion = discretion
        self._slack = slack
        self._later = later
        self._answered = Remembered()
        """What was shown for which click: a click that is delivered again is not answered again."""

    async def approve(self, ack: AsyncAck, body: Payload) -> None:
        """On a card or a home; and in the details of what is dangerous, which then say what came of it."""
        click, ref = self._read(body, PageRef)
        in_details = bool(click.view_id)
        if ref.channel:
            click = click.model_copy(update={"spot": Spot(channel=ref.channel, thread_ts=ref.thread or None)})
        decision = Decide(
            delivery=click.delivery,
            by=click.person,
            approval=ref.approval,
            gate=ref.gate,
            approve=True,
            clicked_at=click.clicked_at,
        )
        handed = await self._hand_off(click, ref.run, self._runs.decide(ref.run, decision))
        if in_details:
            said = modals.said_modal(words.HANDED_ON if handed else words.NOT_HANDED_ON)
            self._later.do(self._slack.update_modal(click.view_id, said))
        await ack()

    async def approve_all(self, ack: AsyncAck, body: Payload) -> None:
        click, ref = self._read(body, GroupRef)
        decision = DecideAll(
            delivery=click.delivery,
            by=click.person,
            approvals=ref.approvals,
            gates=ref.gates,
            approve=True,
            clicked_at=click.clicked_at,
        )
        await self._hand_off(click, ref.run, self._runs.decide_all(ref.run, decision))
        await ack()

    async def answer(self, ack: AsyncAck, body: Payload) -> None:
        click, ref = self._read(body, QuestionRef)
        answer = Answer(delivery=click.delivery, by=click.person, question=ref.question, choice=ref.choice)
        await self._hand_off(click, ref.run, self._runs.answer(ref.run, answer))
        await ack()

    async def write_answer(self, ack: AsyncAck, body: Payload) -> None:
        click, ref = self._read(body, QuestionRef)
        about = ReasonRef(channel=click.spot.channel, thread=click.thread, question=ref)
        await self._open(click, modals.answer_modal(about))
        await ack()

    async def cancel_run(self, ack: AsyncAck, body: Payload) -> None:
        click, ref = self._read(body, RunRef)
        signal = Cancel(delivery=click.delivery, by=click.person)
        handed = await self._hand_off(click, ref.run, self._runs.cancel(ref.run, signal))
        if handed and click.ephemeral:
            self._later.do(self._tell(click, words.ASKED_TO_STOP.format(name="the run")))
        await ack()

    async def reject(self, ack: AsyncAck, body: Payload) -> None:
        """Asks for the reason first; only local data is needed, for a dialog has to open within 3 seconds."""
        click, ref = self._read(body, ApprovalRef)
        about = ReasonRef(channel=click.spot.channel, thread=click.thread, approval=ref)
        await self._open(click, modals.reject_modal(about))
        await ack()

    async def reject_all(self, ack: AsyncAck, body: Payload) -> None:
        click, ref = self._read(body, GroupRef)
        about = ReasonRef(channel=click.spot.channel, thread=click.thread, group=ref)
        await self._open(click, modals.reject_all_modal(about))
        await ack()

    async def break_glass(self, ack: AsyncAck, body: Payload) -> None:
        """On a card it opens a dialog; in the details it takes their place."""
        click, ref = self._read(body, BreakGlassRef)
        approval = ApprovalRef(run=ref.run, approval=ref.approval, gate=ref.gate, what=ref.what)
        about = ReasonRef(channel=click.spot.channel, thread=click.thread, approval=approval)
        asked = modals.break_glass_modal(about, ref.channel)
        if click.view_id:
            self._later.do(self._slack.update_modal(click.view_id, asked))
        else:
            await self._open(click, asked)
        await ack()

    async def resolve(self, ack: AsyncAck, body: Payload) -> None:
        click, ref = self._read(body, UnknownRef)
        said = Said(click.action.removeprefix("resolve_"))
        about = ReasonRef(channel=click.spot.channel, thread=click.thread, unknown=ref, said=said.value)
        await self._open(click, modals.resolve_modal(about, said))
        await ack()

    async def details(self, ack: AsyncAck, body: Payload) -> None:
        click, ref = self._read(body, ApprovalRef)
        offer = not click.beside("approve")
        at = PageRef(**ref.model_dump(), channel=click.spot.channel, thread=click.thread, offer=offer)
        self._later.do(self._show(click, words.DETAILS_TITLE, at, _page(at, click.person)))
        await ack()

    async def turn_page(self, ack: AsyncAck, body: Payload) -> None:
        click, at = self._read(body, PageRef)
        self._later.do(self._fill(click.person, click.view_id, at, _page(at, click.person)))
        await ack()

    async def edit(self, ack: AsyncAck, body: Payload) -> None:
        click, ref = self._read(body, ApprovalRef)
        self._later.do(self._show(click, words.EDIT_TITLE, ref, _editor(ref)))
        await ack()

    async def link(self, ack: AsyncAck) -> None:
        """The client follows it by itself; Slack wants an answer all the same."""
        await ack()

    async def unknown(self, ack: AsyncAck, body: Payload) -> None:
        """A button of an older version of ours: never silently ignored."""
        click = Click.from_slack(body, datetime.now(UTC))
        self._later.do(self._tell(click, words.GONE_FROM_CARD))
        await ack()

    def _read(self, body: Payload, kind: type[Carried]) -> tuple[Click, Carried]:
        click = Click.from_slack(body, datetime.now(UTC))
        ref = click.ref(kind)
        self._homes.clicked(click)
        return click, ref

    async def _hand_off(self, click: Click, run: str, signal: Awaitable[None]) -> bool:
        """False: it could not be handed off, and the person is told."""
        try:
            async with within():
                await signal
        except (RunEnded, RunGone):
            self._later.do(self._show_end(click, run))
            return False
        except BotError as error:
            log.warning("a click of %s on %s was not handed off: %r", click.person.user, run, error)
            self._later.do(self._tell(click, error.text))
            return False
        return True

    async def _open(self, click: Click, view: Block) -> None:
        if self._repeated(click, "dialog"):
            return
        try:
            await self._slack.open_modal(click.trigger_id, view)
        except SlackError as error:
            log.warning("a dialog could not be opened: %s", error)
            self._later.do(self._tell(click, words.TOO_LATE_FOR_MODAL))

    async def _show(self, click: Click, name: str, ref: ApprovalRef, fill: Fill) -> None:
        """A dialog has to open within 3 seconds, and the run may take longer to say what belongs in it."""
        if self._repeated(click, "dialog"):
            return
        try:
            view_id = await self._slack.open_modal(click.trigger_id, modals.loading(name))
        except SlackError as error:
            log.warning("a dialog could not be opened: %s", error)
            await self._tell(click, words.TOO_LATE_FOR_MODAL)
            return
        await self._fill(click.person, view_id, ref, fill)

    async def _fill(self, person: Person, view_id: str, ref: ApprovalRef, fill: Fill) -> None:
        try:
            view = await self._runs.view(ref.run)
        except BotError as error:
            await self._slack.update_modal(view_id, modals.said_modal(error.text))
            return
        approval = next((each for each in view.approvals if each.id == ref.approval), None)
        if approval is None:
            filled = modals.said_modal(words.SETTLED)
        elif kept := await self._discretion.refusal(person, approval):
            filled = modals.said_modal(kept)
        else:
            filled = fill(approval)
        await self._slack.update_modal(view_id, filled)

    async def _tell(self, click: Click, text: str) -> None:
        if self._repeated(click, text):
            return
        await self._slack.whisper(click.spot.channel, click.person.user, sentence(text), click.spot.thread_ts)

    def _repeated(self, click: Click, what: str) -> bool:
        """Was this shown for an earlier delivery of the click? A dialog's trigger works once, so it can't be again."""
        if (key := f"{click.delivery}/{what}") in self._answered:
            return True
        self._answered.add(key)
        return False

    async def _show_end(self, click: Click, run: str) -> None:
        """A run that can't redraw its card any more has it redrawn from Temporal's own record."""
        why = await self._how_it_ended(run)
        if click.home is not None:
            self._homes.redraw(click.person)
        if why == words.RUN_OVER:
            # Its cards say how they ended: an old click that comes again must not bring back what they showed.
            await self._tell(click, words.RUN_ENDED)
            return
        await self._tell(click, f"{words.RUN_ENDED} {why}")
        if click.message_ts and not click.ephemeral:
            kept = click.blocks or (section(click.text or why),)
            at = Posted(channel=click.spot.channel, ts=click.message_ts)
            await self._slack.strip(at, without_buttons(kept, why))

    async def _how_it_ended(self, run: str) -> str:
        try:
            found = await self._runs.describe(run)
        except RunGone:
            return words.RUN_GONE
        except BotError:
            return words.RUN_OVER
        return words.RUN_TERMINATED if found.closed_as == "terminated" else words.RUN_OVER


def _page(at: PageRef, reader: Person) -> Fill:
    return lambda approval: details_modal(approval, at, reader)


def _editor(ref: ApprovalRef) -> Fill:
    return lambda approval: edit_modal(approval, ref)
