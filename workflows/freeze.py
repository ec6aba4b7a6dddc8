"""One freeze: while this workflow is open, what it names is frozen, and changes to it wait."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import FailureError

from .values.freeze import FreezeOrder, Thaw, Thawed
from .values.signals import THAWED

MOST_HELD = 1000
"""Runs remembered, to be told at once. Any other looks again by itself."""


@workflow.defn(name="Freeze")
class Freeze:
    """Its id is derived from what it freezes, so that the second to declare it learns that it is declared."""

    THAW = "thaw"
    """With a `Thaw`: who ends it."""
    HOLD = "hold"
    """With a run's workflow id: tell it when this ends."""
    MEMO = "freeze"
    """The order, for whoever asks what is frozen: it needs no worker."""

    def __init__(self) -> None:
        self._thaw: Thaw | None = None
        self._held: dict[str, None] = {}

    @workflow.run
    async def run(self, order: FreezeOrder) -> Thaw:  # noqa: ARG002 - it is the record of who froze what, and why
        await workflow.wait_condition(lambda: self._thaw is not None)
        thaw = self._thaw
        assert thaw is not None
        news = Thawed(freeze=workflow.info().workflow_id)
        while self._held:  # more may come while these are told
            run, _ = self._held.popitem()
            # A run that has ended needs no news.
            with suppress(FailureError):
                await workflow.get_external_workflow_handle(run).signal(THAWED, news)
        return thaw

    @workflow.signal(dynamic=True)
    def hear(self, name: str, args: Sequence[RawValue]) -> None:
        """Never raises."""
        if len(args) != 1:
            return
        with suppress(Exception):
            if name == self.THAW:
                self._thaw = self._thaw or workflow.payload_converter().from_payload(args[0].payload, Thaw)
            elif name == self.HOLD and len(self._held) < MOST_HELD:
                self._held[workflow.payload_converter().from_payload(args[0].payload, str)] = None

    @staticmethod
    def memo(order: FreezeOrder) -> dict[str, Any]:
        """What the step `frozen` reads: it needs no worker."""
        return {Freeze.MEMO: order}
