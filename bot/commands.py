"""What somebody means by what they typed: pure, from text to an intent.

Most of what people type is a goal. A goal may begin like a command (`cancel the maintenance window`), so a command is
recognised by its whole shape; and where both readings hold, both are offered.
"""

import difflib
import re
import unicodedata

from workflows.rules.names import is_environment
from workflows.rules.phrases import understood
from workflows.values.base import Value
from workflows.values.spec import AgentSpec

from .found import Scope
from .schedule_texts import AboutSchedules, ListSchedules, about_schedules
from .settings import BotSettings

GOAL_LIMIT = 4000
"""Characters. A longer text is material, and belongs where a tool can read it."""
REASON_LIMIT = 500
"""Characters of why something is frozen: it stands on every card that waits."""
CARRIED_LIMIT = 1500
"""Of a goal that a button carries: its value holds 2,000."""
RUN_NAME = re.compile(r"(run/\S+|[a-z0-9]+(-[a-z0-9]+)*-([0-9]+|[0-9a-f]{4}))", re.IGNORECASE)
"""`deploy-checkout-7`, or a workflow id: nothing that would stand in a sentence by chance."""
_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u275d\u275e\u301d\u301e\u301f\uff02", '"')
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u275b\u275c\uff07", "'")
)
_LINK = re.compile(r"<(?P<url>(https?|mailto):[^<>|]*)(\|(?P<label>[^<>]*))?>")
_RUN_WITH = re.compile(r"run\s+(?P<agent>[^\s:]+)\s*:\s*(?P<goal>.*)", re.IGNORECASE | re.DOTALL)
_PLAN = re.compile(r"plan\s+(?P<goal>.+)", re.IGNORECASE | re.DOTALL)
_STATUS = re.compile(r"status\s+(?P<run>\S+)", re.IGNORECASE)
_WHY = re.compile(r"why\s+(?P<run>[^\s?]+)(\s+(turn\s+)?(?P<turn>[0-9]{1,4}))?\s*\??", re.IGNORECASE)
_FREEZE = re.compile(r"freeze\s+(?P<word>\S+)(\s+(?P<rest>.+))?", re.IGNORECASE | re.DOTALL)
_UNFREEZE = re.compile(r"unfreeze(\s+(?P<environment>\S+))?", re.IGNORECASE)
_NAMED = re.compile(r"(?P<agent>[\w-]+):\s+(?P<goal>.+)", re.DOTALL)
_TELL_NOTHING = re.compile(r"tell\s+(?P<run>\S+?)[:,]?", re.IGNORECASE)
VERBS = (
    *("run", "list", "status", "why", "cancel", "tell", "dm", "agents"),
    *("freeze", "unfreeze", "freezes", "schedule", "schedules"),
)
"""What begins a command, beside `plan`, which takes anything, and `help`."""
EVERYTHING = "everything"
_TELL = re.compile(r"tell\s+(?P<run>\S+?)[:,]?\s+(?P<text>.+)", re.IGNORECASE | re.DOTALL)
_CANCEL = re.compile(r"cancel\s+(?P<run>\S+)(\s+(?P<reason>.+))?", re.IGNORECASE | re.DOTALL)


class StartRun(Value):
    """Start a run of this agent."""

    agent: str
    goal: str
    plan_only: bool = False


class Unmatched(Value):
    """Nothing here knows how to do that."""

    goal: str
    plan_only: bool = False


class NothingToPlan(Value):
    """`plan`, and nothing behind it."""


class Help(Value):
    """Say what is possible."""


class Agents(Value):
    """Say who can do what."""


class ListRuns(Value):
    scope: Scope


class AboutDirectMessages(Value):
    """Cards in direct messages too, or no more; None only asks."""

    wanted: bool | None = None


class Status(Value):
    run: str


class Why(Value):
    """Say what happened in a turn of a run, and because of what."""

    run: str
    turn: int = 0
    """0: the latest."""


class CancelRun(Value):
    run: str
    reason: str = ""


class TellRun(Value):
    """A run is to do something else, or otherwise."""

    run: str
    text: str


class NoSuchAgent(Value):
    name: str
    nearest: tuple[str, ...]
    goal: str
    plan_only: bool = False


class NoGoal(Value):
    """`run <agent>:` and nothing behind it."""

    agent: str


class NoRunNamed(Value):
    """`cancel`, `tell` or `why`, and nothing behind it."""

    verb: str


class OddCommand(Value):
    """One of our commands, and nothing that it takes; nobody knows it as a goal either."""

    verb: str
    text: str


