"""A run as people see it: what the `view` query answers and the cards mirror."""

from datetime import datetime, timedelta
from enum import StrEnum

from .approval import Approval
from .base import EffectKey, Value
from .people import Person, Place


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
    ERROR = "error"
    SKIPPED = "skipped"


class StepView(Value):
    """One line of the plan."""

    id: str
    title: str
    state: StepState
    note: str = ""


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
    choices: tuple[tuple[str, str], ...]
    """(value, label) of each button."""
    answered: str = ""
    """In words, once answered."""
    choice: str = ""
    answered_by: Person | None = None


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


class BudgetView(Value):
    steps_used: int
    steps_limit: int
    working_used: timedelta
    working_limit: timedelta


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
    requester: Person
    agent: str
    place: Place
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    doing: str = ""
    """What goes on now or what it waits for, in words."""
    steps: tuple[StepView, ...] = ()
    approvals: tuple[Approval, ...] = ()
    unknowns: tuple[UnknownOutcome, ...] = ()
    questions: tuple[Question, ...] = ()
    notices: tuple[Notice, ...] = ()
    changes: tuple[Change, ...] = ()
    result: str = ""
    budget: BudgetView
    cards: dict[str, Card] = {}
    """By slot: `root`, `approval/4.1`, `unknown/4.1`, `question/1`, `result`."""


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


class AuditRow(Value):
    """One fact of a run's history: who, what, on which evidence."""

    at: datetime
    what: str
    text: str
    by: Person | None = None
    refs: dict[str, str] = {}
    """Ids and digests: gate, effect, key, rule, delivery."""
