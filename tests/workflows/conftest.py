"""A worker for the core, with every neighbour replaced at the far end of its wire."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.ledger import Ledger
from activities.mailboxes import Mailboxes
from handrail.queues import WORKFLOWS, as_activities, cached, runner
from tests.workflows.far_end import FarEnd
from tests.workflows.samples import approval
from workflows.outside import Queue
from workflows.values.approval import Approval
from workflows.values.calls import Thought, Transcript

Planner = Callable[[Transcript], Thought]


@pytest_asyncio.fixture
async def with_planner(
    temporal: WorkflowEnvironment, keep_histories: list[str]
) -> AsyncIterator[Callable[[Planner], Awaitable[FarEnd]]]:
    """Start the workers of both queues around a planner; everything else is at its friendliest."""
    started: list[FarEnd] = []
    async with AsyncExitStack() as workers:

        async def start(planner: Planner) -> FarEnd:
            far_end = FarEnd(temporal.client, planner)
            carriers = as_activities(far_end, Ledger(temporal.client), Mailboxes(temporal.client))
            await workers.enter_async_context(
                Worker(
                    temporal.client,
                    task_queue=Queue.RUNS,
                    workflows=WORKFLOWS,
                    max_cached_workflows=cached(os.environ),
                    activities=carriers[Queue.RUNS],
                    workflow_runner=runner(),
                )
            )
            await workers.enter_async_context(
                Worker(temporal.client, task_queue=Queue.SLACK, activities=carriers[Queue.SLACK])
            )
            started.append(far_end)
            return far_end

        yield start
        keep_histories += [run for one in started for run in one.runs]


@pytest.fixture
def far_end_approval() -> Approval:
    return approval()
