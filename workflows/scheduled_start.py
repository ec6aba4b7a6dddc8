"""One firing of a schedule: starts a run, and stays open as long as that one does."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError, WorkflowAlreadyStartedError

from . import attributes, outside, words
from .agent_run import AgentRun
from .rules.names import run_of
from .values.run import RunInput, RunResult
from .values.schedule import Firing, ScheduledGoal


@workflow.defn(name="ScheduledStart")
class ScheduledStart:
    """Temporal skips a firing while the one before is open. That this one is open until its run has ended makes it so."""

    @workflow.run
    async def run(self, schedule: ScheduledGoal) -> str:
        """How it ended, in words."""
        firing = Firing(id=workflow.info().workflow_id, schedule=schedule)
        try:
            prepared = await outside.prepare(firing, summary=schedule.name)
        except ActivityError:
            return words.NOT_STARTED_IN_TIME
        if prepared.order is None:
            return prepared.why
        try:
            run = await _start(firing, prepared.order)
        except WorkflowAlreadyStartedError:
            return words.STARTED_BEFORE
        try:
            return (await run).state.value
        except ChildWorkflowError:
            return words.RUN_ENDED_FROM_OUTSIDE


async def _start(firing: Firing, order: RunInput) -> workflow.ChildWorkflowHandle[AgentRun, RunResult]:
    """Raises WorkflowAlreadyStartedError."""
    return await workflow.start_child_workflow(
        AgentRun.run,
        order,
        id=run_of(firing.schedule.requester.team, firing.id),
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        # A run is nobody's part: it goes on when somebody ends the firing.
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
        memo={attributes.MEMO_STATUS: attributes.first_summary(order.ask, order.spec)},
        search_attributes=attributes.of_new_run(order.ask, order.spec),
        static_summary=order.ask.name,
        task_timeout=outside.TASK,
    )
