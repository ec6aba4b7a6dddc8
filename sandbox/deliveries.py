"""Bringing things to the app: once for what a person waits for, with retries for events."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sandbox.faults import Faults
from sandbox.json_types import Json
from sandbox.payloads import event_callback
from sandbox.settings import SandboxSettings

DeliveryType = Literal["events_api", "interactive", "slash_commands"]


@dataclass(frozen=True)
class Delivery:
    type: DeliveryType
    payload: Json
    retry_attempt: int = 0
    retry_reason: str = ""

    @property
    def takes_answer(self) -> bool:
        """Whether Slack reads a payload in the acknowledgement."""
        return self.type == "slash_commands" or self.payload.get("type") == "view_submission"


@dataclass(frozen=True)
class Receipt:
    """What came of one attempt. *reason* is Slack's word for why it was not acknowledged."""

    acknowledged: bool
    answer: Json | None = None
    reason: str = ""
    retry_refused: bool = False


class Carrier(Protocol):
    """Socket Mode or signed HTTP: one attempt, given up after the acknowledgement deadline."""

    async def carry(self, delivery: Delivery) -> Receipt: ...


class Deliveries:
    """All that the workspace ever sends the app."""

    def __init__(self, carrier: Carrier, faults: Faults, settings: SandboxSettings) -> None:
        self._carrier = carrier
        self._faults = faults
        self._settings = settings
        self._under_way: set[asyncio.Task[Any]] = set()

    def in_background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def stop(self) -> None:
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def ask(self, kind: DeliveryType, payload: Json) -> Receipt:
        """Deliver what a person waits for: one attempt, and at most the deadline; Slack never repeats these."""
        attempt = self.in_background(self._attempt(Delivery(kind, payload)))
        done, _ = await asyncio.wait({attempt}, timeout=self._settings.ack_seconds)
        return attempt.result() if done else Receipt(acknowledged=False, reason="timeout")

    def event(self, event: Json, subscription: str) -> None:
        """Deliver an event in the background if the app subscribes to it, and again if nobody acknowledges it."""
        if subscription in self._settings.events:
            self.in_background(self._deliver_event(event_callback(event)))

    async def _deliver_event(self, payload: Json) -> None:
        receipt = await self._attempt(Delivery("events_api", payload))
        for number, pause in enumerate(self._settings.event_retry_after, start=1):
            if receipt.acknowledged or receipt.retry_refused:
                return
            await asyncio.sleep(pause)
            receipt = await self._attempt(Delivery("events_api", payload, number, receipt.reason))

    async def _attempt(self, delivery: Delivery) -> Receipt:
        for fault in self._faults.next_delivery(delivery.type):
            if fault.kind == "late_delivery":
                await asyncio.sleep(fault.seconds)
            else:
                self.in_background(self._carry(delivery))
        return await self._carry(delivery)

    async def _carry(self, delivery: Delivery) -> Receipt:
        receipt = await self._carrier.carry(delivery)
        outcome = "acknowledged" if receipt.acknowledged else receipt.reason
        self._faults.log_delivery(delivery.type, delivery.payload, outcome)
        return receipt

    async def replay(self, entry: Json) -> Receipt:
        """Send something delivered before once more, word for word."""
        return await self._carry(Delivery(entry["type"], entry["payload"]))
