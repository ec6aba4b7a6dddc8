"""The control: the same far end and the same kills, and a plain activity that is retried. Effects happen twice.

A chaos test that can't fail proves nothing. This one passes only when it finds duplicates.

    python -m tests.chaos.naive    a worker, as the driver starts it
"""

import asyncio
import os
import random
import shutil
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.masking import PLAIN
from activities.tool_servers import ToolServers
from handrail import temporal
from handrail.config import load
from handrail.demo.part import Part
from handrail.demo.parts import OURS
from handrail.ready import say_ready
from handrail.servers import tool_servers
from tests.chaos import deployment
from tests.chaos.chaos import Order, Say
from tests.chaos.processes import WORKERS, Processes
from tests.chaos.truth import AIMED, AT_MOST_ONCE, COMMITTED, WORKER, Truth
from tests.chaos.waiting import LOOK

QUEUE = "naive"
TOOL = deployment.TOOLS[AT_MOST_ONCE]
RUNS = 40
KILLS = 8
PLANNED = 0.3
"""Of the kills: so many more come after a commit, by the far end."""


@workflow.defn
class Naive:
    """Applies an effect as most examples do: an activity with the default retries, and no key."""

    @workflow.run
    async def run(self, arguments: dict[str, str]) -> None:
        await workflow.execute_activity(
            "send",
            arguments,
            start_to_close_timeout=timedelta(seconds=3),
            heartbeat_timeout=timedelta(seconds=3),
        )


class Sending:
    def __init__(self, servers: ToolServers) -> None:
        self._servers = servers

    @activity.defn
    async def send(self, arguments: dict[str, str]) -> None:
        await self._servers.call("up", TOOL, dict(arguments), timeout=2.5)


async def work() -> None:
    client = await temporal.connect_patiently(os.environ)
    async with tool_servers(load(os.environ), os.environ, PLAIN) as servers:
        sending = Sending(servers)
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[Naive],
            activities=[sending.send],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        say_ready(os.environ)
        await worker.run()


async def naive(order: Order, say: Say) -> bool:
    """Whether the duplicates were seen."""
    config = deployment.write(order.folder, order.seed, "none")
    truth = Truth(order.folder / "truth.sqlite")
    processes = Processes(order.folder, config)
    argv = (*OURS[:3], "tests.chaos.naive")
    try:
        client = await processes.start(only=tuple(Part(name, argv, processes.environ) for name in WORKERS))
        async with asyncio.timeout(order.minutes * 60):
            await _kill_them(processes, truth, client, random.Random(order.seed))
    finally:
        processes.kill_all()
        await processes.stop()
    happened = Counter(row.item for row in truth.rows())
    twice = sum(count - 1 for count in happened.values())
    kills = truth.kills()
    in_flight = sum(sum(kill.in_flight.values()) for kill in kills)
    say(f"without the protocol: {RUNS} runs, {len(kills)} kills with {in_flight} operations in flight")
    say(f"{sum(happened.values())} effects where there should be {RUNS}: {twice} duplicates")
    truth.close()
    if twice:
        shutil.rmtree(order.folder)
    return twice > 0


async def _kill_them(processes: Processes, truth: Truth, client: Client, chance: random.Random) -> None:
    """Until all runs have ended, while workers with work in flight are killed."""
    goals = [deployment.goal(number, chance) for number in range(RUNS)]
    runs = [
        await client.start_workflow(
            Naive.run,
            {"item": goal.item, "shelf": goal.shelf, "room": goal.room.name},
            id=goal.item,
            task_queue=QUEUE,
        )
        for goal in goals
    ]
    ends = asyncio.gather(*(run.result() for run in runs))
    while truth.killed() < KILLS and not ends.done():
        busy = [pid for pid in truth.busy() if pid in processes.workers_up()]
        if len(processes.workers_up()) > 1 and busy:
            if chance.random() < PLANNED:
                truth.plan(COMMITTED, AT_MOST_ONCE)
            with suppress(ProcessLookupError):
                truth.kill(WORKER, AIMED, chance.choice(busy))
        await asyncio.sleep(LOOK)
    truth.forget_planned()
    await ends


if __name__ == "__main__":
    asyncio.run(work())
