"""Freezes in Slack: who may, what comes of it, and that everybody in the channel sees it."""

import asyncio
import logging
from datetime import datetime

from temporalio.exceptions import ApplicationError

from workflows.rules.policy import may_freeze
from workflows.values.freeze import FreezeOrder, Thaw
from workflows.values.people import PeopleQuestion, Person

from . import words
from .afterwards import Afterwards
from .asked import Asked
from .commands import (
    REASON_LIMIT,
    AboutFreezes,
    Freeze,
    ListFreezes,
    NoReason,
    OddEnvironment,
    ReasonTooLong,
    Unfreeze,
)
from .errors import NotLookedUp, RateLimited, Refused, SlackError, Uncertain
from .freezes import Ended, Freezes, Known
from .people import PeopleFinder
from .posting import Lookup, tolerantly
from .remembered import Remembered
from .settings import BotSettings
from .slack import Slack
from .views import freezes as views
from .views.blocks import Message
from .views.lists import sentence
from .views.text import code, mentions

log = logging.getLogger(__name__)

LOOKING_UP = 1.2
"""Seconds: Slack wants its answer within 3, and Temporal is asked too."""
ATTEMPTS = 4
"""To tell a channel."""
PAUSE = 1.0
LONGEST_PAUSE = 30.0


class Freezing:
    def __init__(
        self, freezes: Freezes, people: PeopleFinder, slack: Slack, settings: BotSettings, later: Afterwards
    ) -> None:
        self._freezes = freezes
        self._people = people
        self._slack = slack
        self._settings = settings
        self._later = later
        self._told = Remembered()

    async def reply(self, intent: AboutFreezes, asked: Asked) -> Message:
        """For the one who asked. Raises BotError."""
        command = self._settings.command
        match intent:
            case Freeze():
                return await self._freeze(intent, asked)
            case Unfreeze():
                return await self._unfreeze(intent, asked)
            case ListFreezes():
                return await self._list()
            case NoReason(environment=environment):
                return sentence(words.WHY_FREEZE.format(form=views.freeze_form(command, environment)))
            case ReasonTooLong(length=length):
                return sentence(words.FREEZE_REASON_TOO_LONG.format(length=length, limit=REASON_LIMIT))
            case OddEnvironment(name=name):
                return sentence(words.ODD_ENVIRONMENT.format(name=code(name)))

    async def _list(self) -> Message:
        settings = self._settings
        active = await self._freezes.active()
        return views.freezes_card(active, settings.windows, settings.command, settings.environments)

    async def _freeze(self, intent: Freeze, asked: Asked) -> Message:
        if refusal := await self._refusal(asked.person):
            return sentence(refusal)
        order = FreezeOrder(environment=intent.environment, reason=intent.reason, by=asked.person)
        declared = await self._freezes.declare(order, asked.occasion)
        known, command = declared.known, self._settings.command
        log.info("%s froze %s: %r", asked.person.user, known.freeze.id, declared.ours)
        if not declared.ours:
            return views.frozen_already(known.freeze)
        if not known.open:
            return sentence(words.FROZEN_THEN)
        card = views.told_frozen(known.freeze, command)
        self._everybody_sees(
            card, f"{_key(known)}/declared", asked, known.freeze.since, look=not declared.fresh
        )
        return views.frozen_now(known.freeze, command, self._settings.environments)

    async def _unfreeze(self, intent: Unfreeze, asked: Asked) -> Message:
        if refusal := await self._refusal(asked.person):
            return sentence(refusal)
        what = views.what(intent.environment)
        ended = await self._freezes.end(intent.environment, Thaw(by=asked.person))
        if ended is None or ended.earlier:
            return await self._nothing_to_end(what, ended)
        log.info("%s ended %s", asked.person.user, ended.known.freeze.id)
        card = views.told_thawed(ended.known.freeze, ended.by or Thaw(by=asked.person))
        self._everybody_sees(card, f"{_key(ended.known)}/ended", asked, ended.known.freeze.since, look=False)
        return sentence((words.THAWED_NOW if ended.by else words.THAWING).format(what=what))

    async def _nothing_to_end(self, what: str, ended: Ended | None) -> Message:
        said = words.NOT_FROZEN.format(what=what)
        if ended is not None and ended.by is not None:
            said = words.ENDED_BEFORE.format(what=what, who=views.who(ended.by.by, ended.by.by_words))
        active = await self._freezes.active()
        listed = views.freezes_card(active, (), self._settings.command, self._settings.environments)
        return sentence(said, *listed.blocks) if active else sentence(said)

    async def _refusal(self, person: Person) -> str:
        """Why this person may not, and who may; empty when they may. Raises NotLookedUp."""
        freezers = self._settings.freezers
        if not freezers:
            return words.NOBODY_FREEZES
        try:
            async with asyncio.timeout(LOOKING_UP):
                home = (await self._slack.identity()).team
                question = PeopleQuestion(people=(person,), groups=freezers.groups)
                facts = (await self._people.people(question)).of(person)
        except (ApplicationError, SlackError, TimeoutError) as error:
            log.warning("it could not be looked up whether %s may freeze: %r", person.user, error)
            raise NotLookedUp from None
        if facts is None:
            raise NotLookedUp
        why = may_freeze(facts, home, freezers)
        return words.THOSE_WHO_FREEZE.format(why=why, people=mentions(freezers)) if why else ""

    # Everybody sees it

    def _everybody_sees(self, card: Message, key: str, asked: Asked, since: datetime, *, look: bool) -> None:
        """Once, however often the same is heard. *look*: an earlier process may have told it."""
        if key not in self._told:
            self._told.add(key)
            self._later.do(self._tell(card, key, asked, since, look=look))

    async def _tell(self, card: Message, key: str, asked: Asked, since: datetime, *, look: bool) -> None:
        channel = asked.place.channel
        for attempt in range(ATTEMPTS):
            try:
                return await self._post(channel, card, key, since, look=look)
            except RateLimited as error:
                pause = error.retry_after
            except Uncertain:
                look, pause = True, PAUSE
            except Refused as refused:
                why = words.UNDELIVERABLE.get(
                    refused.code, words.UNDELIVERABLE_OTHERWISE.format(code=refused.code)
                )
                return await self._untold(asked, why)
            if attempt + 1 < ATTEMPTS:
                await asyncio.sleep(min(pause, LONGEST_PAUSE))
        return await self._untold(asked, words.SLACK_SILENT)

    async def _post(self, channel: str, card: Message, key: str, since: datetime, *, look: bool) -> None:
        if await Lookup(self._slack, wanted=look).find(key, channel, None, since) is not None:
            return
        await self._slack.turn_to_post(channel)

        async def post(each: Message) -> None:
            await self._slack.post(channel, each, key, None)

        await tolerantly(self._slack, card, post)

    async def _untold(self, asked: Asked, why: str) -> None:
        log.warning("the channel %s could not be told of a freeze", asked.place.channel)
        note = sentence(words.CHANNEL_NOT_TOLD.format(why=why))
        await self._slack.whisper(asked.place.channel, asked.person.user, note)


def _key(known: Known) -> str:
    """Of this one time that it was frozen: ids only."""
    return f"{known.freeze.id}/{known.run_id}"
