"""What an agent is, as pinned in the input of each of its runs."""

from datetime import timedelta
from enum import StrEnum

from .base import Json, Value
from .people import People
from .tools import ToolContract


class RuleKind(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    REFUSE = "refuse"


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
    dangerous: bool = False
    """Approving it asks once more in a dialog."""


class RunbookStep(Value):
    """One call of a runbook. Templates see the goal's parameters and the results of earlier steps by id."""

    id: str
    title: str
    call: str
    arguments: dict[str, Json] = {}
    when: str = ""
    """An expression; the step is left out when it is false."""
    unless_failed: bool = True
    """The runbook ends at this step's failure; otherwise it goes on."""


class Runbook(Value):
    """A planner without a model: calls in order."""

    phrases: tuple[str, ...]
    """Such as `deploy <service> <version> [to <environment>]`."""
    defaults: dict[str, str] = {}
    steps: tuple[RunbookStep, ...]
    answer: str
    """Template of the run's result."""


class Limits(Value):
    """A run's budget. Reaching it pauses the run and asks."""

    steps: int = 50
    """Thoughts and calls."""
    working: timedelta = timedelta(minutes=30)
    """Time in which something was under way; waiting for people and events does not count."""


class AgentSpec(Value):
    """Everything a run needs to know of its agent: editing the config changes new runs, never running ones."""

    name: str
    description: str
    runbook: Runbook
    tools: tuple[ToolContract, ...]
    rules: tuple[Rule, ...]
    limits: Limits = Limits()
    stewards: People = People()
    """Who may steer and stop its runs beside the requester and the approvers."""
    examples: tuple[str, ...] = ()

    def contract(self, tool: str) -> ToolContract | None:
        return next((contract for contract in self.tools if contract.name == tool), None)
