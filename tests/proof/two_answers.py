"""A workflow that waits for two activities, and whose commands depend on whether their results come together.

python two_answers.py ADDRESS    a worker for it, to be killed
"""

import asyncio
import sys
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE = "two-answers"
ACTIVITIES = "two-answers-activities"
STICKY = timedelta(seconds=4)
"""How long the server keeps a task for a worker that is dead: a query first, then the result."""
LONG = timedelta(minutes=5)


@workflow.defn
class TwoAnswers:
    def __init__(self) -> None:
        self._seen: list[str] = []

    @workflow.run
    async def run(self) -> None:
        await asyncio.gather(self._patiently(), self._directly())

    async def _patiently(self) -> None:
        answer = asyncio.create_task(_ask("first"))
        await workflow.wait_condition(answer.done)
        self._seen.append("first")
        workflow.upsert_memo({"first": True})

    async def _directly(self) -> None:
        await _ask("second")
        self._seen.append("second")
        await workflow.sleep(0.1)

    @workflow.query
    def seen(self) -> list[str]:
        return self._seen


async def _ask(name: str) -> None:
    await workflow.execute_activity(
        name, activity_id=name, task_queue=ACTIVITIES, start_to_close_timeout=LONG
    )


async def main(address: str) -> None:
    client = await Client.connect(address)
    await Worker(
        client,
        task_queue=QUEUE,
        workflows=[TwoAnswers],
        workflow_runner=UnsandboxedWorkflowRunner(),
        sticky_queue_schedule_to_start_timeout=STICKY,
    ).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
