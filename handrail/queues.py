"""Temporal workers for the two task queues, and how one of them ends."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.agent_run import AgentRun
from workflows.direct_messages import DirectMessages
from workflows.effect import Effect
from workflows.freeze import Freeze
from workflows.lease import Lease
from workflows.listing import Listing
from workflows.mailbox import Mailbox
from workflows.outside import Queue, Step, step_of
from workflows.scheduled_start import ScheduledStart
from workflows.values.tools import ToolContract

from .careful import CarefulRunner
from .stopping import Stop
from .trouble import Misused

WORKFLOWS: tuple[type, ...] = (
    AgentRun,
    Effect,
    Lease,
    Freeze,
    Mailbox,
    ScheduledStart,
    Listing,
    DirectMessages,
)

STICKY = timedelta(seconds=1)
"""How long a task waits for the worker that knows the run: the first click after a killed worker takes this long."""
MARGIN = timedelta(seconds=15)
"""What a call may take beside the tool's own time."""
DEFAULT_CACHED = 1000
HEARTBEATS = timedelta(seconds=3)
"""At most so far apart. The default sends one every 8 of the 10 seconds allowed: one missed, and an apply is unknown."""

Activity = Callable[..., Any]


def runner() -> SandboxedWorkflowRunner:
    """The one way workflows run: in the worker, in the replayer, in tests."""
    pure = ("workflows.values", "workflows.rules", "workflows.words")
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*pure)
    return SandboxedWorkflowRunner(restrictions=restrictions)


def as_activities(*carriers: object) -> dict[Queue, list[Activity]]:
    """The methods of *carriers* that `workflows.outside.carries_out` tied to a step, by the queue of the step."""
    found: dict[Queue, list[Activity]] = {}
    for carrier in carriers:
        for name, step in _tied(type(carrier)):
            found.setdefault(step.queue, []).append(getattr(carrier, name))
    return found


def _tied(kind: type) -> Iterator[tuple[str, Step[Any, Any]]]:
    for name in dir(kind):
        method = getattr(kind, name)
        step = step_of(method)
        if step is None:
            continue
        if not hasattr(method, "__temporal_activity_definition"):
            activity.defn(name=step.name)(method)
        yield name, step


def runs_worker(
    client: Client, carriers: Sequence[object], contracts: Sequence[ToolContract], environ: Mapping[str, str]
) -> Worker:
    """The worker of the queue that runs live on. Stopping it waits for the calls in flight to end honestly."""
    careful = CarefulRunner(runner())
    worker = Worker(
        client,
        task_queue=Queue.RUNS.value,
        workflows=WORKFLOWS,
        activities=as_activities(*carriers)[Queue.RUNS],
        workflow_runner=careful,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=_longest(contracts) + MARGIN,
        max_heartbeat_throttle_interval=HEARTBEATS,
        max_cached_workflows=cached(environ),
    )
    careful.belongs_to(worker)
    return worker


def team_worker(
    client: Client, carriers: Sequence[object], contracts: Sequence[ToolContract], team: str
) -> Worker:
    """The worker of a team's own tools: no workflow, no model. It stops as carefully as the one of all others."""
    return Worker(
        client,
        task_queue=Queue.RUNS.of(team),
        activities=as_activities(*carriers)[Queue.RUNS],
        graceful_shutdown_timeout=_longest(contracts) + MARGIN,
        max_heartbeat_throttle_interval=HEARTBEATS,
    )


def _longest(contracts: Sequence[ToolContract]) -> timedelta:
    return timedelta(seconds=max((contract.timeout_seconds for contract in contracts), default=0.0))


def slack_worker(
    client: Client, carriers: Sequence[object], contracts: Sequence[ToolContract] = ()
) -> Worker:
    """The worker inside the bot process, for the steps that speak Slack: tools' too, where *carriers* has some."""
    return Worker(
        client,
        task_queue=Queue.SLACK.value,
        activities=list(chain.from_iterable(as_activities(*carriers).values())),
        graceful_shutdown_timeout=_longest(contracts) + MARGIN,
        max_heartbeat_throttle_interval=HEARTBEATS,
    )


def cached(environ: Mapping[str, str]) -> int:
    """`HANDRAIL_MAX_CACHED_WORKFLOWS`: 0 replays every run from its start, the cheapest test of determinism."""
    written = environ.get("HANDRAIL_MAX_CACHED_WORKFLOWS") or str(DEFAULT_CACHED)
    if not written.isdecimal():
        raise Misused(f"HANDRAIL_MAX_CACHED_WORKFLOWS: expected a number, found {written!r}")
    return int(written)


async def until_stopped(worker: Worker, stop: Stop) -> None:
    """Work until *stop* is set, then let go of the queue and finish what is in hand."""
    working = asyncio.create_task(worker.run())
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not working.done():
        await worker.shutdown()
    await working
