"""The shape of `handrail.yaml`: what may be written there, and in which form."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from activities.masking import compiled
from workflows.rules.phrases import WORD
from workflows.values.durations import Duration

from .forms import Section, spelled
from .server_sections import ChannelId, ServerSection

SHORTEST_FRESHNESS = timedelta(minutes=1)
"""In less time, no preview and no look at who people are would be in before it is too old."""
LONGEST_KEEP = timedelta(days=30)
MOST_CHOICES = 100
"""Of a select menu: docs.slack.dev/reference/block-kit/block-elements/select-menu-element."""
MOST_PROMPTS = 4
"""docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts."""
LONGEST_HELP = 200
"""Characters of a hint: many of them stand in one form."""
LONGEST_APPLY = timedelta(minutes=10)
"""The steps that apply leave a call this long and a minute more (workflows/outside.py)."""


def _pattern(value: str) -> str:
    compiled(value)
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]


# At most 32 characters with its slash (Slack's manifest reference, slash_commands).
Command = Annotated[str, spelled(r"/[a-z0-9_-]{1,31}", "a slash command such as /handrail")]
Name = Annotated[str, spelled(r"[a-z0-9][a-z0-9_-]*", "a name of small letters, digits, _ and -")]
VariableName = Annotated[str, spelled(r"[A-Za-z_][A-Za-z0-9_]*", "a variable's name such as AWS_REGION")]
ToolName = Annotated[str, spelled(r"[a-z0-9][a-z0-9_-]*\..+", "a tool's full name such as fleet.deploy")]
# Slack's immutable ids: names and e-mail addresses change hands. Slack's own have no underscore; other servers' may.
UserId = Annotated[str, spelled(r"[UW][A-Z0-9_]+", "a Slack user id such as U0123ABCD")]
GroupId = Annotated[str, spelled(r"S[A-Z0-9_]+", "a Slack user group id such as S0123ABCD")]
PeopleId = Annotated[
    str, spelled(r"[UWS][A-Z0-9_]+", "a Slack id such as U0123ABCD, or S0123ABCD of a group")
]


# One word of a phrase (workflows/rules/phrases.py), within the text of an option of a select menu.
Choice = Annotated[str, spelled(rf"(?=.{{1,75}}$){WORD}", "one word of at most 75 characters")]


def _texts(value: Any) -> tuple[str, ...]:
    """As a payload's values are compared: `true` is the text true."""
    wanted = value if isinstance(value, list | tuple) else [value]
    if not wanted or not all(isinstance(each, str | bool | int | float) for each in wanted):
        raise ValueError("a text, a number, true or false, or a list of these")
    return tuple(each if isinstance(each, str) else json.dumps(each) for each in wanted)


Wanted = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Pointer = Annotated[str, spelled(r"(/([^~/{}]|~[01])*)+", "a JSON pointer such as /alert/state")]
FactName = Annotated[str, spelled(r"[a-z][a-z0-9_]*", "a name of small letters, digits and _")]
HeaderName = Annotated[str, spelled(r"[A-Za-z0-9-]+", "a header's name such as X-Token")]


class SlackSection(Section):
    command: Command = "/handrail"
    default_agent: Name | None = None
    """Takes the goals that no phrase matches."""


class PeopleSection(Section):
    users: tuple[UserId, ...] = ()
    groups: tuple[GroupId, ...] = ()


class PreviewSection(Section):
    tool: str | None = None
    """Another tool of the same server: a plan."""
    dry_run: dict[str, Any] | None = None
    """Arguments that turn the tool itself into a dry run."""
    applies: str | None = None
    """The field of the tool's answer with the file that is then applied, such as a saved plan."""
    identity: tuple[str, ...] = ()
    """The fields of the preview that make it the same change; all of them, and its text, when none is named."""


class PreconditionSection(Section):
    field: str
    argument: str


class KeySection(Section):
    """Where the tool takes our key."""

    argument: str
    as_: Literal["value", "trailer", "label"] = Field("value", alias="as")


class VerifySection(Section):
    """How to look for what our key did."""

    tool: str
    """A tool of the same server that only reads."""
    with_: dict[str, Any] = Field({}, alias="with")
    found: str = ""
    """The field of its answer that holds a list, a count or a yes. Without it the key is looked for in the text."""
    settle: Duration = timedelta(seconds=60)
    """How long after a lost reply an absence begins to mean something."""


