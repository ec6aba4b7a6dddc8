"""An operator resets a run: what it did is found in the ledger, and not done again."""

import asyncio
from datetime import UTC, datetime

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from tests.workflows.far_end import BOB, click, deploy, in_order, look
from workflows.values.view import RunState


async def test_a_reset_at_any_point_repeats_no_effect(with_planner, temporal):
    far_end = await with_planner(in_order(look(), deploy()))
    run = await far_end.start("reset")
    first = await far_end.asked(run)
    await run.signal("decide", click(first, BOB))
    await run.result()
    history = await run.fetch_history()
    first_run = history.events[0].workflow_execution_started_event_attributes.original_execution_run_id
    points = [
        event.event_id
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ]
    assert len(points) > 8

    for point in points[:-1]:
        far_end.views.clear()
        await temporal.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace="default",
                workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=first_run),
                reason="an operator wants to see it again",
                request_id=f"reset/{point}",
                workflow_task_finish_event_id=point,
            )
        )
        again = temporal.client.get_workflow_handle(run.id)
        ended = asyncio.create_task(again.result())
        asked = asyncio.create_task(far_end.asked(again))
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            # Asked anew, or still with the card of before the reset: an old click counts for nothing but that card.
            await again.signal("decide", click(asked.result(), BOB, at=datetime.now(UTC)))
        asked.cancel()
        assert (await ended)["state"] == RunState.DONE

    assert len(far_end.applied) == 1
