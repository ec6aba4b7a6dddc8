"""A worker that was stopped goes on, and finds a change that the server has long given up."""

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest_asyncio
from temporalio import workflow
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollActivityTaskQueueRequest
from temporalio.common import RetryPolicy
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from sandbox.fleet.database import Database
from tests.activities.orders import PLACE, RESTART, TICKET
from tests.activities.test_applying import ordered
from workflows.values.effect import OutcomeState

PATIENCE = timedelta(seconds=2)
REQUEST = {"title": "slow", "service": "checkout", "body": "very"}


@workflow.defn
class Impatient:
    """Waits for one attempt, for as long as its heartbeat timeout."""

    @workflow.run
    async def run(self, queue: str) -> None:
        await workflow.execute_activity(
            "apply_once",
            task_queue=queue,
            start_to_close_timeout=timedelta(minutes=1),
            heartbeat_timeout=PATIENCE,
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@pytest_asyncio.fixture
async def queue(temporal: WorkflowEnvironment):
    """A queue on which one attempt waits to be taken up; for workers and for workflows."""
    name = f"late-{secrets.token_hex(4)}"
    worker = Worker(
        temporal.client, task_queue=name, workflows=[Impatient], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        run = await temporal.client.start_workflow(Impatient.run, name, id=name, task_queue=name)
        yield name
        with suppress(RPCError):  # it ended with its attempt
            await run.terminate()


async def taken_up(temporal: WorkflowEnvironment, queue: str) -> ActivityEnvironment:
    """What a worker gets that takes it up."""
    asked = PollActivityTaskQueueRequest(
        namespace=temporal.client.namespace, task_queue=TaskQueue(name=queue), identity="the test"
    )
    task = await temporal.client.workflow_service.poll_activity_task_queue(
        asked, timeout=timedelta(seconds=70)
    )
    environment = ActivityEnvironment(client=temporal.client)
    environment.info = replace(environment.info, task_token=task.task_token, heartbeat_timeout=PATIENCE)
    return environment


async def give_up(temporal: WorkflowEnvironment, environment: ActivityEnvironment) -> None:
    """As the server does when no heartbeat comes."""
    attempt = temporal.client.get_async_activity_handle(task_token=environment.info.task_token)
    await attempt.fail(RuntimeError("no heartbeat"))


def titles(fleet: Database) -> list[str]:
    return [ticket.title for ticket in fleet.tickets(None)]


async def test_what_the_server_has_given_up_is_not_sent(tools, fleet, temporal, queue):
    order = await ordered(tools, TICKET, REQUEST)
    environment = await taken_up(temporal, queue)
    await give_up(temporal, environment)

    outcome = await environment.run(tools.apply_once, order)

    assert (outcome.state, outcome.text) == (
        OutcomeState.NOT_APPLIED,
        "Nothing was sent: Temporal no longer waits for this attempt.",
    )
    assert "slow" not in titles(fleet)


async def test_what_it_waits_for_is_sent(tools, fleet, temporal, queue):
    order = await ordered(tools, TICKET, REQUEST)
    environment = await taken_up(temporal, queue)

    outcome = await environment.run(tools.apply_once, order)

    assert outcome.state is OutcomeState.APPLIED
    assert titles(fleet).count("slow") == 1


async def test_with_a_key_it_is_sent_all_the_same_for_it_does_nothing_twice(tools, fleet, temporal, queue):
    order = await ordered(tools, RESTART, PLACE)
    environment = await taken_up(temporal, queue)
    await give_up(temporal, environment)

    outcome = await environment.run(tools.apply_with_key, order)

    assert outcome.state is OutcomeState.APPLIED
