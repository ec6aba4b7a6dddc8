"""One effect and what became of it."""

from datetime import datetime
from enum import StrEnum

from .approval import Admission, Effect
from .base import EffectKey, Json, Value
from .outputs import Output
from .people import Person
from .tools import Pins


class OutcomeState(StrEnum):
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


class Outcome(Value):
    """What became of an effect, and how that is known."""

    state: OutcomeState
    text: str
    structured: Json = None
    output: Output | None = None
    """Where the tool's answer is kept whole."""
    at: datetime | None = None
    by: Person | None = None
    """Whose word it is, where no machine could know."""
    arguments: str = ""
    """Of what became UNKNOWN: what was sent, as people were shown it."""
    edited: bool = False
    """People had changed the arguments that the planner proposed."""


class EffectOrder(Value):
    """The input of an `Effect` workflow: an effect with the proof that it may be applied."""

    effect: Effect
    admission: Admission
    run_id: str
    """Workflow id of the run."""
    run_name: str
    shown: str = ""
    """The arguments as people were shown them."""
    pins: Pins = {}
    first_execution: str = ""
    """Temporal's run id of the first execution of this effect's workflow: another one carries out a reset effect."""


class Resolution(Value):
    """What a person said of an effect whose outcome nobody could know."""

    state: OutcomeState
    """UNKNOWN: nobody can say; the run stops."""
    by: Person
    reason: str
    at: datetime


class Holder(Value):
    """Who works on a target now."""

    run_name: str
    run_id: str
    effect: str = ""
    """The key of the effect that holds the target."""


class RecallOrder(Value):
    """Walk the ledger for one call: which of its effects exist already?"""

    keys: tuple[EffectKey, ...]
    """The keys of n = first, first + 1 and so on."""
    await_result: bool = False
    """Wait for the effect that is still at work, instead of saying that it is."""


class Recalled(Value):
    """What the ledger knows of the first key that is not *not applied*; of the last one, where all are."""

    index: int
    """Its place among the keys asked for; the number of keys when all of them ended not applied."""
    outcome: Outcome | None = None
    """None: that effect was never started, or is still at work."""
    working: bool = False
    """It has not ended. With an outcome (UNKNOWN) it waits for a person's word."""


class Verified(Value):
    """What a contract's `verify` found out."""

    count: int | None
    """How many effects with our key there are; None: it can't be told now."""
    text: str = ""
    """Why it can't, or what was found."""
