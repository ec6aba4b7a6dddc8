"""Who somebody is, looked up live in Slack: carries out the step `people`."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from temporalio.exceptions import ApplicationError

from workflows import outside
from workflows.values.people import People, PeopleAnswer, PeopleQuestion, Person, PersonFacts, Standing

from .errors import RateLimited, Refused, SlackError
from .slack import Identity, Slack

FRESH = 60.0
"""Seconds for which an answer of Slack's is believed."""
NOT_OURS = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
NO_GROUP = frozenset(
    {"no_such_subteam", "subteam_not_found", "paid_teams_only", "plan_upgrade_required", "unknown_method"}
)
"""There is no such group, or there are none at all: nobody is in it, whoever else may decide still may."""


class PeopleFinder:
    """A failure raises: then the answer is *not now*, never *yes*."""

    def __init__(self, slack: Slack, now: Callable[[], float] = time.monotonic) -> None:
        self._slack = slack
        self._now = now
        self._people: dict[Person, tuple[float, PersonFacts]] = {}
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}

    @outside.carries_out(outside.people)
    async def people(self, question: PeopleQuestion) -> PeopleAnswer:
        try:
            found = [await self._facts(person) for person in question.people]
            groups = {group: await self._members(group) for group in question.groups}
        except RateLimited as error:
            delay = min(error.retry_after, 20.0)
            raise ApplicationError(
                str(error), type="RateLimited", next_retry_delay=outside.seconds(delay)
            ) from error
        except SlackError as error:
            raise ApplicationError(str(error), type="SlackUnavailable") from error
        return PeopleAnswer(
            facts=tuple(
                facts.model_copy(
                    update={"groups": tuple(name for name, who in groups.items() if facts.person.user in who)}
                )
                for facts in found
            )
        )

    async def among(self, persons: Iterable[Person], people: People) -> list[Person]:
        """Those of *persons* who are members of this workspace, and of *people*. Raises SlackError, and as `people` does."""
        members = {user for group in people.groups for user in await self._members(group)}
        named = [each for each in persons if each.user in members or each.user in people.users]
        facts = (await self.people(PeopleQuestion(people=tuple(named)))).facts
        return [each.person for each in facts if each.standing is Standing.MEMBER]

    async def _facts(self, person: Person) -> PersonFacts:
        known = self._people.get(person)
        if known is not None and self._now() - known[0] < FRESH:
            return known[1]
        asked = self._now()
        identity = await self._slack.identity()
        try:
            standing = standing_of(await self._slack.user(person.user), person, identity)
        except Refused as refused:
            if refused.code not in NOT_OURS:
                raise
            standing = Standing.OUTSIDER
        facts = PersonFacts(person=person, standing=standing, looked_up_at=datetime.now(UTC))
        self._people = _recent(self._people, asked) | {person: (asked, facts)}
        return facts

    async def _members(self, group: str) -> frozenset[str]:
        known = self._groups.get(group)
        if known is not None and self._now() - known[0] < FRESH:
            return known[1]
        asked = self._now()
        try:
            members = await self._slack.members(group)
        except Refused as refused:
            if refused.code not in NO_GROUP:
                raise
            self._slack.once(f"group/{group}", "nobody is in the user group %s: %s", group, refused.code)
            members = frozenset()
        self._groups = _recent(self._groups, asked) | {group: (asked, members)}
        return members


def standing_of(user: dict[str, Any], person: Person, identity: Identity) -> Standing:
    """docs.slack.dev/reference/objects/user-object. Whatever is not clearly a member of ours is not one."""
    if user.get("deleted"):
        return Standing.DEACTIVATED
    if user.get("is_bot") or user.get("id") == "USLACKBOT":
        return Standing.BOT
    if user.get("is_stranger") or not _ours(user, person, identity):
        return Standing.OUTSIDER
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    return Standing.MEMBER


def _ours(user: dict[str, Any], person: Person, identity: Identity) -> bool:
    enterprise = user.get("enterprise_user") or {}
    home = {identity.team, identity.enterprise} - {None}
    # Slack always says the team; where a server does not, the team of the authenticated payload stands for it.
    teams = {user.get("team_id") or person.team, *enterprise.get("teams", [])}
    if identity.enterprise is not None and enterprise.get("enterprise_id") == identity.enterprise:
        teams.add(identity.enterprise)
    return bool(teams & home) and (person.team in home or person.team in teams)


def _recent(cache: dict[Any, tuple[float, Any]], now: float) -> dict[Any, tuple[float, Any]]:
    return {key: kept for key, kept in cache.items() if now - kept[0] < FRESH}
