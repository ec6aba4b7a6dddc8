"""Inputs and outputs of the steps that have no noun of their own."""

from .base import Json, Value
from .calls import Call
from .outputs import Output
from .spec import ModelPlanner, Planner
from .tools import ToolContract
from .usage import Usage


class ThinkOrder(Value):
    """Propose the next calls of a run; the transcript is fetched by a query, it does not travel."""

    run_id: str
    turn: int
    agent: str
    planner: Planner
    tools: tuple[ToolContract, ...]


class PermittedRead(Value):
    """Proof that policy let a reading call pass. Made only by `rules.policy.permit_read`."""

    call: Call
    contract: ToolContract
    rule: str


class ReadResult(Value):
    """What a reading tool answered, made safe and bounded."""

    ok: bool
    text: str
    structured: Json = None
    output: Output | None = None
    """Where it is kept whole."""


class PreviewOrder(Value):
    """Ask the tool what a call would do."""

    call: Call
    contract: ToolContract


class CompactOrder(Value):
    """Sum up the beginning of a run's transcript, which is fetched by a query."""

    run_id: str
    planner: ModelPlanner
    entries: int
    """So many, from the first on."""


class Summary(Value):
    """What a model said of what it had done."""

    text: str
    """Empty: it said nothing that could be used."""
    usage: Usage
