"""What an agent is, as pinned in the input of each of its runs."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from .base import Json, Value
from .people import People
from .tools import ToolContract


class RuleKind(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    REFUSE = "refuse"


class Escalation(Value):
    """Who else is told when nobody has decided. It never lowers a quorum."""

    after: timedelta
    """From the confirmed posting of the card."""
    tell: People = People()
    channel: str = ""
    """Where; in the run's own thread when empty."""


class BreakGlass(Value):
    """Named people who may approve alone, with a reason, in an emergency: told to a channel at once, never silent."""

    people: People
    channel: str
    """Told before anything is applied."""
    passes_freeze: bool = False


class FreezeWindow(Value):
    """A time in which changes are held: every week (`fri 16:00`) or once (`2026-12-20 18:00`)."""

    name: str
    environments: tuple[str, ...] = ()
    """Patterns; every environment when empty."""
    starts: str
    ends: str
    timezone: str = "UTC"


class Rule(Value):
    """One line of policy. A field left empty matches everything; patterns are shell-style (`fleet.*`)."""

    name: str
    then: RuleKind
    tools: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    arguments: dict[str, Json] = {}
    """Top-level arguments that must be equal."""
    approvers: People = People()
    """Nobody, until somebody is named."""
    quorum: int = 1
    four_eyes: bool = True
    """Who asked for a change may not approve it."""
    expires_after: timedelta = timedelta(hours=24)
    """From the confirmed posting of the card."""
    remind_after: timedelta | None = None
    """From the confirmed posting of the card; halfway to the expiry when None."""
    fresh_for: timedelta = timedelta(minutes=15)
    """How old the preview may be that an admission rests on."""
    escalation: Escalation | None = None
    break_glass: BreakGlass | None = None
    dangerous: bool = False
    """Approving it asks once more in a dialog."""
    discreet: bool = Field(default=False, exclude_if=lambda discreet: not discreet)
    """Arguments and preview stay out of the run's thread. Left out where it is not said: gates shown before cover no such word."""


class Watch(Value):
    """A step that looks again and again."""

    every: timedelta
    lasting: str
    """Template of a duration: how long after the first look the last one is made."""
    until: str
    """An expression over the latest answer; once it is true nobody looks again."""


class RunbookStep(Value):
    """One call of a runbook. Templates see the goal's parameters and the results of earlier steps by id."""

    id: str
    title: str
    call: str
    arguments: dict[str, Json] = {}
    when: str = ""
    """An expression; the step is left out when it is false."""
    for_each: str = ""
    """An expression for a list: one call for each `item`, all in one turn. `when` then leaves out single items."""
    watch: Watch | None = None
    unless_failed: bool = True
    """The runbook ends at this step's failure; otherwise it goes on."""


class Runbook(Value):
    """A planner without a model: calls in order."""

    kind: Literal["runbook"] = "runbook"
    phrases: tuple[str, ...]
    """Such as `deploy <service> <version> [to <environment>]`."""
    defaults: dict[str, str] = {}
    steps: tuple[RunbookStep, ...]
    answer: str
    """Template of the run's result."""


class ModelPlanner(Value):
    """A language model."""

    kind: Literal["model"] = "model"
    models: tuple[str, ...]
    """`provider:model`, or one that the config gives an address; each is asked when those before it can't be."""
    instructions: str = ""
    """The operator's, beside Handrail's own."""
    context: int = 128_000
    """Tokens that each of them takes at once."""


class UndoPlanner(Value):
    """Takes back one change of another run: the call that does so is asked of that run, true arguments and all."""

    kind: Literal["undo"] = "undo"
    run: str
    """Workflow id."""
    call: int


Planner = Annotated[Runbook | ModelPlanner | UndoPlanner, Field(discriminator="kind")]


class Limits(Value):
    """A run's budget. Reaching it pauses the run and asks."""

    steps: int = 50
    """Thoughts and calls."""
    tokens: int | None = None
    """Of language models, in and out; None: as many as it takes."""
    cost: Decimal | None = None
    """In US dollars; None: whatever it takes."""
    working: timedelta = timedelta(minutes=30)
    """Time in which something was under way; waiting for people and events does not count."""


class AgentSpec(Value):
    """Everything a run needs to know of its agent: editing the config changes new runs, never running ones."""

    name: str
    description: str
    planner: Planner
    tools: tuple[ToolContract, ...]
    own_tools: tuple[str, ...] = ()
    """Of Handrail's own (`rules.own_tools`), those that it has."""
    rules: tuple[Rule, ...]
    limits: Limits = Limits()
    windows: tuple[FreezeWindow, ...] = ()
    """Times in which its changes are held, beside the freezes that people declare."""
    stewards: People = People()
    """Who may steer and stop its runs beside the requester and the approvers."""
    examples: tuple[str, ...] = ()
    shadow: bool = False
    """Its runs only plan: everything is previewed, nothing is applied."""

    def contract(self, tool: str) -> ToolContract | None:
        return next((contract for contract in self.tools if contract.name == tool), None)
