"""What a planner proposes, what becomes of it, and the transcript that both make."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from .base import CanonicalJson, Json, Value
from .outputs import Output
from .people import Person
from .usage import Usage


class ProposedCall(Value):
    """One call as the planner wants it, its arguments parsed once and canonical from here on."""

    tool: str
    arguments: CanonicalJson
    label: str = ""
    """The planner's own name for this call (a runbook's step id)."""
    title: str = ""
    reason: str = ""
    """Why, in the planner's words: shown as its claim, never believed."""
    problem: str = ""
    """Why its arguments can't be read; they are empty then, and the call is not made."""


class Call(ProposedCall):
    """A proposed call with its place in the run."""

    number: int
    turn: int
    edited_by: tuple[Person, ...] = ()
    """People who changed its arguments: each counts as one who asked for it."""
    before_edits: CanonicalJson | None = None
    """The arguments as the planner proposed them, once people have changed them."""

    @property
    def proposed(self) -> CanonicalJson:
        """The planner's own arguments: no edit changes which call this is, nor its key."""
        return self.arguments if self.before_edits is None else self.before_edits


class Ended(StrEnum):
    """How a call ended. Each is told to the planner in its own words."""

    OK = "ok"
    FAILED = "failed"
    REFUSED = "refused"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"
    PLANNED = "planned"
    """Previewed and not applied: its run only plans."""

    @property
    def well(self) -> bool:
        return self in {Ended.OK, Ended.APPLIED, Ended.PLANNED}


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
    output: Output | None = None
    """Where the answer is kept whole."""


class GoalSet(Value):
    """The goal, as asked first or as revised later."""

    kind: Literal["goal"] = "goal"
    text: str
    by: Person
    at: datetime
    source: str = ""
    """Whose event said so; *by* is then whom the run is for."""


class Called(Value):
    """A call and its result."""

    kind: Literal["called"] = "called"
    call: Call
    result: CallResult
    discreet: bool = False
    """Its arguments, and what the tool said, stay out of the thread."""


class Unusable(Value):
    """A reply of the planner that nothing could be done with, and what it is told of that."""

    kind: Literal["unusable"] = "unusable"
    text: str
    at: datetime


class Compacted(Value):
    """What stands for the calls of earlier turns, to leave the planner room. Nothing else says so much of them."""

    kind: Literal["compacted"] = "compacted"
    calls: int
    """So many."""
    turns: int
    """The last turn among them."""
    summary: str = ""
    """The model's own words, for itself; empty where it gave none."""
    listed: tuple[str, ...] = ()
    """What it was not asked about, or could not sum up: call by call, in our words."""
    facts: tuple[str, ...] = ()
    """Each change that was proposed and what became of it, in our words. No summary replaces them."""
    outputs: dict[int, Output] = {}
    """Answers that are kept whole, by the number of the call."""
    at: datetime


Entry = Annotated[GoalSet | Called | Unusable | Compacted, Field(discriminator="kind")]


class Transcript(Value):
    """All that a planner may look at, in order."""

    entries: tuple[Entry, ...] = ()

    @property
    def goal(self) -> str:
        """The goal in force: the latest one set."""
        return next((entry.text for entry in reversed(self.entries) if isinstance(entry, GoalSet)), "")

    @property
    def outputs(self) -> dict[int, Output]:
        """The answers that are kept whole, by the number of the call."""
        kept: dict[int, Output] = {}
        for entry in self.entries:
            if isinstance(entry, Compacted):
                kept |= entry.outputs
            elif isinstance(entry, Called) and entry.result.output is not None:
                kept[entry.call.number] = entry.result.output
        return dict(sorted(kept.items()))

    def output(self, call: int) -> Output | None:
        """The answer to *call*, where it is kept whole."""
        return self.outputs.get(call)

    def since_goal(self) -> tuple[Called, ...]:
        """The calls made for the goal in force, oldest first."""
        calls: list[Called] = []
        for entry in reversed(self.entries):
            if isinstance(entry, GoalSet):
                break
            if isinstance(entry, Called):
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
    UNUSABLE = "unusable"
    """Nothing could be done with its reply: it is told why, and asked again."""


class Thought(Value):
    """A planner's turn: some calls, or the end."""

    kind: ThoughtKind
    calls: tuple[ProposedCall, ...] = ()
    text: str = ""
    """The result, the plain reason why not, or what was wrong with the reply."""
    usage: Usage = Usage()
    size: int = 0
    """Tokens of the request and its reply: how full the model's context was."""
    plan: tuple[PlannedStep, ...] = ()
    """Steps still to come after these calls, as far as the planner knows them."""
