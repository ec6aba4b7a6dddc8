"""What a discreet rule keeps out of a run's thread, and who may see it: looked up live, as for a decision."""

import asyncio
import logging

from temporalio.exceptions import ApplicationError

from workflows.rules.policy import may_see, who_decides
from workflows.values.people import PeopleQuestion, Person
from workflows.values.view import ApprovalView

from .people import PeopleFinder
from .words import private

log = logging.getLogger(__name__)

LOOKING_UP = 10.0
"""Seconds: a dialog is open already, and says that it takes a moment."""


class Discretion:
    def __init__(self, people: PeopleFinder) -> None:
        self._people = people

    async def refusal(self, person: Person, approval: ApprovalView) -> str:
        """Why *person* may not see it; empty when they may. What can't be looked up is *not now*, never *yes*."""
        if not approval.rule.discreet:
            return ""
        question = PeopleQuestion(people=(person,), groups=who_decides(approval.rule).groups)
        try:
            async with asyncio.timeout(LOOKING_UP):
                facts = (await self._people.people(question)).of(person)
        except (ApplicationError, TimeoutError) as error:
            log.warning(
                "it could not be looked up whether %s may see %s: %r", person.user, approval.id, error
            )
            return private.NOT_KNOWN_WHO_YOU_ARE
        if facts is None:
            return private.NOT_KNOWN_WHO_YOU_ARE
        return "" if may_see(facts, approval.requesters, approval.rule) else private.KEPT_FROM_YOU
