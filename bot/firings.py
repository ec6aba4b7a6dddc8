"""A schedule is due: carries out the step `prepare`."""

import logging

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows import outside
from workflows.rules.names import run_of
from workflows.values.people import PeopleQuestion, Place
from workflows.values.schedule import Firing, Prepared, ScheduledGoal
from workflows.values.spec import AgentSpec

from .errors import BotError, NoSuchSchedule, NotLookedUp, RateLimited, Refused, SlackError
from .people import PeopleFinder
from .posting import Lookup, tolerantly
from .runs import Goal, Runs
from .schedules import Schedules
from .scheduling import fits
from .settings import BotSettings
from .slack import Slack
from .start_policy import MAY_ASK, StartPolicy
from .views import schedules as views
from .views.blocks import Message
from .words import schedules as words

log = logging.getLogger(__name__)


class Firings:
    """What a run starts with is made now, from the config of now. Where none may start, the schedule is paused."""

    def __init__(
        self,
        schedules: Schedules,
        runs: Runs,
        people: PeopleFinder,
        policy: StartPolicy,
        slack: Slack,
        settings: BotSettings,
    ) -> None:
        self._policy = policy
        self._schedules = schedules
        self._runs = runs
        self._people = people
        self._slack = slack
        self._settings = settings

    @outside.carries_out(outside.prepare)
    async def prepare(self, firing: Firing) -> Prepared:
        schedule = firing.schedule
        spec = self._settings.agent(schedule.agent)
        try:
            why = await self._unfit(schedule, spec)
        except NotLookedUp as error:
            raise ApplicationError(str(error), type=type(error).__name__) from error
        if spec is not None and not why:
            run = run_of(schedule.requester.team, firing.id)
            goal = Goal(
                text=schedule.goal,
                by=schedule.requester,
                place=Place(channel=schedule.channel),
                occasion=firing.id,
                plan_only=schedule.plan_only,
                schedule=schedule.name,
            )
            return Prepared(order=await self._runs.order(goal, spec, run))
        log.warning("the schedule %s is paused: %s", schedule.name, why)
        try:
            await self._pause(firing, why)
        except SlackError as error:
            delay = outside.seconds(error.retry_after) if isinstance(error, RateLimited) else None
            raise ApplicationError(str(error), type=type(error).__name__, next_retry_delay=delay) from error
        except BotError as error:
            raise ApplicationError(str(error), type=type(error).__name__) from error
        return Prepared(why=f"Nothing was started: {why}.")

    async def _unfit(self, schedule: ScheduledGoal, spec: AgentSpec | None) -> str:
        """Why it may not run any more; empty when it may. That Slack can't say who somebody is: later, never yes."""
        answer = await self._people.people(PeopleQuestion(people=(schedule.requester,)))
        facts = answer.of(schedule.requester)
        if facts is None or facts.standing not in MAY_ASK:
            return words.LEFT
        if spec is None:
            return words.AGENT_GONE.format(agent=schedule.agent)
        if not fits(spec, schedule.goal):
            return words.GOAL_LOST.format(agent=schedule.agent)
        if await self._policy.refusal(spec, schedule.requester, schedule.channel):
            return words.MAY_NO_LONGER.format(agent=schedule.agent)
        return ""

    async def _pause(self, firing: Firing, why: str) -> None:
        """Where it was scheduled, everybody sees it; once."""
        schedule = firing.schedule
        try:
            await self._schedules.pause((await self._slack.identity()).team, schedule.name, why)
        except NoSuchSchedule:
            return  # deleted meanwhile
        card = views.stopped(schedule, why, self._settings.command)
        key, since = f"{firing.id}/stopped", activity.info().scheduled_time
        lookup = Lookup(self._slack, wanted=activity.info().attempt > 1)
        try:
            if await lookup.find(key, schedule.channel, None, since) is not None:
                return
            await self._slack.turn_to_post(schedule.channel)

            async def post(each: Message) -> None:
                await self._slack.post(schedule.channel, each, key, None)

            await tolerantly(self._slack, card, post)
        except Refused as refused:
            # The channel can't be told; the schedule says it to whoever lists it.
            log.warning("the channel %s can't be told: %s", schedule.channel, refused)
