"""A query at a worker that has to load the run first, while a result waits for its workflow task."""

import asyncio
import secrets
import sys
from datetime import timedelta

from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollActivityTaskQueueRequest
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker, WorkflowRunner

from handrail.careful import CarefulRunner
from tests.proof import two_answers
from tests.proof.two_answers import ACTIVITIES, QUEUE, STICKY, TwoAnswers

A_MOMENT = STICKY.total_seconds() - 0.5
"""Seconds in which the server has the query, and nobody to give it to. The query is given to the next worker as this
ends, and the task of the result that comes then a whole STICKY later: in between is the moment that is looked for."""


async def asked_of(client: Client) -> dict[str, bytes]:
    """Take up both activities; the token of each."""
    tokens: dict[str, bytes] = {}
    while len(tokens) < 2:
        wanted = PollActivityTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=ACTIVITIES), identity="the test"
        )
        task = await client.workflow_service.poll_activity_task_queue(wanted, timeout=timedelta(seconds=70))
        tokens[task.activity_id] = task.task_token
    return tokens


async def queried_at_the_wrong_moment(client: Client, runner: WorkflowRunner) -> WorkflowHistory:
    """A run's history: its worker was killed, and a query came to the next one with half of what came meanwhile."""
    dying = await asyncio.create_subprocess_exec(
        sys.executable, two_answers.__file__, client.service_client.config.target_host
    )
    run = await client.start_workflow(TwoAnswers.run, id=f"two-{secrets.token_hex(4)}", task_queue=QUEUE)
    tokens = await asked_of(client)
    dying.kill()
    await dying.wait()
    query = asyncio.create_task(run.query(TwoAnswers.seen))
    assert await asyncio.wait({query}, timeout=A_MOMENT) == (set(), {query})

    await client.get_async_activity_handle(task_token=tokens["first"]).complete()
    worker = Worker(client, task_queue=QUEUE, workflows=[TwoAnswers], workflow_runner=runner)
    if isinstance(runner, CarefulRunner):
        runner.belongs_to(worker)
    async with worker:
        # The task for this result still waits for the worker that was killed.
        assert await query == ["first"]
        await client.get_async_activity_handle(task_token=tokens["second"]).complete()
        await run.result()
    return await run.fetch_history()


async def replays(history: WorkflowHistory) -> bool:
    replayer = Replayer(workflows=[TwoAnswers], workflow_runner=UnsandboxedWorkflowRunner())
    return (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure is None


async def test_a_query_does_not_lead_a_run_astray(temporal):
    history = await queried_at_the_wrong_moment(temporal.client, CarefulRunner(UnsandboxedWorkflowRunner()))

    assert await replays(history)


async def test_without_care_it_still_does_so_that_care_is_needed(temporal):
    """Once this fails, the SDK has mended it, and handrail/careful.py can go."""
    history = await queried_at_the_wrong_moment(temporal.client, UnsandboxedWorkflowRunner())

    assert not await replays(history)
