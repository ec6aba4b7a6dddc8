"""A run as people see it: what the `view` query answers and the cards mirror."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from .approval import ApprovalState, Shown, Vote
from .base import EffectKey, GateDigest, Json, Value
from .people import People, Person, Place
from .spec import Rule, UndoPlanner
from .usage import Usage


class RunState(StrEnum):
    WORKING = "working"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in {RunState.DONE, RunState.FAILED, RunState.CANCELLED}


class StepState(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    COMPLETE = "complete"
    PREVIEWED = "previewed"
    """All that comes of a change in a run that only plans."""
    ERROR = "error"
    SKIPPED = "skipped"


class StepView(Value):
    """One line of the plan."""

    id: str
    title: str
    state: StepState
    note: str = ""


class ApprovalView(Value):
    """An approval as people see it. It holds no true argument: only what the preview step let be shown."""

    id: str
    """`call.generation`, such as `4.1`."""
    turn: int
    tool: str
    target: str
    environment: str
    claim: str
    """The planner's reason."""
    gate: GateDigest
    rule: Rule
    requesters: tuple[Person, ...]
    """Who asked, and who edited: under four-eyes none of them may approve."""
    editors: tuple[Person, ...] = ()
    shown: Shown
    before: Shown | None = None
    """What people saw before it drifted or was edited."""
    input_schema: Json = None
    """What its arguments may be: JSON Schema without references. None where it is not known, or nothing is open."""
    slot: str
    """The card it stands on: `approval/4.1` alone, `changes/3/1` with other changes of its turn."""
    held: str = ""
    opened_at: datetime
    deadline: datetime | None = None
    state: ApprovalState
    votes: tuple[Vote, ...] = ()
    ended_at: datetime | None = None
    why: str = ""


class AlertKind(StrEnum):
    REMINDER = "reminder"
    ESCALATION = "escalation"
    BREAK_GLASS = "break_glass"


class Alert(Value):
    """A message of its own about an approval: posted once, and never taken back."""

    slot: str
    """Its place among the cards: `alert/reminder/4.1`; see `docket.alert_slot`."""
    kind: AlertKind
    approval: str
    tool: str
    target: str
    tell: People = People()
    """Who is mentioned."""
    channel: str = ""
    """Where; in the run's thread when empty."""
    by: Person | None = None
    """Who broke the glass."""
    reason: str = ""
    deadline: datetime | None = None
    at: datetime


class UnknownOutcome(Value):
    """Nobody can know whether an effect happened; people are asked."""

    id: str
    """`call.n`"""
    effect: EffectKey
    tool: str
    target: str
    arguments: str
    sent_at: datetime
    text: str
    where_to_look: str
    discreet: bool = False
    """What was sent, and what the tool said of it, stay out of the thread."""
    said: str = ""
    """In words, once somebody resolved it."""
    said_by: Person | None = None
    reason: str = ""
    stops: bool = False
    """They said that nobody can know, and to stop."""


class Question(Value):
    """Something the run asks of a person, with its possible answers."""

    id: str
    text: str
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label) of each button; without any, people answer in their own words."""
    claim: bool = False
    """It is the planner's, in its words."""
    to: People = People()
    """Who may answer the planner's; one of ours is for all who may steer the run."""
    until: datetime | None = None
    """When nobody waits for an answer any more; None before its card was posted."""
    answered: str = ""
    """In words, once answered."""
    choice: str = ""
    answered_by: Person | None = None


class WaitKind(StrEnum):
    TIME = "time"
    EVENT = "event"
    ANSWER = "answer"


class WaitView(Value):
    """What a call waits for, on purpose."""

    kind: WaitKind
    about: str = ""
    """Of an event: its source and its key, as the planner wrote them."""
    since: datetime
    until: datetime | None = None
    """None while the card of a question was not posted yet."""


class Notice(Value):
    """Told to one person, and only to them; kept until it was shown."""

    id: int
    to: Person
    text: str


class Change(Value):
    """Something this run did change, or may have."""

    tool: str
    target: str
    text: str
    certain: bool = True
    call: int = 0
    """The number of its call."""
    undo: str = ""
    """The tool that would take it back; empty where nothing can."""


class BudgetView(Value):
    steps_used: int
    steps_limit: int
    working_used: timedelta
    working_limit: timedelta
    usage: Usage = Usage()
    tokens_limit: int | None = None
    cost_limit: Decimal | None = None


class Card(Value):
    """A message of ours, as last posted."""

    channel: str
    ts: str
    digest: str
    """Of what it shows; a view with another one means: redraw."""


class RunView(Value):
    """Everything that is shown of a run. A redraw is due while `revision` is ahead of what was shown."""

    revision: int
    run_id: str
    """Workflow id."""
    name: str
    goal: str
    source: str = ""
    """Whose event set the goal; empty when a person did."""
    requester: Person
    agent: str
    place: Place
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    doing: str = ""
    """What goes on now or what it waits for, in words."""
    steps: tuple[StepView, ...] = ()
    approvals: tuple[ApprovalView, ...] = ()
    alerts: tuple[Alert, ...] = ()
    unknowns: tuple[UnknownOutcome, ...] = ()
    questions: tuple[Question, ...] = ()
    waits: tuple[WaitView, ...] = ()
    notices: tuple[Notice, ...] = ()
    changes: tuple[Change, ...] = ()
    plan_only: bool = False
    """It previews everything and applies nothing."""
    planned: tuple[Change, ...] = ()
    """What it would have changed."""
    undoes: UndoPlanner | None = None
    """Whose change it takes back."""
    schedule: str = ""
    """The name of the schedule that started it."""
    result: str = ""
    budget: BudgetView
    cards: dict[str, Card] = {}
    """By slot: `root`, `approval/4.1`, `changes/3/1`, `alert/reminder/4.1`, `unknown/4.1`, `question/1`, `result`.

    `again/4.2` says that a change on a shared card has a newer preview.
    `approval/4.1@U0BOB` is the copy in a direct message to U0BOB.
    """


class Announce(Value):
    """Make Slack agree with the run's view."""

    run_id: str
    uncertain: bool = False
    """An earlier announcement may have posted without our learning of it: look before posting."""


class Announced(Value):
    """What Slack shows now."""

    revision: int
    cards: dict[str, Card]
    posted_at: datetime
    notices: tuple[int, ...] = ()
    undeliverable: str = ""
    """Why the thread can't be posted to at all, in words."""
    gates: tuple[GateDigest, ...] = ()
    """Of the open approvals that stand on cards which agree with Slack now."""
    untold: dict[str, str] = {}
    """Alerts that could not be posted: slot, and why in words."""


class AuditRow(Value):
    """One fact of a run's history: who, what, on which evidence."""

    at: datetime
    what: str
    text: str
    by: Person | None = None
    refs: dict[str, str] = {}
    """Ids and digests: gate, effect, key, rule, delivery; the number of the call that it is about."""
    turn: int = 0
    """In which it was; 0 before the planner's first word."""