class UndoSection(Section):
    """The call that takes back what a call of this tool did."""

    tool: str
    """Of the same server, or with its server in front."""
    with_: dict[str, Any] = Field({}, alias="with")


class ToolSection(Section):
    """A tool's contract, in the words of `workflows.values.tools.ToolContract`."""

    reads: bool = False
    class_: Literal["idempotent", "verifiable", "at_most_once"] = Field("at_most_once", alias="class")
    key_in: KeySection | None = None
    verify: VerifySection | None = None
    preview: PreviewSection = PreviewSection()
    precondition: PreconditionSection | None = None
    environment: str = ""
    target: str = ""
    undo: UndoSection | None = None
    proves_nothing_done: tuple[Pattern, ...] = ()
    """Of an error: the beginning of its text, or all of `code <its code>`."""
    timeout: Duration = Field(timedelta(seconds=30), le=LONGEST_APPLY)
    where_to_look: str = ""


class EscalationSection(Section):
    """Who else is told when nobody has decided."""

    after: Duration
    tell: PeopleSection = PeopleSection()
    channel: ChannelId | None = None
    """Where; in the run's own thread without it."""


class BreakGlassSection(Section):
    """Who may approve alone, in an emergency."""

    who: PeopleSection
    channel: ChannelId
    """Told at once."""
    passes_freeze: bool = False


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
    remind_after: Duration | None = None
    """Halfway to the expiry without it."""
    fresh_for: Duration = Field(timedelta(minutes=15), ge=SHORTEST_FRESHNESS)
    """How old the preview may be when a change is applied."""
    escalate: EscalationSection | None = None
    break_glass: BreakGlassSection | None = None
    dangerous: bool = False
    discreet: bool = False
    """Arguments and preview stay out of the run's thread."""


class WindowSection(Section):
    """A time in which changes are held: every week, or once (activities/windows.py)."""

    name: str = Field(min_length=1)
    environments: tuple[str, ...] = ()
    from_: str = Field(alias="from")
    to: str
    timezone: str = "UTC"


class FreezeSection(Section):
    who: PeopleSection = PeopleSection()
    """Who may freeze and unfreeze in Slack."""
    windows: tuple[WindowSection, ...] = ()


class PolicyTestSection(Section):
    """A call, and what the rules are to say of it: a case of `handrail policy test`."""

    name: str = Field(min_length=1)
    call: ToolName
    with_: dict[str, Any] = Field({}, alias="with")
    requested_by: UserId | None = None
    expect: Literal["allow", "ask", "refuse"]
    rule: str | None = None
    may_approve: tuple[PeopleId, ...] = ()
    may_not_approve: tuple[PeopleId, ...] = ()


class WatchSection(Section):
    """A step looks again and again."""

    every: Duration
    for_: str = Field(alias="for", min_length=1)
    until: str = Field(min_length=1)


class StepSection(Section):
    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    call: ToolName
    with_: dict[str, Any] = Field({}, alias="with")
    when: str = ""
    for_each: str = ""
    watch: WatchSection | None = None
    if_it_fails: Literal["stop", "go on"] = "stop"


class ParameterSection(Section):
    """How the form asks for a parameter."""

    kind: Literal["text", "number", "yes_no"] = "text"
    choices: tuple[Choice, ...] = Field((), max_length=MOST_CHOICES)
    help: str = Field("", max_length=LONGEST_HELP)


class RunbookSection(Section):
    phrases: tuple[str, ...] = Field(min_length=1)
    defaults: dict[str, str] = {}
    parameters: dict[str, ParameterSection] = {}
    steps: tuple[StepSection, ...] = Field(min_length=1)
    answer: str


class BudgetSection(Section):
    steps: int = Field(default=50, ge=1)
    working_time: Duration = timedelta(minutes=30)
    tokens: int | None = Field(default=None, ge=1)
    """Of language models, in and out."""
    cost: Decimal | None = Field(default=None, gt=0)
    """In US dollars, at list prices."""


