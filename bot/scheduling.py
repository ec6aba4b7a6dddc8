"""Schedules in Slack: who may, what comes of it, and what is said of them."""

import asyncio
import logging

from temporalio.exceptions import ApplicationError

from workflows.rules.phrases import understood
from workflows.rules.policy import may_steer, stewards
from workflows.values.people import PeopleQuestion, Person, Standing
from workflows.values.schedule import ScheduledGoal
from workflows.values.spec import AgentSpec, Runbook

from .asked import Asked
from .commands import StartRun
from .errors import BadTimes, NotLookedUp, RunGone, SlackError, TemporalUnavailable
from .found import Found
from .people import PeopleFinder, standing_of
from .runs import Runs
from .schedule_texts import (
    AboutSchedules,
    BadCron,
    ChangeSchedule,
    ListSchedules,
    NewSchedule,
    NoQuotes,
    NothingScheduled,
    OddZone,
    Verb,
    is_zone,
)
from .scheduled import Kept, Known
from .schedules import A_LOOK, Schedules
from .settings import BotSettings
from .slack import Slack
from .start_policy import LOOKING_UP, MAY_ASK
from .views import schedules as views
from .views.blocks import Message
from .views.lists import sentence
from .views.text import channel, code, user
from .words import schedules as words

log = logging.getLogger(__name__)


