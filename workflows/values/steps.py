"""Inputs and outputs of the steps that have no noun of their own."""

from .base import Json, Value
from .calls import Call
from .outputs import Output
from .spec import ModelPlanner, Planner
from .tools import Pins, ToolContract
from .usage import Usage


class PinOrder(Value):
    """How do the servers describe these tools now?"""

    tools: tuple[ToolContract, ...]


class Pinned(Value):
    """The tools that could be seen, with those that preview and verify them."""

    pins: Pins = {}


class ThinkOrder(Value):
    """Propose the next calls of a run; the transcript is fetched by a query, it does not travel."""

    run_id: str
    turn: int
    agent: str
    planner: Planner
    tools: tuple[ToolContract, ...]
    lost: int = 0
    """Requests for this thought that nobody answered: they may have been worked on, and are paid for."""
    plan_only: bool = False
    pins: Pins = {}
    own_tools: tuple[str, ...] = ()


class PermittedRead(Value):
    """Proof that policy let a reading call pass. Made only by `rules.policy.permit_read`."""

    call: Call
    contract: ToolContract
    rule: str
    pins: Pins = {}


class ReadResult(Value):
    """What a reading tool answered, made safe and bounded."""

    ok: bool
    text: str
    structured: Json = None
    changed: bool = False
    """Nothing was read: the tool is not what it was when the run began."""
    output: Output | None = None
    """Where it is kept whole."""


class PreviewOrder(Value):
    """Ask the tool what a call would do."""

    call: Call
    contract: ToolContract
    pins: Pins = {}


class ListOrder(Value):
    """Ask a team's worker what one of its servers offers."""

    server: str
    team: str


class Listed(Value):
    """Definitions of tools, as their server describes them; masked."""

    tools: tuple[Json, ...]


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
