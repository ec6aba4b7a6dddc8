"""What a planner proposes, what becomes of it, and the transcript that both make."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from .base import CanonicalJson, Json, Value
from .people import Person


class ProposedCall(Value):
    """One call as the planner wants it, its arguments parsed once and canonical from here on."""

    tool: str
    arguments: CanonicalJson
    label: str = ""
    """The planner's own name for this call (a runbook's step id)."""
    title: str = ""
    reason: str = ""
    """Why, in the planner's words: shown as its claim, never believed."""


class Call(ProposedCall):
    """A proposed call with its place in the run."""

    number: int
    turn: int


class Ended(StrEnum):
    """How a call ended. Each is told to the planner in its own words."""

    OK = "ok"
    FAILED = "failed"
    REFUSED = "refused"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"

    @property
    def well(self) -> bool:
        return self in {Ended.OK, Ended.APPLIED}


class CallResult(Value):
    """What the planner is told of one call."""

    call: int
    ended: Ended
    text: str
    structured: Json = None
    """The tool's structured content, where it gave any."""
    by: Person | None = None
    """Who rejected it, or gave their word on it."""
    at: datetime | None = None


class GoalSet(Value):
    """The goal, as asked first or as revised later."""

    kind: Literal["goal"] = "goal"
    text: str
    by: Person
    at: datetime


class Called(Value):
    """A call and its result."""

    kind: Literal["called"] = "called"
    call: Call
    result: CallResult


Entry = Annotated[GoalSet | Called, Field(discriminator="kind")]


class Transcript(Value):
    """All that a planner may look at, in order."""

    entries: tuple[Entry, ...] = ()

    @property
    def goal(self) -> str:
        """The goal in force: the latest one set."""
        return next((entry.text for entry in reversed(self.entries) if isinstance(entry, GoalSet)), "")

    def since_goal(self) -> tuple[Called, ...]:
        """The calls made for the goal in force, oldest first."""
        calls: list[Called] = []
        for entry in reversed(self.entries):
            if isinstance(entry, GoalSet):
                break
            calls.append(entry)
        return tuple(reversed(calls))


class PlannedStep(Value):
    """What the planner means to do later, for people to see."""

    label: str
    title: str


class ThoughtKind(StrEnum):
    CALLS = "calls"
    ANSWER = "answer"
    GIVE_UP = "give_up"


class Thought(Value):
    """A planner's turn: some calls, or the end."""

    kind: ThoughtKind
    calls: tuple[ProposedCall, ...] = ()
    text: str = ""
    """The result, or the plain reason why not."""
    plan: tuple[PlannedStep, ...] = ()
    """Steps still to come after these calls, as far as the planner knows them."""
