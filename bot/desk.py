"""Answers what people ask in words: starts runs, finds them, says what is possible."""

from collections.abc import Sequence

from workflows.rules.phrases import understood
from workflows.values.account import Account
from workflows.values.people import Person
from workflows.values.signals import Cancel, Revise
from workflows.values.spec import AgentSpec, Runbook

from . import words
from .asked import Asked
from .commands import (
    GOAL_LIMIT,
    AboutDirectMessages,
    AboutFreezes,
    AboutRun,
    Agents,
    Ambiguous,
    CancelRun,
    Intent,
    ListRuns,
    NoGoal,
    NoRunNamed,
    NoSuchAgent,
    NothingToPlan,
    OddCommand,
    StartRun,
    Status,
    TellRun,
    TooLong,
    Unmatched,
    Why,
    goal_of,
    read,
    settle,
    started_by,
)
from .direct_messages import DirectMessages
from .errors import BotError, NotReached, RunEnded, RunGone, TemporalUnavailable, looking_up
from .found import Found
from .freezing import Freezing
from .run_lists import RunLists
from .runs import Goal, Runs
from .schedule_texts import AboutSchedules, NewSchedule
from .scheduling import Scheduling
from .settings import BotSettings
from .start_policy import StartPolicy
from .views import lists
from .views.blocks import Message, button
from .views.refs import GoalRef, ListRef, RunRef, WhyRef
from .views.text import code, escaped
from .views.why import why_card
from .words import private
from .words import runs as said
from .words.why import WHICH

LOOKED_BACK = 3
"""Turns, for one with calls."""