class TooLong(Value):
    length: int


class Freeze(Value):
    """Hold the changes to an environment; to everything, for the empty one."""

    environment: str
    reason: str


class Unfreeze(Value):
    environment: str


class ListFreezes(Value):
    """Say what is frozen, and how one freezes."""


class NoReason(Value):
    """`freeze prod` and nothing behind it."""

    environment: str


class ReasonTooLong(Value):
    length: int


class OddEnvironment(Value):
    """No environment is called that."""

    name: str


class Ambiguous(Value):
    """A command on a run that exists, and a goal that an agent knows."""

    command: Status | Why | CancelRun
    goal: StartRun


AboutFreezes = Freeze | Unfreeze | ListFreezes | NoReason | ReasonTooLong | OddEnvironment
Start = StartRun | Unmatched | NoSuchAgent | NoGoal
Plain = (
    Start
    | NothingToPlan
    | Help
    | Agents
    | ListRuns
    | AboutDirectMessages
    | NoRunNamed
    | OddCommand
    | TooLong
    | AboutFreezes
    | AboutSchedules
)
Intent = Plain | Status | Why | CancelRun | TellRun | Ambiguous


ALONE: dict[str, Plain] = {
    "": Help(),
    "help": Help(),
    "agents": Agents(),
    "plan": NothingToPlan(),
    "cancel": NoRunNamed(verb="cancel"),
    "tell": NoRunNamed(verb="tell"),
    "why": NoRunNamed(verb="why"),
    "status": ListRuns(scope=Scope.HERE),
    "list": ListRuns(scope=Scope.HERE),
    "list here": ListRuns(scope=Scope.HERE),
    "list mine": ListRuns(scope=Scope.MINE),
    "list waiting": ListRuns(scope=Scope.WAITING),
    "list all": ListRuns(scope=Scope.ALL),
    "dm": AboutDirectMessages(),
    "dm on": AboutDirectMessages(wanted=True),
    "dm off": AboutDirectMessages(wanted=False),
    "freeze": ListFreezes(),
    "freezes": ListFreezes(),
    "schedule": ListSchedules(),
    "schedules": ListSchedules(),
    "schedule list": ListSchedules(),
}
"""Commands that are the whole text; `list the failing pods` is a goal."""


class AboutRun(Value):
    """It names a run, if there is one of that name: `settle` says what it means once that is known."""

    command: Status | Why | CancelRun | TellRun
    surely: bool
    """The name looks like nothing but a run's."""
    goal: StartRun | Unmatched
    by_phrase: bool
    """An agent knows the text as a goal, word for word."""


def normalised(text: str) -> str:
    """As a person typed it: Slack's escapes and links undone, straight quotes, plain blanks."""
    text = _LINK.sub(lambda link: link["label"] or link["url"], text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").translate(_QUOTES)
    return "".join(" " if unicodedata.category(each) == "Zs" else each for each in text).strip()


def read(text: str, settings: BotSettings) -> Plain | AboutRun:
    """What *text* means, as far as the text alone can say."""
    text = normalised(text)
    if len(text) > GOAL_LIMIT:
        return TooLong(length=len(text))
    if alone := ALONE.get(" ".join(text.lower().split())):
        return alone
    if _matching(text, settings) is None:
        if _PLAN.fullmatch(text) or _RUN_WITH.fullmatch(text):
            return started_by(text, settings)
        if said := about_schedules(text) or _about_freezes(text, settings):
            return said
        if (told := _TELL_NOTHING.fullmatch(text)) and RUN_NAME.fullmatch(told["run"]):
            return OddCommand(verb="tell", text=text)
    meant = _about_run(text, settings) or goal_of(text, settings)
    return _odd_command(text, settings) or meant if isinstance(meant, Unmatched) else meant


def _odd_command(text: str, settings: BotSettings) -> OddCommand | NoSuchAgent | Help | None:
    """What nobody knows as a goal may be a command that was mistyped."""
    verb = text.split(maxsplit=1)[0].lower().rstrip(":,?")
    if verb == "help":
        return Help()
    if verb in VERBS:
        return OddCommand(verb=verb, text=text)
    if not (named := _NAMED.fullmatch(text)):
        return None
    if settings.agent(named["agent"]) is not None:
        return OddCommand(verb="run", text=text)
    start = _with_agent(named["agent"], named["goal"], settings)
    return start if isinstance(start, NoSuchAgent) else None


def started_by(text: str, settings: BotSettings) -> Start:
    """What *text* starts, read as a goal, as `run <agent>: <goal>`, or as `plan` before either."""
    if _matching(text, settings) is None:
        if planned := _PLAN.fullmatch(text):
            start = started_by(planned["goal"].strip(), settings)
            return start if isinstance(start, NoGoal) else start.model_copy(update={"plan_only": True})
        if named := _RUN_WITH.fullmatch(text):
            return _with_agent(named["agent"], named["goal"].strip(), settings)
    return goal_of(text, settings)


def goal_of(text: str, settings: BotSettings) -> StartRun | Unmatched:
    """The agent whose phrase matches, else the default agent, else nobody."""
    agent = _matching(text, settings) or settings.agent(settings.default_agent or "")
    return StartRun(agent=agent.name, goal=text) if agent is not None else Unmatched(goal=text)


def by_phrase(text: str, settings: BotSettings) -> bool:
    return _matching(normalised(text), settings) is not None


def _matching(goal: str, settings: BotSettings) -> AgentSpec | None:
    return next(
        (agent for agent in settings.agents if understood(agent.planner, goal) is not None),
        None,
    )


def _with_agent(name: str, goal: str, settings: BotSettings) -> StartRun | NoSuchAgent | NoGoal:
    agent = settings.agent(name)
    if agent is None:
        names = {each.name.lower(): each.name for each in settings.agents}
        nearest = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.4)
        return NoSuchAgent(name=name, nearest=tuple(names[each] for each in nearest), goal=goal)
    return StartRun(agent=agent.name, goal=goal) if goal else NoGoal(agent=agent.name)


