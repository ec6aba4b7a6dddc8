"""Inputs and outputs of the steps that have no noun of their own."""

from .base import Json, Value
from .calls import Call
from .spec import Planner
from .tools import ToolContract


class ThinkOrder(Value):
    """Propose the next calls of a run; the transcript is fetched by a query, it does not travel."""

    run_id: str
    turn: int
    agent: str
    planner: Planner
    tools: tuple[ToolContract, ...]
    own_tools: tuple[str, ...] = ()


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


class PreviewOrder(Value):
    """Ask the tool what a call would do."""

    call: Call
    contract: ToolContract
