"""2,000 signals that nobody of ours would send, to everything of ours that hears signals."""

from collections import Counter
from collections.abc import Iterable

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from tests.proof.at_work import at_work
from tests.proof.chain import BY_THE_SERVER, executions
from tests.proof.crowd import Raw, request
from tests.proof.poison import aimed, poison
from tests.workflows.far_end import ALICE, BOB, FarEnd, click, deploy, in_order
from workflows.values.view import AuditRow, RunState

SIGNALS = 2000


async def send(client: Client, workflow: str, signals: Iterable[Raw]) -> Counter[str]:
    """Which of them the server itself refused, by its words."""
    refused: Counter[str] = Counter()
    for raw in signals:
        try:
            await client.workflow_service.signal_workflow_execution(
                request(client, workflow, raw), retry=True
            )
        except RPCError as error:
            # Too long for the server, or for the wire.
            if error.status not in {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.RESOURCE_EXHAUSTED}:
                raise
            refused[error.message] += 1
    return refused


async def unharmed(client: Client, workflow: str) -> None:
    """No task of it ever failed by a fault of ours."""
    async for _, causes in executions(client, workflow):
        assert causes <= BY_THE_SERVER


@pytest.mark.timeout(300)
async def test_no_signal_wedges_a_run_or_has_a_say(temporal):
    client: Client = temporal.client
    far_end = FarEnd(client, in_order(deploy()))
    async with at_work(client, far_end):
        run = await far_end.start("poisoned")
        approval = await far_end.asked(run)
        await send(client, run.id, poison("run", SIGNALS, approval.gate))
        await send(client, run.id, aimed(approval.gate))
        # Of all this one edit can be read. Its environment is no name, so people are asked anew about what was proposed.
        asked_anew = await far_end.asked(run, generation=2)

        await run.signal("decide", click(asked_anew, BOB))
        result = await run.result()
        audit = await run.query("audit", result_type=list[AuditRow])

    assert result.state is RunState.DONE
    assert [order.effect.call.arguments for order in far_end.applied] == [deploy().arguments]
    had_a_say = [(row.what, row.by) for row in audit if row.by and row.what not in {"started", "refused"}]
    assert had_a_say == [("edited", ALICE), ("approved", BOB)]
    await unharmed(client, run.id)
