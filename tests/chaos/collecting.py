"""Fetches the evidence: every history of the server, the audits of the runs, and the files that the parts left."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, TimeoutType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHistory,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError

from tests.chaos.evidence import Effect, Evidence, Run, Signal, read_log
from tests.chaos.people import ITEM
from tests.chaos.truth import Truth

AT_ONCE = 8
NORMAL = {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}
"""A signal came while the workflow wanted to end: the server's way of saying: look again."""
NOBODY_CAME = TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START
"""It was never sent."""
TOO_OFTEN = 2
"""Attempts of a workflow task that is waited for: more than that is a loop. The server keeps them out of histories."""


class Collector:
    """Reads one server's workflows into an `Evidence`."""

    def __init__(self, client: Client, canary: str) -> None:
        self._client = client
        self._canary = canary
        self.evidence = Evidence()
        self.histories: list[WorkflowHistory] = []
        self._started_by: dict[str, tuple[str, float]] = {}
        """Of each effect: its run, and when that decided to start it."""

    async def histories_of_all(self) -> None:
        """Runs first, then what they started."""
        found = [execution async for execution in self._client.list_workflows("")]
        for kind, read in (("AgentRun", self._run), ("Effect", self._effect), ("Lease", self._lease)):
            ids = sorted({each.id for each in found if each.workflow_type == kind})
            await _each(ids, lambda name, read=read: self._history(name, read))

    async def _history(self, name: str, read: Callable[[WorkflowHistory], Awaitable[None]]) -> None:
        history = await self._client.get_workflow_handle(name).fetch_history()
        self.histories.append(history)
        if any(self._canary.encode() in event.SerializeToString() for event in history.events):
            self.evidence.leaks.append(f"the history of {name}")
        await read(history)

    async def _run(self, history: WorkflowHistory) -> None:
        events = history.events
        order = _json(events[0].workflow_execution_started_event_attributes.input.payloads)
        named = ITEM.search(order["ask"]["goal"])
        run = Run(history.workflow_id, named[0] if named else "")
        self.evidence.runs[run.id] = run
        run.started = _time(events[0].event_time)
        begun = {event.event_id: _time(event.event_time) for event in events}
        for event in events:
            match event.event_type:
                case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                    said = event.workflow_execution_signaled_event_attributes
                    run.signals.append(
                        Signal(said.signal_name, _json(said.input.payloads), _time(event.event_time))
                    )
                case EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
                    child = event.start_child_workflow_execution_initiated_event_attributes
                    completed = events[child.workflow_task_completed_event_id - 1]
                    task = completed.workflow_task_completed_event_attributes.started_event_id
                    self._started_by[child.workflow_id] = (run.id, begun[task])
                case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
                    run.closed = _time(event.event_time)
                    run.result = _json(event.workflow_execution_completed_event_attributes.result.payloads)
        run.broken = [*_failed_tasks(events), *await self._stuck(run.id)]
        run.audit = await self._ask(run.id, "audit") or []
        if run.closed is None:
            run.view = await self._ask(run.id, "view")

    async def _ask(self, run: str, what: str) -> Any:
        try:
            return await self._client.get_workflow_handle(run).query(what)
        except (RPCError, WorkflowQueryFailedError):
            return None

    async def _stuck(self, name: str) -> list[str]:
        described = await self._client.get_workflow_handle(name).describe()
        if described.status is not WorkflowExecutionStatus.RUNNING:
            return [] if described.status is WorkflowExecutionStatus.COMPLETED else [str(described.status)]
        attempt = described.raw_description.pending_workflow_task.attempt
        return [f"a workflow task at attempt {attempt}"] if attempt > TOO_OFTEN else []

    async def _effect(self, history: WorkflowHistory) -> None:
        events = history.events
        started = events[0].workflow_execution_started_event_attributes
        run, decided = self._started_by.get(history.workflow_id, ("", 0.0))
        order = _json(started.input.payloads)
        effect = Effect(history.workflow_id, run, order, decided, _time(events[0].event_time))
        self.evidence.effects[effect.id] = effect
        applying: set[int] = set()
        for event in events:
            match event.event_type:
                case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                    scheduled = event.activity_task_scheduled_event_attributes
                    if scheduled.activity_type.name.startswith("apply"):
                        applying.add(event.event_id)
                case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                    done = event.activity_task_completed_event_attributes
                    if done.scheduled_event_id in applying:
                        effect.lost = False
                case EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
                    late = event.activity_task_timed_out_event_attributes
                    waited = late.failure.timeout_failure_info.timeout_type == NOBODY_CAME
                    effect.lost |= late.scheduled_event_id in applying and not waited
                case EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED:
                    effect.lost |= event.activity_task_failed_event_attributes.scheduled_event_id in applying
                case EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
                    told = event.signal_external_workflow_execution_initiated_event_attributes
                    effect.told |= told.signal_name == "effect_unknown"
                case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
                    effect.closed = _time(event.event_time)
                    result = event.workflow_execution_completed_event_attributes.result.payloads
                    effect.outcome = _json(result)
        effect.broken = [*_failed_tasks(events), *await self._stuck(effect.id)]

    async def _lease(self, history: WorkflowHistory) -> None:
        last = history.events[-1].event_type
        over = (
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
        )
        if last not in over:
            started = history.events[0].workflow_execution_started_event_attributes
            self.evidence.leases[history.workflow_id] = started.parent_workflow_execution.workflow_id

    def files(self, folder: Path) -> None:
        """The far end's table, Slack's log, and what the processes printed."""
        truth = Truth(folder / "truth.sqlite")
        self.evidence.rows = truth.rows()
        truth.close()
        log = folder / "slack.jsonl"
        read_log(log.read_text(encoding="utf-8").splitlines(), self.evidence)
        for file in (log, *sorted((folder / "logs").iterdir())):
            if self._canary in file.read_text(encoding="utf-8", errors="replace"):
                self.evidence.leaks.append(file.name)

    def export(self, folder: Path) -> None:
        """Every history as JSON, for whoever looks for the reason."""
        (folder / "histories").mkdir(exist_ok=True)
        for history in self.histories:
            name = history.workflow_id.replace("/", "_")
            (folder / "histories" / f"{name}.json").write_text(history.to_json(), encoding="utf-8")


async def _each(names: Iterable[str], do: Callable[[str], Awaitable[None]]) -> None:
    """Some at once."""
    left = iter(names)

    async def some() -> None:
        for name in left:
            await do(name)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


def _failed_tasks(events: Iterable[HistoryEvent]) -> list[str]:
    failed = (
        event.workflow_task_failed_event_attributes
        for event in events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    )
    return [
        f"{WorkflowTaskFailedCause.Name(each.cause)}: {each.failure.message}"
        for each in failed
        if each.cause not in NORMAL
    ]


def _time(stamp: Timestamp) -> float:
    return stamp.seconds + stamp.nanos / 1e9


def _json(payloads: Iterable[Payload]) -> Any:
    first = next(iter(payloads), None)
    return json.loads(first.data) if first is not None and first.data else None
