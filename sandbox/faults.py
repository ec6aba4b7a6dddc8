"""What can be made to go wrong on purpose, and a record of what was asked of the sandbox."""

import time
from collections import deque
from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from sandbox.json_types import Json

_CALLS_KEPT = 10_000
_DELIVERIES_KEPT = 2_000


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    times: int = Field(default=1, ge=1)
    """How often it happens before it is spent."""


class CallFault(_Fault):
    """A Web API call that goes wrong; without a *method*, whichever comes next.

    ratelimited: 429 with Retry-After. server_error: *status* and no JSON. reply_lost: the call is carried out, then
    the connection is cut. not_performed: the connection is cut first. slow: *seconds* pass before it is carried out.
    """

    kind: Literal["ratelimited", "server_error", "reply_lost", "not_performed", "slow"]
    method: str | None = None
    retry_after: int = Field(default=1, ge=0)
    status: Literal[500, 502, 503, 504] = 500
    seconds: float = Field(default=1.0, ge=0)


class DeliveryFault(_Fault):
    """A delivery to the app that goes wrong: sent twice, or only after *seconds*; *type* narrows it."""

    kind: Literal["duplicate_delivery", "late_delivery"]
    type: Literal["events_api", "interactive", "slash_commands"] | None = None
    seconds: float = Field(default=1.0, ge=0)


Fault: TypeAlias = Annotated[CallFault | DeliveryFault, Field(discriminator="kind")]
_FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])


class Faults:
    def __init__(self) -> None:
        self._pending: list[CallFault | DeliveryFault] = []
        self.calls: deque[Json] = deque(maxlen=_CALLS_KEPT)
        self.deliveries: deque[Json] = deque(maxlen=_DELIVERIES_KEPT)

    def plan(self, faults: Sequence[Json]) -> None:
        """Add to what will go wrong; raises pydantic's `ValidationError` for a fault it does not know."""
        self._pending += _FAULTS.validate_python(list(faults))

    def clear(self) -> None:
        self._pending.clear()

    def next_call(self, method: str) -> CallFault | None:
        for fault in self._pending:
            if isinstance(fault, CallFault) and fault.method in (None, method):
                self._spend(fault)
                return fault
        return None

    def next_delivery(self, kind: str) -> list[DeliveryFault]:
        """Every kind of delivery fault that is planned for this one; each is spent once."""
        found: dict[str, DeliveryFault] = {}
        for fault in self._pending:
            if isinstance(fault, DeliveryFault) and fault.type in (None, kind):
                found.setdefault(fault.kind, fault)
        for fault in found.values():
            self._spend(fault)
        return list(found.values())

    def _spend(self, fault: CallFault | DeliveryFault) -> None:
        fault.times -= 1
        if not fault.times:
            self._pending.remove(fault)

    def log_call(self, method: str, args: Json, outcome: str, answer: Json | None) -> None:
        entry: Json = {"method": method, "args": args, "at": time.time(), "outcome": outcome}
        if answer and "ts" in answer:
            entry["ts"] = answer["ts"]
        self.calls.append(entry)

    def log_delivery(self, kind: str, payload: Json, outcome: str) -> None:
        self.deliveries.append({"type": kind, "payload": payload, "at": time.time(), "outcome": outcome})
