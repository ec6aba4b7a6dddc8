"""Thinking, with the run's transcript fetched from the real Temporal server."""

import uuid
from datetime import UTC, datetime

import pytest
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.blobs import Folder
from activities.masking import PLAIN, Masker
from activities.outputs import Outputs
from activities.planning import Planning
from activities.undoing import NOTHING_TO_PROPOSE
from tests.activities.far_end import NONE_KEPT, ARun
from workflows.rules.canonical import canonical
from workflows.values.calls import (
    Call,
    Called,
    CallResult,
    Ended,
    GoalSet,
    Thought,
    ThoughtKind,
    Transcript,
)
from workflows.values.outputs import Output, Stored
from workflows.values.people import Person
from workflows.values.spec import Planner, Runbook, RunbookStep, UndoPlanner
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

        thought = await ActivityEnvironment().run(
            Planning(temporal.client, PLAIN, NONE_KEPT).think, order(run)
        )

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


async def _proposed(temporal: WorkflowEnvironment, planner: Planner) -> Thought:
    goal = GoalSet(text="greet xyzzy-7261", by=Person(team="T1", user="U1"), at=datetime.now(UTC))
    run = f"run/{uuid.uuid4().hex}"
    worker = Worker(
        temporal.client, task_queue=run, workflows=[ARun], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        await temporal.client.start_workflow(ARun.run, Transcript(entries=(goal,)), id=run, task_queue=run)
        asked = order(run).model_copy(update={"planner": planner})
        return await ActivityEnvironment().run(
            Planning(temporal.client, Masker(["xyzzy-7261"], []), NONE_KEPT).think, asked
        )


async def test_a_runbook_sees_what_the_transcript_has_only_a_part_of(
    temporal: WorkflowEnvironment, blobs: Folder
):
    """The very end of an answer of which the run carries the beginning."""
    whole = "x" * 5_000 + " the end"
    digest = await blobs.put(whole.encode())
    look = RunbookStep(id="log", title="Log", call="ops.log")
    runbook = Runbook(phrases=("look",), steps=(look,), answer="{{ log[-7:] }}")
    call = Call(tool="ops.log", arguments=canonical({}), label="log", number=1, turn=1)
    output = Output(text=Stored(digest=digest, characters=len(whole)))
    result = CallResult(call=1, ended=Ended.OK, text="x" * 400, output=output)
    goal = GoalSet(text="look", by=Person(team="T1", user="U1"), at=datetime.now(UTC))
    run = f"run/{uuid.uuid4().hex}"
    worker = Worker(
        temporal.client, task_queue=run, workflows=[ARun], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        transcript = Transcript(entries=(goal, Called(call=call, result=result)))
        await temporal.client.start_workflow(ARun.run, transcript, id=run, task_queue=run)
        planning = Planning(temporal.client, PLAIN, Outputs(blobs))

        thought = await ActivityEnvironment().run(
            planning.think, order(run).model_copy(update={"planner": runbook})
        )

    assert thought == Thought(kind=ThoughtKind.ANSWER, text="the end")


async def test_a_run_that_is_not_there_is_an_error_that_temporal_tries_again(temporal: WorkflowEnvironment):
    with pytest.raises(RPCError):
        await ActivityEnvironment().run(
            Planning(temporal.client, PLAIN, NONE_KEPT).think, order("run/nowhere")
        )


async def test_a_change_whose_run_is_known_no_more_is_not_undone(temporal: WorkflowEnvironment):
    planner = UndoPlanner(run=f"run/{uuid.uuid4().hex}", call=1)

    thought = await _proposed(temporal, planner)

    assert thought == Thought(kind=ThoughtKind.GIVE_UP, text=NOTHING_TO_PROPOSE)
