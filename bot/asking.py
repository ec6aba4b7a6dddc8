"""People asking in words: the slash command, a mention, a direct message, a chip."""

import logging
from collections.abc import Awaitable
from datetime import UTC, datetime

from slack_bolt.context.ack.async_ack import AsyncAck

from workflows.values.people import Place

from . import words
from .afterwards import Afterwards
from .answers import Answers
from .asked import Asked
from .commands import AboutFreezes, StartRun, by_phrase, normalised, read
from .desk import Desk, sorry
from .errors import BotError, SlackError, TemporalUnavailable
from .payloads import Click, Command, Mention, Payload
from .remembered import Remembered
from .runs import Runs, within
from .schedule_texts import AboutSchedules
from .settings import BotSettings
from .slack import Slack
from .starting import Starting
from .views import modals
from .views.blocks import Message
from .views.lists import sentence
from .views.refs import GoalRef, ListRef, RunRef, WhyRef
from .views.text import escaped
from .words.why import DIALOG as WHY_TITLE

log = logging.getLogger(__name__)

LAST_DELIVERY = 3
"""Slack repeats an event three times: docs.slack.dev/apis/events-api, "Retries"."""


class Asking:
    def __init__(
        self,
        desk: Desk,
        starting: Starting,
        runs: Runs,
        slack: Slack,
        settings: BotSettings,
        later: Afterwards,
    ) -> None:
        self._desk = desk
        self._starting = starting
        self._runs = runs
        self._answers = Answers(runs)
        self._slack = slack
        self._settings = settings
        self._later = later
        self._told = Remembered()

    async def command(self, ack: AsyncAck, body: Payload) -> None:
        """Alone it opens the form."""
        command = Command.from_slack(body)
        if not normalised(command.text) and await self._starting.by_command(command):
            await ack()
            return
        asked = Asked(
            person=command.person, place=Place(channel=command.spot.channel), occasion=command.occasion
        )
        try:
            async with within():
                reply = await self._desk.reply(command.text, asked)
        except BotError as error:
            log.warning("a command of %s was not carried out: %r", command.person.user, error)
            reply = sorry(error)
        await _answer(ack, reply)

    async def direct(self, body: Payload, delivery: int) -> None:
        """What a person writes to the bot is a goal as a mention is; edits, deletions and notes of Slack's are not."""
        if said_by_a_person(body):
            await self.mention(body, delivery)

    async def mention(self, body: Payload, delivery: int) -> None:
        """Raises TemporalUnavailable, so that Slack delivers it again; *delivery* counts from 0."""
        mention = Mention.from_slack(body)
        if mention.by_bot:
            return
        try:
            async with within():
                reply = await self._mentioned(mention)
        except TemporalUnavailable as error:
            if delivery == 0:
                self._later.do(self._whisper(mention, sentence(words.KEEP_TRYING)))
            if delivery < LAST_DELIVERY:
                raise
            reply = sorry(error)
        except BotError as error:
            reply = sorry(error)
        if reply is not None:
            self._later.do(self._whisper(mention, reply))

    async def _mentioned(self, mention: Mention) -> Message | None:
        bot = await self._slack.identity()
        if bot.enterprise is None and mention.person.team != bot.team:
            return sentence(words.OUTSIDER)
        text = normalised(mention.goal(bot.user))
        place = Place(channel=mention.spot.channel, thread_ts=mention.thread)
        asked = Asked(person=mention.person, place=place, occasion=mention.occasion)
        if mention.spot.thread_ts is not None and not self._of_its_own(text):
            under_way = await self._runs.in_thread(mention.spot.channel, mention.spot.thread_ts)
            if under_way and not text:
                name = under_way[0].summary.name if under_way[0].summary else under_way[0].run_id
                return sentence(words.RUN_HERE.format(name=escaped(name), command=self._settings.command))
            answered = await self._answers.taken(under_way, text, asked, self._settings.command)
            if answered:
                return sentence(answered)
            if under_way and not (by_phrase(text, self._settings) and self._desk.lost_on(under_way, text)):
                return await self._desk.tell(under_way, text, asked)
        return await self._desk.reply(text, asked)

    def _of_its_own(self, text: str) -> bool:
        """Does it mean something in whichever thread it is said?"""
        meant = read(text, self._settings)
        planned = isinstance(meant, StartRun) and meant.plan_only and by_phrase(meant.goal, self._settings)
        return planned or isinstance(meant, AboutFreezes | AboutSchedules)

    async def _whisper(self, mention: Mention, reply: Message) -> None:
        if mention.direct:
            key = f"{mention.occasion}/{reply.digest}"
            if key not in self._told:
                self._told.add(key)
                await self._slack.say(mention.spot.channel, reply, mention.thread)
            return
        await self._slack.whisper(mention.spot.channel, mention.person.user, reply, mention.spot.thread_ts)

    async def turn_list(self, ack: AsyncAck, body: Payload) -> None:
        click = Click.from_slack(body, datetime.now(UTC))
        page = self._desk.page(click.ref(ListRef), click.person, click.spot.channel)
        self._later.do(self._instead(click, page))
        await ack()

    async def status(self, ack: AsyncAck, body: Payload) -> None:
        click = Click.from_slack(body, datetime.now(UTC))
        told = self._desk.status(click.ref(RunRef).run, click.person, click.spot.channel)
        self._later.do(self._instead(click, told))
        await ack()

    async def why(self, ack: AsyncAck, body: Payload) -> None:
        """In place of the answer that was clicked on; from a card in a dialog, which is seen from whichever pane."""
        click = Click.from_slack(body, datetime.now(UTC))
        ref = click.ref(WhyRef)
        if click.ephemeral:
            told = self._desk.why(ref, click.person, click.spot.channel)
            self._later.do(self._instead(click, told))
        else:
            about = ref.model_copy(update={"channel": ref.channel or click.spot.channel})
            self._later.do(self._explain(click, about))
        await ack()

    async def _explain(self, click: Click, about: WhyRef) -> None:
        try:
            dialog = click.view_id or await self._slack.open_modal(
                click.trigger_id, modals.loading(WHY_TITLE)
            )
        except SlackError as error:
            log.warning("a dialog could not be opened: %s", error)
            return
        try:
            async with within():
                shown = await self._desk.why(about, click.person, about.channel)
        except BotError as error:
            shown = sorry(error)
        await self._slack.update_modal(dialog, modals.shown_modal(shown, WHY_TITLE))

    async def _instead(self, click: Click, card: Awaitable[Message]) -> None:
        """In the place of the answer that was clicked on; what can't be shown now leaves that as it is."""
        try:
            async with within():
                shown = await card
        except BotError as error:
            log.warning("a page for %s could not be shown: %r", click.person.user, error)
            shown = sorry(error)
        else:
            if click.ephemeral and click.response_url:
                await self._slack.replace(click.response_url, shown)
                return
        await self._slack.whisper(click.spot.channel, click.person.user, shown, click.spot.thread_ts)

    async def chip(self, ack: AsyncAck, body: Payload) -> None:
        """One chip, one run, however often it is pressed: the answer it stood in goes away."""
        click = Click.from_slack(body, datetime.now(UTC))
        ref = click.ref(GoalRef)
        asked = Asked(
            person=click.person,
            place=Place(channel=click.spot.channel, thread_ts=ref.thread or click.spot.thread_ts),
            occasion=ref.occasion
            or f"chip/{click.spot.channel}/{click.message_ts}/{click.action}/{click.person.user}",
        )
        try:
            async with within():
                reply = await self._desk.start(ref, asked)
        except BotError as error:
            log.warning("a chip pressed by %s started nothing: %r", click.person.user, error)
            reply = sorry(error)
        if reply is not None:
            self._later.do(
                self._slack.whisper(click.spot.channel, click.person.user, reply, click.spot.thread_ts)
            )
        elif click.ephemeral and click.response_url:
            self._later.do(self._slack.dismiss(click.response_url))
        await ack()


def said_by_a_person(body: Payload) -> bool:
    """A message of its own in direct messages: docs.slack.dev/reference/events/message, "Message subtypes"."""
    event = body.get("event")
    return isinstance(event, dict) and event.get("channel_type") == "im" and not event.get("subtype")


async def _answer(ack: AsyncAck, reply: Message | None) -> None:
    """Seen only by who asked; a run that was started shows itself."""
    if reply is None:
        await ack()
    else:
        await ack(text=reply.text, blocks=list(reply.blocks), response_type="ephemeral")
