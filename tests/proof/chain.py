"""What the executions of a workflow went through, one after the other."""

from collections import Counter
from collections.abc import AsyncIterator

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import Client

BY_THE_SERVER = {
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
}
"""A task that was overtaken by new signals, a hundred of them or one at its very end: it is given out again."""


async def executions(client: Client, workflow: str) -> AsyncIterator[tuple[Counter[str], set[int]]]:
    """How many events of each kind, and why tasks failed, execution by execution."""
    described = await client.get_workflow_handle(workflow).describe()
    run_id = described.raw_description.workflow_execution_info.first_run_id
    while run_id:
        history = await client.get_workflow_handle(workflow, run_id=run_id).fetch_history()
        kinds = Counter(
            str(event.WhichOneof("attributes")).removesuffix("_event_attributes") for event in history.events
        )
        failed = [
            event.workflow_task_failed_event_attributes
            for event in history.events
            if event.HasField("workflow_task_failed_event_attributes")
        ]
        yield kinds, {each.cause for each in failed}
        last = history.events[-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
