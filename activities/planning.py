"""The `think` step: what the run does next."""

from datetime import timedelta

from temporalio.client import Client

from workflows import outside
from workflows.outside import carries_out
from workflows.values.calls import Thought, Transcript
from workflows.values.steps import ThinkOrder

from . import runbook

PATIENCE = timedelta(seconds=20)
"""For the query: the run answers it from memory, or after a replay."""


class Planning:
    """Planners, asked on behalf of a run. The transcript is fetched by a query: it does not travel with each turn."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @carries_out(outside.think)
    async def think(self, order: ThinkOrder) -> Thought:
        run = self._client.get_workflow_handle(order.run_id)
        transcript = await run.query("transcript", result_type=Transcript, rpc_timeout=PATIENCE)
        return runbook.propose(order.runbook, transcript)
