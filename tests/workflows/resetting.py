"""What an operator can do to a workflow: have it begin again from a point of its history."""

from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle


async def points_of(run: WorkflowHandle[Any, Any]) -> list[int]:
    """The events that a run can be reset to."""
    history = await run.fetch_history()
    return [
        event.event_id
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ]


async def reset(
    client: Client, run: WorkflowHandle[Any, Any], point: int, *, without_signals: bool = False
) -> WorkflowHandle[Any, Any]:
    """The first execution of *run* again; what was said to it since then is said again, or not."""
    no_signals = [ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=run.first_execution_run_id),
            reason="an operator wants to see it again",
            request_id=f"reset/{run.id}/{point}",
            workflow_task_finish_event_id=point,
            reset_reapply_exclude_types=no_signals if without_signals else [],
        )
    )
    return client.get_workflow_handle(run.id)