class Scheduling:
    def __init__(
        self, schedules: Schedules, runs: Runs, people: PeopleFinder, slack: Slack, settings: BotSettings
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._people = people
        self._slack = slack
        self._settings = settings

    async def create(self, wanted: NewSchedule, start: StartRun, asked: Asked) -> Message:
        """What is to be started was understood; whether its agent makes anything of it is seen here. Raises BotError."""
        spec = self._settings.agent(start.agent)
        assert spec is not None
        if not fits(spec, start.goal):
            return views.not_understood(spec)
        standing, own_zone = await self._of(asked.person)
        if standing not in MAY_ASK:
            return sentence(words.NOT_OURS)
        goal = ScheduledGoal(
            name=self._runs.named_after(start.goal, spec),
            goal=start.goal,
            agent=spec.name,
            plan_only=start.plan_only,
            requester=asked.person,
            channel=asked.place.channel,
        )
        zone = wanted.zone or own_zone or "UTC"
        kept = Kept(goal=goal, cron=wanted.cron, zone=zone, occasion=asked.occasion)
        team = await self._team()
        try:
            kept = await self._schedules.create(kept, team)
        except BadTimes as error:
            return self._bad(wanted.cron, str(error).rpartition("spec: ")[2])
        known = await self._schedules.look(team, kept)
        if known.next == ():
            await self._schedules.delete(team, kept.goal.name)
            return self._bad(wanted.cron, words.NEVER)
        log.info("%s scheduled %s", asked.person.user, kept.goal.name)
        hint = "" if wanted.zone else words.YOUR_ZONE if own_zone else words.NO_ZONE
        return views.scheduled(known, self._settings.command, hint, shadow=spec.shadow)

    async def reply(self, intent: AboutSchedules, asked: Asked) -> Message:
        """To all else. Raises BotError."""
        how = views.how_to_schedule(self._settings.command)
        match intent:
            case ChangeSchedule():
                return await self._change(intent, asked)
            case BadCron(cron=cron):
                return self._bad(cron, words.FIVE_FIELDS)
            case NoQuotes():
                return sentence(f"{words.NO_QUOTES} {how}")
            case NothingScheduled():
                return sentence(f"{words.NOTHING_SCHEDULED} {how}")
            case OddZone(zone=zone):
                return sentence(words.ODD_ZONE.format(zone=code(zone)))
            case ListSchedules():
                return await self._list(asked)
            case NewSchedule():
                raise TypeError("a new schedule is created with what it starts")

    def _bad(self, cron: str, why: str) -> Message:
        how = views.how_to_schedule(self._settings.command)
        return sentence(f"{words.BAD_CRON.format(cron=code(cron), why=views.plainly(why))} {how}")

    async def _of(self, person: Person) -> tuple[Standing, str]:
        """What account that is, and in which time zone; empty where Slack knows none. Raises NotLookedUp."""
        try:
            async with asyncio.timeout(LOOKING_UP):
                said = await self._slack.user(person.user)
                standing = standing_of(said, person, await self._slack.identity())
        except (SlackError, TimeoutError) as error:
            log.warning("it could not be looked up who %s is: %r", person.user, error)
            raise NotLookedUp from None
        zone = str(said.get("tz") or "")
        return standing, zone if is_zone(zone) else ""

    async def _team(self) -> str:
        """The workspace, whichever team of it somebody comes from. Raises NotLookedUp."""
        try:
            return (await self._slack.identity()).team
        except SlackError:
            raise NotLookedUp from None

    # The list

    async def _list(self, asked: Asked) -> Message:
        team = await self._team()
        listed = [
            each
            for each in await self._schedules.all(team)
            if each.kept.goal.channel == asked.place.channel or each.kept.goal.requester == asked.person
        ]
        shown = await asyncio.gather(*(self._row(team, each) for each in listed[: views.LIST]))
        return views.schedules_card(shown, len(listed) - len(shown), self._settings.command)

    async def _row(self, team: str, listed: Known) -> tuple[Known, Found | None]:
        """With its last run; as it was listed where there is no time for more."""
        try:
            async with asyncio.timeout(A_LOOK):
                known = await self._schedules.find(team, listed.kept.goal.name)
                return known, await self._last(known)
        except (TimeoutError, TemporalUnavailable):
            return listed, None

    async def _last(self, known: Known) -> Found | None:
        try:
            return await self._runs.describe(known.last_run) if known.last_run else None
        except RunGone:
            return None

    # Changing one

    async def _change(self, intent: ChangeSchedule, asked: Asked) -> Message:
        """Raises BotError."""
        team = await self._team()
        known = await self._schedules.find(team, intent.name)
        goal, name = known.kept.goal, code(intent.name)
        if not await self._may_change(asked.person, goal):
            return sentence(words.NOT_YOUR_SCHEDULE.format(who=user(goal.requester.user), name=name))
        log.info("%s wants to %s %s", asked.person.user, intent.verb.value, intent.name)
        note = f"{words.PAUSED_BY}{asked.person.user}"
        match intent.verb:
            case Verb.PAUSE:
                await self._schedules.pause(team, intent.name, note)
                return sentence(words.SCHEDULE_PAUSED.format(name=name))
            case Verb.RESUME:
                await self._schedules.resume(team, intent.name, "")
                return sentence(words.SCHEDULE_RESUMED.format(name=name))
            case Verb.DELETE:
                await self._schedules.delete(team, intent.name)
                return sentence(words.SCHEDULE_DELETED.format(name=name))
            case Verb.RUN:
                if known.running:
                    return sentence(words.SCHEDULE_IS_OPEN.format(name=name))
                await self._schedules.fire(team, intent.name)
                return sentence(words.SCHEDULE_FIRED.format(name=name, channel=channel(goal.channel)))

    async def _may_change(self, person: Person, goal: ScheduledGoal) -> bool:
        """As with a run: who asked for it, stewards, approvers; looked up now. Raises NotLookedUp."""
        spec = self._settings.agent(goal.agent)
        groups = stewards(spec).groups if spec is not None else ()
        try:
            async with asyncio.timeout(LOOKING_UP):
                question = PeopleQuestion(people=(person,), groups=groups)
                facts = (await self._people.people(question)).of(person)
        except (ApplicationError, TimeoutError) as error:
            log.warning("it could not be looked up who %s is: %r", person.user, error)
            raise NotLookedUp from None
        if facts is None or facts.standing not in MAY_ASK:
            return False
        return person == goal.requester or (spec is not None and may_steer(facts, goal.requester, spec))


def fits(spec: AgentSpec, goal: str) -> bool:
    """Does the agent make anything of it? A language model does of everything."""
    return not isinstance(spec.planner, Runbook) or understood(spec.planner, goal) is not None
