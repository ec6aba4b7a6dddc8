"""Who may start which agent's runs, and where: the same at every door."""

import asyncio
import logging
from enum import StrEnum

from temporalio.exceptions import ApplicationError

from workflows.values.people import PeopleQuestion, Person, Standing
from workflows.values.spec import AgentSpec

from . import words
from .errors import NotLookedUp, SlackError
from .people import PeopleFinder
from .settings import BotSettings
from .slack import Slack
from .views.text import channel, code, mentions

log = logging.getLogger(__name__)

LOOKING_UP = 1.2
"""Seconds: Slack wants its answer within 3, and Temporal is asked too."""
MAY_ASK = frozenset({Standing.MEMBER, Standing.GUEST})
"""Whose runs are started."""


class Refusal(StrEnum):
    OUTSIDER = "outsider"
    NOT_HERE = "not here"
    NOT_YOURS = "not yours"
    NEITHER = "not yours, nor here"


class StartPolicy:
    def __init__(self, people: PeopleFinder, slack: Slack, settings: BotSettings) -> None:
        self._people = people
        self._slack = slack
        self._settings = settings

    async def refusal(self, spec: AgentSpec, person: Person, where: str) -> Refusal | None:
        """Why *person* may not start a run of that agent in the channel *where*. Raises NotLookedUp."""
        starting = self._settings.starting_of(spec.name)
        try:
            async with asyncio.timeout(LOOKING_UP):
                bot = await self._slack.identity()
                if bot.enterprise is None and person.team != bot.team:
                    return Refusal.OUTSIDER
                here = not starting.channels or where in starting.channels
                if not starting.people:
                    return None if here else Refusal.NOT_HERE
                question = PeopleQuestion(people=(person,), groups=starting.people.groups)
                facts = (await self._people.people(question)).of(person)
        except (ApplicationError, SlackError, TimeoutError) as error:
            log.warning(
                "it could not be looked up whether %s may start %s: %r", person.user, spec.name, error
            )
            raise NotLookedUp from None
        may = facts is not None and facts.standing in MAY_ASK and starting.people.includes(facts)
        if here:
            return None if may else Refusal.NOT_YOURS
        return Refusal.NOT_HERE if may else Refusal.NEITHER

    def said(self, refusal: Refusal, spec: AgentSpec) -> str:
        """In one sentence: who may, and where."""
        starting, agent = self._settings.starting_of(spec.name), code(spec.name)
        where = ", ".join(channel(each) for each in starting.channels)
        match refusal:
            case Refusal.OUTSIDER:
                return words.OUTSIDER
            case Refusal.NOT_HERE:
                return words.NOT_STARTED_HERE.format(agent=agent, where=where)
            case Refusal.NOT_YOURS:
                return words.NOT_YOURS_TO_START.format(agent=agent, who=mentions(starting.people))
            case Refusal.NEITHER:
                who = mentions(starting.people)
                return words.NOT_YOURS_NOR_HERE.format(agent=agent, who=who, where=where)


IN_FORM = {
    Refusal.OUTSIDER: words.OUTSIDER,
    Refusal.NOT_HERE: words.NOT_HERE_IN_FORM,
    Refusal.NOT_YOURS: words.NOT_YOURS_IN_FORM,
    Refusal.NEITHER: words.NEITHER_IN_FORM,
}
"""Below a field there is plain text only, where nobody can be mentioned."""
