"""What a team's server offers, asked of the team's worker for one that does not start that server."""

from temporalio import workflow

from . import outside
from .values.steps import Listed, ListOrder


@workflow.defn(name="Listing")
class Listing:
    """Ends at once. Temporal lets nobody but a workflow ask something of another worker."""

    @workflow.run
    async def run(self, order: ListOrder) -> Listed:
        return await outside.list_tools(order, team=order.team)
