"""One holder per target: while this workflow is open, its target is taken."""

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

from .values.effect import Holder


@workflow.defn(name="Lease")
class Lease:
    """Its id is derived from the target, so that the second one to start learns that the first is there."""

    RELEASE = "release"

    def __init__(self) -> None:
        self._released = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._released)

    @workflow.signal(dynamic=True)
    def hear(self, name: str, _args: Sequence[RawValue]) -> None:
        if name == self.RELEASE:
            self._released = True

    @staticmethod
    def memo(holder: Holder) -> dict[str, Any]:
        """What `who_holds` reads: it needs no worker."""
        return holder.model_dump()
