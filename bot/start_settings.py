"""What the config says of starting an agent's runs: who may, where, and how a form asks for it."""

from enum import StrEnum

from workflows.values.base import Value
from workflows.values.people import People


class ParameterKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"


class Parameter(Value):
    """How the form asks for a parameter of a runbook. Rules decide what may happen, not this."""

    kind: ParameterKind = ParameterKind.TEXT
    choices: tuple[str, ...] = ()
    help: str = ""


class StartSettings(Value):
    people: People = People()
    """Who may start it; every member and guest of the workspace, when nobody is named."""
    channels: tuple[str, ...] = ()
    """Where; everywhere when empty."""
    prompts: tuple[str, ...] = ()
    """Goals that Slack suggests in direct messages."""
    parameters: dict[str, Parameter] = {}