def _about_freezes(text: str, settings: BotSettings) -> AboutFreezes | None:
    if found := _UNFREEZE.fullmatch(text):
        environment = _environment(found["environment"] or EVERYTHING, settings) or found["environment"]
        return _unfreeze(environment)
    found = _FREEZE.fullmatch(text)
    if found is None:
        return None
    environment = _environment(found["word"].rstrip(":,"), settings)
    if environment is None:  # all of it is the reason
        environment, reason = EVERYTHING, text.split(maxsplit=1)[1]
    else:
        reason = (found["rest"] or "").strip()
    environment = "" if environment == EVERYTHING else environment
    if not reason:
        return NoReason(environment=environment)
    if len(reason) > REASON_LIMIT:
        return ReasonTooLong(length=len(reason))
    return Freeze(environment=environment, reason=reason)


def _unfreeze(environment: str) -> Unfreeze | OddEnvironment:
    if environment == EVERYTHING:
        return Unfreeze(environment="")
    if not is_environment(environment):
        return OddEnvironment(name=environment)
    return Unfreeze(environment=environment)


def _environment(word: str, settings: BotSettings) -> str | None:
    """The known environment that *word* names, as it is spelled; a phone begins with a capital."""
    known = {name.lower(): name for name in (EVERYTHING, *settings.environments)}
    return next((name for name in settings.environments if name == word), known.get(word.lower()))


def _about_run(text: str, settings: BotSettings) -> AboutRun | None:
    command: Status | Why | CancelRun | TellRun
    if found := _STATUS.fullmatch(text):
        command = Status(run=found["run"])
    elif found := _WHY.fullmatch(text):
        command = Why(run=found["run"], turn=int(found["turn"] or 0))
    elif found := _CANCEL.fullmatch(text):
        command = CancelRun(run=found["run"], reason=found["reason"] or "")
    elif found := _TELL.fullmatch(text):
        command = TellRun(run=found["run"], text=found["text"].strip())
    else:
        return None
    surely = RUN_NAME.fullmatch(command.run) is not None
    goes_on = isinstance(command, TellRun) or (isinstance(command, CancelRun) and bool(command.reason))
    if goes_on and not surely:
        return None  # `cancel the maintenance window`, `tell me what runs where`
    return AboutRun(
        command=command, surely=surely, goal=goal_of(text, settings), by_phrase=by_phrase(text, settings)
    )


def settle(reading: AboutRun, *, exists: bool) -> Intent:
    """What it means, now that it is known whether there is such a run."""
    command, goal = reading.command, reading.goal
    if isinstance(command, TellRun):
        return command if exists or not reading.by_phrase else goal
    if exists and reading.by_phrase and isinstance(goal, StartRun) and len(goal.goal) <= CARRIED_LIMIT:
        return Ambiguous(command=command, goal=goal)
    if exists:
        return reading.command
    if reading.by_phrase or (not reading.surely and isinstance(reading.goal, StartRun)):
        return reading.goal
    return reading.command
