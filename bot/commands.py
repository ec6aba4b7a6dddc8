"""What somebody means by what they typed: pure, from text to an intent.

Most of what people type is a goal. A goal may begin like a command (`cancel the maintenance window`), so a command is
recognised by its whole shape; and where both readings hold, both are offered.
"""

import difflib
import re
import unicodedata
from enum import StrEnum

from workflows.rules.phrases import first_match
from workflows.values.base import Value
from workflows.values.spec import AgentSpec

from .settings import BotSettings

GOAL_LIMIT = 4000
"""Characters. A longer text is material, and belongs where a tool can read it."""
CARRIED_LIMIT = 1500
"""Of a goal that a button carries: its value holds 2,000."""
RUN_NAME = re.compile(r"(run/\S+|[a-z0-9]+(-[a-z0-9]+)*-([0-9]+|[0-9a-f]{4}))", re.IGNORECASE)
"""`deploy-checkout-7`, or a workflow id: nothing that would stand in a sentence by chance."""
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"') | dict.fromkeys("\u2018\u2019\u201a", "'"))
_LINK = re.compile(r"<(?P<url>(https?|mailto):[^<>|]*)(\|(?P<label>[^<>]*))?>")
_RUN_WITH = re.compile(r"run\s+(?P<agent>[^\s:]+)\s*:\s*(?P<goal>.*)", re.IGNORECASE | re.DOTALL)
_STATUS = re.compile(r"status\s+(?P<run>\S+)", re.IGNORECASE)
_CANCEL = re.compile(r"cancel\s+(?P<run>\S+)(\s+(?P<reason>.+))?", re.IGNORECASE | re.DOTALL)


class Scope(StrEnum):
    HERE = "here"
    MINE = "mine"


class StartRun(Value):
    """Start a run of this agent."""

    agent: str
    goal: str


class Unmatched(Value):
    """Nothing here knows how to do that."""

    goal: str


class Help(Value):
    """Say what is possible."""


class Agents(Value):
    """Say who can do what."""


class ListRuns(Value):
    scope: Scope


class Status(Value):
    run: str


class CancelRun(Value):
    run: str
    reason: str = ""


class NoSuchAgent(Value):
    name: str
    nearest: tuple[str, ...]
    goal: str


class NoGoal(Value):
    """`run <agent>:` and nothing behind it."""

    agent: str


class NoRunNamed(Value):
    """`cancel` and nothing behind it."""


class TooLong(Value):
    length: int


class Ambiguous(Value):
    """A command on a run that exists, and a goal that an agent knows."""

    command: Status | CancelRun
    goal: StartRun


Plain = StartRun | Unmatched | Help | Agents | ListRuns | NoSuchAgent | NoGoal | NoRunNamed | TooLong
Intent = Plain | Status | CancelRun | Ambiguous


ALONE: dict[str, Plain] = {
    "": Help(),
    "help": Help(),
    "agents": Agents(),
    "cancel": NoRunNamed(),
    "status": ListRuns(scope=Scope.HERE),
    "list": ListRuns(scope=Scope.HERE),
    "list here": ListRuns(scope=Scope.HERE),
    "list mine": ListRuns(scope=Scope.MINE),
}
"""Commands that are the whole text; `list the failing pods` is a goal."""


class AboutRun(Value):
    """It names a run, if there is one of that name: `settle` says what it means once that is known."""

    command: Status | CancelRun
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
    if (named := _RUN_WITH.fullmatch(text)) and _matching(text, settings) is None:
        return _with_agent(named["agent"], named["goal"].strip(), settings)
    return _about_run(text, settings) or goal_of(text, settings)


def goal_of(text: str, settings: BotSettings) -> StartRun | Unmatched:
    """The agent whose phrase matches, else the default agent, else nobody."""
    agent = _matching(text, settings) or settings.agent(settings.default_agent or "")
    return StartRun(agent=agent.name, goal=text) if agent is not None else Unmatched(goal=text)


def by_phrase(text: str, settings: BotSettings) -> bool:
    return _matching(normalised(text), settings) is not None


def _matching(goal: str, settings: BotSettings) -> AgentSpec | None:
    return next(
        (
            agent
            for agent in settings.agents
            if first_match(agent.runbook.phrases, goal, agent.runbook.defaults) is not None
        ),
        None,
    )


def _with_agent(name: str, goal: str, settings: BotSettings) -> StartRun | NoSuchAgent | NoGoal:
    agent = settings.agent(name)
    if agent is None:
        names = {each.name.lower(): each.name for each in settings.agents}
        nearest = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.4)
        return NoSuchAgent(name=name, nearest=tuple(names[each] for each in nearest), goal=goal)
    return StartRun(agent=agent.name, goal=goal) if goal else NoGoal(agent=agent.name)


def _about_run(text: str, settings: BotSettings) -> AboutRun | None:
    command: Status | CancelRun
    if found := _STATUS.fullmatch(text):
        command = Status(run=found["run"])
    elif found := _CANCEL.fullmatch(text):
        command = CancelRun(run=found["run"], reason=found["reason"] or "")
    else:
        return None
    surely = RUN_NAME.fullmatch(command.run) is not None
    if not surely and isinstance(command, CancelRun) and command.reason:
        return None  # `cancel the maintenance window`
    return AboutRun(
        command=command, surely=surely, goal=goal_of(text, settings), by_phrase=by_phrase(text, settings)
    )


def settle(reading: AboutRun, *, exists: bool) -> Intent:
    """What it means, now that it is known whether there is such a run."""
    if (
        exists
        and reading.by_phrase
        and isinstance(reading.goal, StartRun)
        and len(reading.goal.goal) <= CARRIED_LIMIT
    ):
        return Ambiguous(command=reading.command, goal=reading.goal)
    if exists:
        return reading.command
    if reading.by_phrase or (not reading.surely and isinstance(reading.goal, StartRun)):
        return reading.goal
    return reading.command
