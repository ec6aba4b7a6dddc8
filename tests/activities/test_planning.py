"""Thinking, with the run's transcript fetched from the real Temporal server."""

import uuid
from datetime import UTC, datetime

import pytest
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.masking import PLAIN, Masker
from activities.planning import Planning
from tests.activities.far_end import ARun
from workflows.values.calls import GoalSet, Thought, ThoughtKind, Transcript
from workflows.values.people import Person
from workflows.values.spec import Runbook, RunbookStep
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


async def test_what_a_question_shows_is_masked_as_it_is_the_call_itself(temporal: WorkflowEnvironment):
    question = RunbookStep(
        id="ask", title="Ask", call="handrail.ask_person", arguments={"question": "{{ name }}?"}
    )
    call = question.model_copy(update={"call": "fleet.deploy"})
    shown, sent = [
        await _proposed(temporal, RUNBOOK.model_copy(update={"steps": (each,)})) for each in (question, call)
    ]

    assert shown.calls[0].arguments == '{"question":"[masked]?"}'
    assert sent.calls[0].arguments == '{"question":"xyzzy-7261?"}'


async def _proposed(temporal: WorkflowEnvironment, runbook: Runbook) -> Thought:
    goal = GoalSet(text="greet xyzzy-7261", by=Person(team="T1", user="U1"), at=datetime.now(UTC))
    run = f"run/{uuid.uuid4().hex}"
    worker = Worker(
        temporal.client, task_queue=run, workflows=[ARun], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        await temporal.client.start_workflow(ARun.run, Transcript(entries=(goal,)), id=run, task_queue=run)
        asked = order(run).model_copy(update={"planner": runbook})
        return await ActivityEnvironment().run(
            Planning(temporal.client, Masker(["xyzzy-7261"], [])).think, asked
        )


async def test_a_run_that_is_not_there_is_an_error_that_temporal_tries_again(temporal: WorkflowEnvironment):
    with pytest.raises(RPCError):
        await ActivityEnvironment().run(Planning(temporal.client, PLAIN).think, order("run/nowhere"))
