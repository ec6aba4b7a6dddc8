"""What people and the world tell a run. Every one carries what Slack repeats, so that a repetition is known."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

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
    clicked_at: datetime


class Answer(Heard):
    """A button of a question card."""

    kind: Literal["answer"] = "answer"
    question: str
    choice: str


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


Signal = Decide | Answer | Revise | Cancel | Event | Resolve

SIGNALS: dict[str, type[Signal]] = {
    "decide": Decide,
    "answer": Answer,
    "revise": Revise,
    "cancel": Cancel,
    "event": Event,
    "resolve": Resolve,
}

EFFECT_UNKNOWN = "effect_unknown"
"""From an `Effect` to its run: an `EffectNews`."""
EFFECT_RESOLVED = "resolved"
"""From a run to its `Effect`: a `Resolution`."""


class EffectNews(Value):
    """An effect can't know its outcome."""

    effect: EffectKey
    text: str
    at: datetime
