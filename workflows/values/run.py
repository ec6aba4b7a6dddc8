"""The input of a run, and what it carries over when it continues as new."""

from collections import OrderedDict
from datetime import datetime, timedelta

from pydantic import BaseModel

from .approval import Approval
from .base import Json, Value
from .calls import Call, Entry, GoalSet, PlannedStep, ProposedCall
from .people import Person, Place
from .signals import Answer, Cancel, Decide, DecideAll, Edit, Event, Resolve, Revise
from .spec import AgentSpec, Limits, Rule
from .tools import Pins
from .usage import Usage
from .view import (
    Alert,
    AuditRow,
    Card,
    Change,
    Notice,
    Question,
    RunState,
    StepView,
    UnknownOutcome,
    WaitView,
)


class Ask(Value):
    """What a person wants, from whom, and where to show it."""

    goal: str
    requester: Person
    place: Place
    source: str = ""
    """Whose event asked, on the requester's behalf; empty when they asked themselves."""
    name: str
    """Short and human, such as `deploy-checkout-7`."""
    plan_only: bool = False
    """Everything is previewed, nothing is applied."""
    schedule: str = ""
    """The name of the schedule that started it."""


class Wait(WaitView):
    """What an open call of a tool of Handrail's own waits for."""

    question: str = ""
    subscribed: bool = False
    event: Event | None = None
    """What it waited for."""


class OpenCall(Value):
    """A call of the turn under way, without a result yet."""

    call: Call
    n: int = 1
    generation: int = 0
    """Of its approvals: grows with each preview that people are asked about."""
    slot: str = ""
    """The card that it shares with other changes of its turn; a card of its own when empty."""
    refused: str = ""
    """Why it is not even judged; its arguments are not kept then."""
    rule: Rule | None = None
    """Under which people are asked: nothing that comes later loosens it."""
    edit: Edit | None = None
    """Other arguments that a person wants; the call has its old ones until they were previewed."""
    input_schema: Json = None
    """Of its tool, as its latest preview said: what the dialog for other arguments is made of."""
    wait: Wait | None = None
    before: dict[str, Json] = {}
    """Of its latest preview, what it would take to undo it."""


class Failure(Value):
    """A call that has failed, or was refused."""

    times: int
    """In a row, while nothing else was changed."""
    turn: int
    """The latest of them."""
    text: str
    """What was said the first time."""


class Memory(BaseModel):
    """All that a run knows. Carried over continue-as-new as it stands, so nothing lives outside it."""

    goal: str = ""
    started_at: datetime | None = None
    state: RunState = RunState.WORKING
    doing: str = ""
    turn: int = 0
    last_call: int = 0
    entries: list[Entry] = []
    pins: Pins = {}
    """What its tools were when it first saw them."""
    changed_tools: list[str] = []
    """Those that were found to be others since; people were told."""
    open: list[OpenCall] = []
    plan: list[PlannedStep] = []
    steps: list[StepView] = []
    approvals: OrderedDict[str, Approval] = OrderedDict()
    alerts: OrderedDict[str, Alert] = OrderedDict()
    rejected: dict[str, int] = {}
    """How often people rejected the same change, by its `proposal_digest`."""
    unknowns: OrderedDict[str, UnknownOutcome] = OrderedDict()
    questions: OrderedDict[str, Question] = OrderedDict()
    last_question: int = 0
    notices: list[Notice] = []
    last_notice: int = 0
    changes: list[Change] = []
    undos: OrderedDict[int, ProposedCall] = OrderedDict()
    """What would take a change back, by the number of its call: the newest, with their true arguments."""
    planned: list[Change] = []
    """What it would have changed, were it no run that only plans."""
    requesters: list[Person] = []
    cancel: Cancel | None = None
    revision_due: GoalSet | None = None
    """Another goal, taken up as soon as the calls of the old one have ended."""
    undeliverable: str = ""
    """Why Slack can't show this run at all."""
    result: str = ""
    ended_at: datetime | None = None
    audit: list[AuditRow] = []
    """The latest rows; the histories of earlier runs of the chain hold the others."""
    cards: dict[str, Card] = {}
    revision: int = 0
    shown_revision: int = 0
    announce_uncertain: bool = False
    thaws: int = 0
    """Grows with each freeze that has ended while it held this run."""
    inbox: list[Decide | DecideAll | Edit | Answer | Revise | Cancel | Resolve] = []
    seen: OrderedDict[str, None] = OrderedDict()
    malformed: int = 0
    dropped: int = 0
    fruitless: int = 0
    """Turns in a row in which nothing that the planner wanted could be done."""
    failures: OrderedDict[str, Failure] = OrderedDict()
    """Calls that failed, by what they are: tool and arguments."""
    context: int = 0
    """Tokens of the latest thought: how full its model's context was. 0: it is not known."""
    overflowed: bool = False
    """The latest request was more than the model takes, and all room that there is was made."""
    steps_used: int = 0
    usage: Usage = Usage()
    working_used: timedelta = timedelta()
    limits: Limits = Limits()


class RunInput(Value):
    """What `AgentRun` starts with."""

    ask: Ask
    spec: AgentSpec
    memory: Memory | None = None
    """Set by continue-as-new only."""


class RunResult(Value):
    """What a run ends with."""

    state: RunState
    text: str
    changes: tuple[Change, ...]
    planned: tuple[Change, ...] = ()


class RunSummary(Value):
    """The memo of a run: enough for lists, and for status when no worker is up to be asked."""

    name: str
    goal: str
    agent: str
    requester: Person
    place: Place
    state: RunState
    doing: str
    plan_only: bool = False
