"""How long a run's history grows: bytes a turn after 10, 50 and 200 turns, as the real server counts them.

    .venv/bin/python -m bench.history

Each turn is a thought and one call that reads; its answer is as long as one may be before it is cut (20,000 characters).
"""

import asyncio

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.answers import LONGEST_TEXT
from activities.ledger import Ledger
from handrail.queues import WORKFLOWS, as_activities, runner
from tests.conftest import binary
from tests.workflows.far_end import FarEnd, look, spec
from workflows import attributes
from workflows.outside import Queue
from workflows.rules.transcripts import size
from workflows.values.calls import Called, Compacted, Thought, ThoughtKind, Transcript
from workflows.values.outputs import Output, Stored
from workflows.values.spec import Limits, ModelPlanner
from workflows.values.steps import ReadResult, Summary
from workflows.values.usage import Usage

TURNS = (10, 50, 200)
ANSWER = "a line of a log\n" * (LONGEST_TEXT // 16)
KEPT = Output(text=Stored(digest="d" * 64, characters=5_000_000))


def propose(turns: int, transcript: Transcript) -> Thought:
    calls = [e.calls if isinstance(e, Compacted) else isinstance(e, Called) for e in transcript.entries]
    if sum(calls) >= turns:
        return Thought(kind=ThoughtKind.ANSWER, text="Done.")
    tokens = sum(map(size, transcript.entries)) // 4
    return Thought(kind=ThoughtKind.CALLS, calls=(look(),), size=tokens)


async def measured(client: Client, turns: int) -> tuple[int, int]:
    """Bytes of all executions of a run, and how many these were."""
    far_end = FarEnd(client, lambda transcript: propose(turns, transcript))
    far_end.answers = lambda _: ReadResult(ok=True, text=ANSWER, output=KEPT)
    far_end.sums_up = lambda _: Summary(text="What was found out. " * 100, usage=Usage())
    carriers = as_activities(far_end, Ledger(client))
    planner = ModelPlanner(models=("none",), context=128_000)
    agent = spec(limits=Limits(steps=10_000)).model_copy(update={"planner": planner})
    runs = Worker(
        client,
        task_queue=Queue.RUNS,
        workflows=WORKFLOWS,
        activities=carriers[Queue.RUNS],
        workflow_runner=runner(),
    )
    slack = Worker(client, task_queue=Queue.SLACK, activities=carriers[Queue.SLACK])
    async with runs, slack:
        run = await far_end.start(f"turns-{turns}", agent)
        await run.result()
        return await _lengths(client, run)


async def _lengths(client: Client, run: WorkflowHandle) -> tuple[int, int]:
    total, executions, run_id = 0, 0, run.first_execution_run_id
    while run_id:
        execution = client.get_workflow_handle(run.id, run_id=run_id)
        total += (await execution.describe()).raw_description.workflow_execution_info.history_size_bytes
        executions += 1
        last = [event async for event in execution.fetch_history_events()][-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return total, executions


async def main() -> None:
    arguments = [part for key in attributes.ALL for part in ("--search-attribute", f"{key.name}=Keyword")]
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=binary("temporal"),
        dev_server_extra_args=arguments,
        dev_server_log_level="error",
    ) as environment:
        print("turns  bytes of history  a turn  executions")
        for turns in TURNS:
            total, executions = await measured(environment.client, turns)
            print(f"{turns:>5}  {total:>16,}  {total // turns:>6,}  {executions:>10}")


if __name__ == "__main__":
    asyncio.run(main())
