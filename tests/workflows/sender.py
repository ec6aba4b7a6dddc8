"""`sending.send` alone: an `Effect` keeps a lease open, and beside an open child the server's clock is not skipped."""

from temporalio import workflow

from workflows.sending import send
from workflows.values.effect import EffectOrder, Outcome


@workflow.defn
class Sender:
    @workflow.run
    async def run(self, order: EffectOrder) -> Outcome:
        return await send(order)
