"""Who gets a copy of an approval's card, and may see all of it: looked up live."""

import logging

from temporalio.exceptions import ApplicationError

from workflows.values.people import Person
from workflows.values.view import RunView

from .cards import on_card
from .direct_messages import DirectMessages
from .discretion import Discretion
from .errors import BotError, SlackError
from .people import PeopleFinder
from .slack import Slack
from .views.standing import may_decide

log = logging.getLogger(__name__)


class Readers:
    def __init__(
        self, slack: Slack, people: PeopleFinder, messages: DirectMessages, discretion: Discretion
    ) -> None:
        self._slack = slack
        self._people = people
        self._messages = messages
        self._discretion = discretion

    async def of(self, view: RunView, slot: str) -> list[str]:
        """User ids of those who want direct messages and may decide on what stands there; nobody, when that is not known."""
        try:
            wanted = await self._messages.everybody()
            found: dict[str, None] = {}
            for approval in on_card(view, slot) if wanted else ():
                if not approval.state.ended:
                    among = await self._people.among(wanted, may_decide(approval))
                    asked = approval.requesters if approval.rule.four_eyes else ()
                    found |= dict.fromkeys(person.user for person in among if person not in asked)
        except (BotError, SlackError, ApplicationError) as error:
            log.warning("who gets a copy of %s of run %s is not known: %r", slot, view.run_id, error)
            return []
        return list(found)

    async def may_see(self, user: str, view: RunView, slot: str) -> bool:
        """All that stands there. What can't be looked up is *not now*, never *yes*."""
        kept = [each for each in on_card(view, slot) if each.rule.discreet]
        if not kept:
            return True
        try:
            person = Person(team=(await self._slack.identity()).team, user=user)
        except SlackError:
            return False
        return not any([await self._discretion.refusal(person, each) for each in kept])
