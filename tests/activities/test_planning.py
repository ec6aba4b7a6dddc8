"""Thinking, with the run's transcript fetched from the real Temporal server."""

import uuid
from datetime import UTC, datetime

import pytest
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.masking import PLAIN
from activities.planning import Planning
from tests.activities.far_end import ARun
from workflows.values.calls import GoalSet, Thought, ThoughtKind, Transcript
from workflows.values.people import Person
from workflows.values.spec import Runbook
from workflows.values.steps import ThinkOrder

RUNBOOK = Runbook(phrases=("greet <name>",), steps=(), answer="Hello {{ name }}.")


def order(run: str) -> ThinkOrder:
    return ThinkOrder(run_id=run, turn=1, agent="greeter", planner=RUNBOOK, tools=())


async def test_the_transcript_is_fetched_from_the_run(temporal: WorkflowEnvironment):
    goal = GoalSet(text="greet Ada", by=Person(team="T1", user="U1"), at=datetime.now(UTC))
    run = f"run/{uuid.uuid4().hex}"
    worker = Worker(
        temporal.client, task_queue=run, workflows=[ARun], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        transcript = Transcript(entries=(goal,))
        await temporal.client.start_workflow(ARun.run, transcript, id=run, task_queue=run)

        thought = await ActivityEnvironment().run(Planning(temporal.client, PLAIN).think, order(run))

    assert thought == Thought(kind=ThoughtKind.ANSWER, text="Hello Ada.")


async def test_a_run_that_is_not_there_is_an_error_that_temporal_tries_again(temporal: WorkflowEnvironment):
    with pytest.raises(RPCError):
        await ActivityEnvironment().run(Planning(temporal.client, PLAIN).think, order("run/nowhere"))