class Desk:
    """Answers a question with a message for the one who asked, or with a run that speaks for itself."""

    def __init__(
        self,
        runs: Runs,
        policy: StartPolicy,
        run_lists: RunLists,
        messages: DirectMessages,
        freezing: Freezing,
        scheduling: Scheduling,
        settings: BotSettings,
    ) -> None:
        self._runs = runs
        self._policy = policy
        self._lists = run_lists
        self._messages = messages
        self._freezing = freezing
        self._scheduling = scheduling
        self._settings = settings

    async def reply(self, text: str, asked: Asked) -> Message | None:
        """None: a run was started, and shows itself. Raises BotError."""
        reading = read(text, self._settings)
        if not isinstance(reading, AboutRun):
            return await self._plain(reading, asked)
        with looking_up():
            found = await self._runs.find(reading.command.run)
        return await self._about(settle(reading, exists=bool(found)), found, asked)

    async def start(self, ref: GoalRef, asked: Asked) -> Message | None:
        """From a button that carries a goal."""
        intent = StartRun(agent=ref.agent, goal=ref.goal) if ref.agent else goal_of(ref.goal, self._settings)
        return await self._plain(intent.model_copy(update={"plan_only": ref.plan_only}), asked)

    async def _plain(self, intent: Intent, asked: Asked) -> Message | None:
        if isinstance(intent, AboutFreezes):
            return await self._freezing.reply(intent, asked)
        if isinstance(intent, NewSchedule):
            return await self._schedule(intent, asked)
        if isinstance(intent, AboutSchedules):
            return await self._scheduling.reply(intent, asked)
        match intent:
            case StartRun():
                return await self._start(intent, asked)
            case ListRuns(scope=scope):
                return await self.page(ListRef(scope=scope), asked.person, asked.place.channel)
            case AboutDirectMessages():
                return await self._direct_messages(intent, asked.person)
        return explanation(intent, self._settings)

    async def _schedule(self, intent: NewSchedule, asked: Asked) -> Message:
        start = started_by(intent.goal, self._settings)
        if not isinstance(start, StartRun):
            return explanation(start, self._settings)
        refused = await self._refusal(self._settings.agent(start.agent), asked)
        return refused or await self._scheduling.create(intent, start, asked)

    async def _start(self, intent: StartRun, asked: Asked) -> Message | None:
        spec = self._settings.agent(intent.agent)
        if spec is None:
            return lists.unknown_agent(intent.agent, self._settings.agents, self._settings.command)
        if refused := await self._refusal(spec, asked):
            return refused
        if phrases := _makes_nothing_of(spec, intent.goal):
            return lists.not_understood(spec.name, phrases)
        goal = Goal(
            text=intent.goal,
            by=asked.person,
            place=asked.place,
            occasion=asked.occasion,
            plan_only=intent.plan_only,
        )
        try:
            await self._runs.start(goal, spec)
        except TemporalUnavailable as error:
            thread = asked.place.thread_ts or ""
            error.again = GoalRef(
                goal=intent.goal,
                agent=intent.agent,
                occasion=asked.occasion,
                thread=thread,
                plan_only=intent.plan_only,
            )
            raise
        return None

    async def _direct_messages(self, intent: AboutDirectMessages, person: Person) -> Message:
        if intent.wanted is None:
            said = private.DM_IS_ON if await self._messages.wanted_by(person) else private.DM_IS_OFF
        else:
            await self._messages.want(person, wanted=intent.wanted)
            said = private.DM_ON if intent.wanted else private.DM_OFF
        return lists.sentence(said.format(command=self._settings.command))

    async def _refusal(self, spec: AgentSpec | None, asked: Asked) -> Message | None:
        """Raises NotLookedUp."""
        if spec is None or not (why := await self._policy.refusal(spec, asked.person, asked.place.channel)):
            return None
        return lists.sentence(self._policy.said(why, spec))

    async def page(self, ref: ListRef, person: Person, channel: str) -> Message:
        """A page of a list of runs, asked for in *channel*. Raises BotError."""
        with looking_up():
            listed = await self._lists.page(ref.scope, person, channel, ref.cursor)
        return lists.runs_card(listed, ref)

    async def why(self, ref: WhyRef, person: Person, channel: str) -> Message:
        """What happened in a turn of a run. Raises BotError."""
        with looking_up():
            return await self._shown([await self._runs.describe(ref.run)], person, channel, ref)

    async def status(self, run_id: str, person: Person, channel: str) -> Message:
        """Where a run stands. Raises BotError."""
        with looking_up():
            return await self._shown([await self._runs.describe(run_id)], person, channel)

    async def _about(self, intent: Intent, found: list[Found], asked: Asked) -> Message | None:
        match intent:
            case Ambiguous(command=command, goal=goal):
                return self._two_readings(command, goal, found)
            case Status(run=name) | Why(run=name) | CancelRun(run=name) | TellRun(run=name) if not found:
                name = code(name)
                return lists.sentence(words.NO_SUCH_RUN.format(name=name, command=self._settings.command))
            case Status() | Why():
                why = WhyRef(run="", turn=intent.turn) if isinstance(intent, Why) else None
                with looking_up():
                    return await self._shown(found, asked.person, asked.place.channel, why)
            case CancelRun():
                return await self._cancel(intent, found, asked)
            case TellRun(text=text):
                return await self.tell(found, text, asked)
        return await self._plain(intent, asked)

    async def _shown(
        self, found: Sequence[Found], person: Person, channel: str, why: WhyRef | None = None
    ) -> Message:
        """Where the one stands that this person may see; with *why*, what happened in a turn of it."""
        seen = [run for run in found if await self._lists.may_see(run, person, channel)]
        if not seen:
            return lists.sentence(said.NOT_YOURS_TO_SEE)
        if len(seen) > 1:
            return lists.which_card(seen, await self._lists.links(seen), cancel=False)
        if why is not None:
            ref = why.model_copy(update={"run": seen[0].run_id})
            return why_card(await self._account(ref), ref)
        return lists.status_card(seen[0], await self._lists.links(seen))

    async def _account(self, ref: WhyRef) -> Account:
        """Where no turn is named, of the latest with calls: in the last a run only says how it ended."""
        told = last = await self._runs.account(ref.run, ref.turn)
        if ref.turn:
            return told
        while not told.calls and told.turn > max(1, last.turn - LOOKED_BACK):
            told = await self._runs.account(ref.run, told.turn - 1)
        if not told.calls or told is last:
            return last
        return told.model_copy(update={"rows": (*told.rows, *last.rows)})

    async def _cancel(self, intent: CancelRun, found: list[Found], asked: Asked) -> Message:
        run = _only(found, cancel=True)
        if isinstance(run, Message):
            return run
        signal = Cancel(delivery=asked.occasion, by=asked.person, reason=intent.reason)
        try:
            await self._runs.cancel(run.run_id, signal)
        except (RunEnded, RunGone):
            return lists.sentence(words.RUN_OVER)
        return lists.sentence(words.ASKED_TO_STOP.format(name=escaped(_name(run))))

    async def tell(self, found: list[Found], text: str, asked: Asked) -> Message:
        """One of these is to do otherwise. Whether that person may say so, it judges itself."""
        run = _only(found, cancel=False)
        if isinstance(run, Message):
            return run
        if len(text) > GOAL_LIMIT:
            return explanation(TooLong(length=len(text)), self._settings)
        if phrases := self._makes_nothing_of(text, run):
            known = ", or ".join(code(phrase) for phrase in phrases)
            return lists.sentence(words.ONLY_PHRASES.format(name=escaped(_name(run)), phrases=known))
        try:
            await self._runs.revise(run.run_id, Revise(delivery=asked.occasion, by=asked.person, text=text))
        except (RunEnded, RunGone):
            return lists.sentence(words.RUN_OVER)
        return lists.sentence(words.TOLD.format(name=escaped(_name(run))))

    def lost_on(self, found: list[Found], text: str) -> bool:
        """Can none of these make anything of it?"""
        return all(self._makes_nothing_of(text, run) for run in found)

    def _makes_nothing_of(self, text: str, run: Found) -> tuple[str, ...]:
        spec = self._settings.agent(run.summary.agent) if run.summary is not None else None
        return _makes_nothing_of(spec, text) if spec is not None else ()

    def _two_readings(self, command: Status | Why | CancelRun, goal: StartRun, found: list[Found]) -> Message:
        run = next((run for run in found if run.open), found[0])
        ref, name = RunRef(run=run.run_id).packed(), _name(run)
        if isinstance(command, CancelRun):
            press = button("cancel_run", words.CANCEL_NAMED.format(name=name), ref, "danger")
        elif isinstance(command, Why):
            press = button("why_turn", said.WHY, WhyRef(run=run.run_id, turn=command.turn).packed())
        else:
            press = button("show_status", words.STATUS_NAMED.format(name=name), ref)
        return lists.two_readings_card(escaped(name), press, goal.goal)


