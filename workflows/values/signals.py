"""What people and the world tell a run. Every one carries what Slack repeats, so that a repetition is known."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from .base import EffectKey, GateDigest, Value
from .people import Person


class Heard(Value):
    """What all signals have."""

    delivery: str
    """Identifies one delivery: the same click twice has the same one."""
    by: Person


class Decide(Heard):
    """A button of an approval card."""

    kind: Literal["decide"] = "decide"
    approval: str
    gate: GateDigest
    approve: bool
    reason: str = ""
    clicked_at: AwareDatetime
    break_glass: bool = False
    """Alone, in an emergency: needs a reason, and the rule has to name this person for it."""


class DecideAll(Heard):
    """One button for several approvals of a card."""

    kind: Literal["decide_all"] = "decide_all"
    approvals: tuple[str, ...]
    gates: str
    """`rules.digests.gates_digest` over their gate digests, in this order: exactly what the card showed."""
    approve: bool
    reason: str = ""
    clicked_at: AwareDatetime


class Edit(Heard):
    """Other arguments for a change that waits for approval: a new preview, and a new approval."""

    kind: Literal["edit"] = "edit"
    approval: str
    gate: GateDigest
    arguments: str
    """A JSON object with the top-level arguments that change; the others stay as they are."""
    without: tuple[str, ...] = ()
    """Those that are left out from now on."""
    clicked_at: AwareDatetime


class Answer(Heard):
    """A button of a question card, or the words typed into its dialog."""

    kind: Literal["answer"] = "answer"
    question: str
    choice: str = ""
    text: str = ""
    """Where the question has no buttons."""


class Revise(Heard):
    """Another goal."""

    kind: Literal["revise"] = "revise"
    text: str


class Cancel(Heard):
    """Stop, and say what was done."""

    kind: Literal["cancel"] = "cancel"
    reason: str = ""


class Event(Heard):
    """Something happened outside; `by` is whoever the source says it was."""

    kind: Literal["event"] = "event"
    source: str
    key: str
    facts: dict[str, str] = {}
    heard_at: AwareDatetime | None = None
    """By the edge that heard of it."""
    revises: str = ""
    """What a run that hears of it is to do instead; empty where it changes no goal."""


class Said(StrEnum):
    """The three buttons under an unknown outcome."""

    HAPPENED = "happened"
    DID_NOT = "did_not"
    STOP = "stop"


class Resolve(Heard):
    """Somebody's word on an effect whose outcome is unknown."""

    kind: Literal["resolve"] = "resolve"
    effect: EffectKey
    said: Said
    reason: str = ""


Signal = Decide | DecideAll | Edit | Answer | Revise | Cancel | Resolve

SIGNALS: dict[str, type[Signal]] = {
    "decide": Decide,
    "decide_all": DecideAll,
    "edit": Edit,
    "answer": Answer,
    "revise": Revise,
    "cancel": Cancel,
    "resolve": Resolve,
}

EVENT = "event"
"""From the `Mailbox` of its key to a run that subscribed: an `Event`."""
THAWED = "thawed"
"""From a `Freeze` to a run that it held: a `Thawed`."""
EFFECT_UNKNOWN = "effect_unknown"
"""From an `Effect` to its run: an `EffectNews`."""
EFFECT_RESOLVED = "resolved"
"""From a run to its `Effect`: a `Resolution`."""


class EffectNews(Value):
    """An effect can't know its outcome."""

    effect: EffectKey
    text: str
    at: datetime
    """When it was sent."""
    arguments: str = ""
    """As people were shown them."""