class BlobsSection(Section):
    """A bucket of a store that speaks S3; a folder without it. Its credentials are in the environment."""

    bucket: str = Field(min_length=1)
    endpoint: Annotated[str, spelled(r"https?://\S+", "an address such as https://minio.internal")] | None = (
        None
    )
    prefix: str | None = None
    region: str | None = None


class ModelSection(Section):
    """A server that speaks OpenAI's protocol."""

    url: Annotated[str, spelled(r"https?://\S+", "an address such as http://localhost:11434/v1")]
    model: str = Field(min_length=1)
    """As that server calls it."""
    key: SecretStr | None = None
    context: int | None = Field(default=None, ge=1000)
    """Tokens that it takes at once."""


class WhoStartsSection(PeopleSection):
    """Who may start its runs, and where; everybody, and everywhere, when it is left out."""

    channels: tuple[ChannelId, ...] = ()


class AgentSection(Section):
    description: str = Field(min_length=1)
    examples: tuple[str, ...] = ()
    prompts: tuple[str, ...] = Field((), max_length=MOST_PROMPTS)
    """What Slack suggests in direct messages."""
    start: WhoStartsSection = WhoStartsSection()
    runbook: RunbookSection | None = None
    model: str | None = None
    """`provider:model`, or one of `models`. Empty: there is no such agent."""
    fallback: str | None = None
    """Asked when the first can't be."""
    context: int | None = Field(default=None, ge=1000)
    """Tokens that its models take at once."""
    instructions: str = ""
    tools: tuple[str, ...] = ()
    """Patterns; those that a model may call. A runbook has those that it calls."""
    budget: BudgetSection = BudgetSection()
    stewards: PeopleSection = PeopleSection()
    """Who may steer and stop its runs, beside who asked for them and the approvers."""
    shadow: bool = False
    """Its runs only plan: everything is previewed, nothing is applied."""


class MaskingSection(Section):
    """What is never shown, beside what tool servers are given from the environment."""

    patterns: tuple[Pattern, ...] = ()
    values: tuple[SecretStr, ...] = ()
    public: tuple[VariableName, ...] = ()
    """What tool servers are given and may be seen: a region, a cluster's name."""


class ProofSection(Section):
    """How a request shows that it comes from there: one of the first three."""

    github: SecretStr | None = None
    slack_style: SecretStr | None = None
    header: HeaderName | None = None
    secret: SecretStr | None = None
    """What the header holds."""
    signature: HeaderName = "X-Slack-Signature"
    timestamp: HeaderName = "X-Slack-Request-Timestamp"
    window: Duration = timedelta(minutes=5)
    """How far the timestamp may be from the bot's clock."""


class MapSection(Section):
    """A ready-made one, or one of your own."""

    use: str | None = None
    """The name of a preset."""
    when: dict[Pointer, Wanted] = {}
    key: str = ""
    facts: dict[FactName, str] = {}
    """A pointer, or a text with pointers in braces."""
    delivery: str = ""
    delivery_header: HeaderName | None = None


class StartSection(Section):
    when: dict[FactName, Wanted] = {}
    agent: Name
    goal: str = Field(min_length=1)
    channel: ChannelId
    on_behalf_of: UserId


class RevisionSection(Section):
    when: dict[FactName, Wanted] = {}
    text: str = Field(min_length=1)


class EventSourceSection(Section):
    verify: ProofSection
    keep: Duration = Field(timedelta(hours=24), le=LONGEST_KEEP)
    map: tuple[MapSection, ...]
    starts: tuple[StartSection, ...] = ()
    revises: tuple[RevisionSection, ...] = ()


class File(Section):
    """All of `handrail.yaml`."""

    slack: SlackSection = SlackSection()
    servers: dict[Name, ServerSection] = {}
    models: dict[Name, ModelSection] = {}
    blobs: BlobsSection | None = None
    masking: MaskingSection = MaskingSection()
    tools: dict[ToolName, ToolSection] = {}
    rules: tuple[RuleSection, ...] = ()
    policy_tests: tuple[PolicyTestSection, ...] = ()
    freeze: FreezeSection = FreezeSection()
    events: dict[Name, EventSourceSection] = {}
    agents: dict[Name, AgentSection] = Field(min_length=1)