def explanation(intent: Intent, settings: BotSettings) -> Message:
    """What to say where there is nothing to do."""
    command = settings.command
    match intent:
        case Unmatched(goal=goal, plan_only=plan_only):
            card = lists.unmatched_card(goal, settings.chips_near(goal), plan_only=plan_only)
        case NothingToPlan():
            card = lists.sentence(words.WHAT_TO_PLAN.format(form=code(f"{command} plan <goal>")))
        case Agents():
            card = lists.agents_card(settings.agents, command)
        case NoSuchAgent(name=name, nearest=()):
            card = lists.unknown_agent(name, settings.agents, command)
        case NoSuchAgent():
            card = lists.no_such_agent_card(
                intent.name, intent.nearest, intent.goal, plan_only=intent.plan_only
            )
        case NoGoal(agent=agent):
            card = lists.sentence(words.EMPTY_GOAL.format(command=command, agent=agent))
        case NoRunNamed(verb=verb):
            which = {"tell": words.WHICH_TO_TELL, "why": WHICH}.get(verb, words.WHICH_TO_CANCEL)
            card = lists.sentence(which.format(command=command))
        case OddCommand(verb=verb, text=text):
            card = lists.odd_command_card(verb, text, command)
        case TooLong(length=length):
            card = lists.sentence(words.TOO_LONG.format(length=length, limit=GOAL_LIMIT))
        case _:
            card = lists.help_card(command, settings.chips)
    return card


def _makes_nothing_of(spec: AgentSpec, text: str) -> tuple[str, ...]:
    """The phrases of its runbook where none of them fits: a run would end over it."""
    planner = spec.planner
    if not isinstance(planner, Runbook) or understood(planner, text) is not None:
        return ()
    return planner.phrases


def _only(found: list[Found], *, cancel: bool) -> Found | Message:
    """The one of them that is under way; else what to say, with buttons to *cancel* where there are several."""
    under_way = [run for run in found if run.open]
    if len(under_way) > 1:
        return lists.which_card(under_way, {}, cancel=cancel)
    return under_way[0] if under_way else lists.sentence(words.RUN_OVER)


def _name(run: Found) -> str:
    return run.summary.name if run.summary is not None else run.run_id


def sorry(error: BotError) -> Message:
    """What to say instead; where a start failed, with a button that can't start it twice."""
    again = error.again if isinstance(error, TemporalUnavailable) else None
    if again is None or not again.fits_button:
        return lists.sentence(error.text)
    text = words.NOT_STARTED if isinstance(error, NotReached) else words.MAYBE_STARTED
    return lists.try_again_card(text, again)
