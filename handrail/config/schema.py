"""The shape of `handrail.yaml`: what may be written there, and in which form."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

_DURATION = re.compile(r"(?P<count>\d+)\s*(?P<unit>ms|s|m|h|d|w)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
LONGEST_APPLY = timedelta(minutes=10)
"""The steps that apply leave a call this long and a minute more (workflows/outside.py)."""


def duration(value: Any) -> timedelta:
    """`90s`, `30m`, `1h30m`, `24h`, `7d`."""
    if isinstance(value, timedelta):
        return value
    text = value.replace(" ", "") if isinstance(value, str) else ""
    made = sum((int(part["count"]) * _UNITS[part["unit"]] for part in _DURATION.finditer(text)), timedelta())
    if _DURATION.sub("", text) or not made:
        raise ValueError("a duration such as 30s, 15m, 24h or 7d")
    return made


def words(value: timedelta) -> str:
    """A duration as it is written: the inverse of `duration`."""
    left, spelled = value, ""
    for unit in ("w", "d", "h", "m", "s", "ms"):
        count, left = divmod(left, _UNITS[unit])
        spelled += f"{count}{unit}" if count else ""
    return spelled


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from None
    return value


Duration = Annotated[timedelta, BeforeValidator(duration)]
Regex = Annotated[str, BeforeValidator(_regex)]


def _spelled(pattern: str, expected: str) -> AfterValidator:
    """Text that matches *pattern*, or a refusal that says what was *expected*."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(expected)
        return value

    return AfterValidator(check)


# At most 32 characters with its slash (Slack's manifest reference, slash_commands).
Command = Annotated[str, _spelled(r"/[a-z0-9_-]{1,31}", "a slash command such as /handrail")]
Name = Annotated[str, _spelled(r"[a-z0-9][a-z0-9_-]*", "a name of small letters, digits, _ and -")]
ToolName = Annotated[str, _spelled(r"[a-z0-9][a-z0-9_-]*\..+", "a tool's full name such as fleet.deploy")]
# Slack's immutable ids: names and e-mail addresses change hands. Slack's own have no underscore; other servers' may.
UserId = Annotated[str, _spelled(r"[UW][A-Z0-9_]+", "a Slack user id such as U0123ABCD")]
GroupId = Annotated[str, _spelled(r"S[A-Z0-9_]+", "a Slack user group id such as S0123ABCD")]


class Section(BaseModel):
    """A mapping in the file. A key it does not know is a mistake, never a shrug."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class SlackSection(Section):
    command: Command = "/handrail"
    default_agent: Name | None = None
    """Takes the goals that no phrase matches."""


class ServerSection(Section):
    """An MCP server, started by the worker and spoken to over stdio."""

    command: str = Field(repr=False)
    args: tuple[str, ...] = Field((), repr=False)
    env: dict[str, SecretStr] = {}
    """All that it gets to see of the environment."""


class PeopleSection(Section):
    users: tuple[UserId, ...] = ()
    groups: tuple[GroupId, ...] = ()


class PreviewSection(Section):
    tool: str | None = None
    """Another tool of the same server: a plan."""
    dry_run: dict[str, Any] | None = None
    """Arguments that turn the tool itself into a dry run."""
    identity: tuple[str, ...] = ()
    """The fields of the preview that make it the same change; all of them when none is named."""


class PreconditionSection(Section):
    field: str
    argument: str


class ToolSection(Section):
    """A tool's contract, in the words of `workflows.values.tools.ToolContract`."""

    reads: bool = False
    class_: Literal["idempotent", "at_most_once"] = Field("at_most_once", alias="class")
    key_argument: str | None = None
    preview: PreviewSection = PreviewSection()
    precondition: PreconditionSection | None = None
    environment: str = ""
    target: str = ""
    proves_nothing_done: tuple[Regex, ...] = ()
    timeout: Duration = Field(timedelta(seconds=30), le=LONGEST_APPLY)
    where_to_look: str = ""


class RuleSection(Section):
    name: str = Field(min_length=1)
    tools: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    arguments: dict[str, Any] = {}
    then: Literal["allow", "ask", "refuse"]
    approvers: PeopleSection = PeopleSection()
    quorum: int = Field(default=1, ge=1)
    four_eyes: bool = True
    expires_after: Duration = timedelta(hours=24)
    dangerous: bool = False


class StepSection(Section):
    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    call: ToolName
    with_: dict[str, Any] = Field({}, alias="with")
    when: str = ""
    if_it_fails: Literal["stop", "go on"] = "stop"


class RunbookSection(Section):
    phrases: tuple[str, ...] = Field(min_length=1)
    defaults: dict[str, str] = {}
    steps: tuple[StepSection, ...] = Field(min_length=1)
    answer: str


class BudgetSection(Section):
    steps: int = Field(default=50, ge=1)
    working_time: Duration = timedelta(minutes=30)


class AgentSection(Section):
    description: str = Field(min_length=1)
    examples: tuple[str, ...] = ()
    runbook: RunbookSection
    budget: BudgetSection = BudgetSection()
    stewards: PeopleSection = PeopleSection()
    """Who may steer and stop its runs, beside who asked for them and the approvers."""


class File(Section):
    """All of `handrail.yaml`."""

    slack: SlackSection = SlackSection()
    servers: dict[Name, ServerSection] = {}
    tools: dict[ToolName, ToolSection] = {}
    rules: tuple[RuleSection, ...] = ()
    agents: dict[Name, AgentSection] = Field(min_length=1)
