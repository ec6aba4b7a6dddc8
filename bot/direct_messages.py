"""The door to who wants direct messages, which Temporal keeps: an open workflow for each of them."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.outside import TASK, Queue
from workflows.rules.names import direct_messages_id, person_of
from workflows.values.people import Person

from .errors import RunEnded, RunGone
from .runs import HANDOFF, hand_off

WORKFLOW = "DirectMessages"
FRESH = 30.0
"""Seconds for which a list of Temporal's is believed."""
LIMIT = timedelta(seconds=HANDOFF)


class DirectMessages:
    """What was said is durable once a call returns, worker or no worker. Every failure is a `BotError`."""

    def __init__(self, client: Client, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._known: tuple[float, frozenset[Person]] = (-FRESH, frozenset())
        self._lately: dict[Person, tuple[float, bool]] = {}
        """What was said to this process, and when: Temporal's lists are a moment behind."""

    async def want(self, person: Person, *, wanted: bool) -> None:
        """Also for whoever said the same before."""
        workflow_id = direct_messages_id(person)
        if wanted:
            async with hand_off(workflow_id):
                await self._client.start_workflow(
                    WORKFLOW,
                    id=workflow_id,
                    task_queue=Queue.RUNS.value,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    static_summary=f"{person.user} wants direct messages",
                    task_timeout=TASK,
                    rpc_timeout=LIMIT,
                )
        else:
            with suppress(RunEnded, RunGone):
                async with hand_off(workflow_id):
                    handle = self._client.get_workflow_handle(workflow_id)
                    await handle.terminate("wanted no more", rpc_timeout=LIMIT)
        self._lately[person] = self._now(), wanted

    async def wanted_by(self, person: Person) -> bool:
        workflow_id = direct_messages_id(person)
        try:
            async with hand_off(workflow_id):
                found = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=LIMIT)
        except RunGone:
            return False
        return found.status is WorkflowExecutionStatus.RUNNING

    async def everybody(self) -> frozenset[Person]:
        """All who want them."""
        now, query = self._now(), f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"
        if now - self._known[0] >= FRESH:
            async with hand_off():
                listed = self._client.list_workflows(query, rpc_timeout=LIMIT)
                self._known = now, frozenset([person_of(each.id) async for each in listed])
        self._lately = {who: said for who, said in self._lately.items() if now - said[0] < 2 * FRESH}
        known = dict.fromkeys(self._known[1], True) | {who: said[1] for who, said in self._lately.items()}
        return frozenset(who for who, wanted in known.items() if wanted)
