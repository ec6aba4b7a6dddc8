"""The door to the freezes, which Temporal keeps: who declared one, who ends one, and what is frozen."""

import asyncio
import hashlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from workflows.freeze import Freeze
from workflows.outside import TASK, Queue
from workflows.rules.digests import freeze_id
from workflows.values.freeze import FreezeOrder, Frozen, Thaw

from .errors import RunEnded, RunGone, TemporalRefused
from .runs import HANDOFF, hand_off

OCCASION = "occasion"
"""In the memo: what Slack repeats of the order, hashed; so a late redelivery does not freeze again what was ended."""
UNEXPLAINED = "nobody said why"
MOST = 100
"""Listed."""
ENDING = 0.8
"""Seconds in which a worker usually has ended it."""


class Known(NamedTuple):
    """A freeze as Temporal knows it."""

    freeze: Frozen
    run_id: str
    """Temporal's: another for each time that the same thing is frozen."""
    open: bool
    occasion: str


class Declared(NamedTuple):
    """What came of an order."""

    known: Known
    fresh: bool
    """It was declared by this very call."""
    ours: bool
    """It was declared on this occasion, now or by an earlier delivery of the same."""


class Ended(NamedTuple):
    """What came of ending one."""

    known: Known
    by: Thaw | None
    """Who was first; None while no worker was there to end it."""
    earlier: bool = False
    """It was over before."""


class Freezes:
    """Every call is bounded; every failure is a `BotError`."""

    def __init__(self, client: Client, patience: float = HANDOFF, ending: float = ENDING) -> None:
        self._client = client
        self._patience = patience
        self._ending = ending

    async def declare(self, order: FreezeOrder, occasion: str) -> Declared:
        """What is frozen already stays as it was declared."""
        occasion = hashlib.sha256(occasion.encode()).hexdigest()
        for _ in range(2):  # one that is in the way may end meanwhile
            known = await self._look(order.environment)
            if known is not None and (known.open or known.occasion == occasion):
                return Declared(known, fresh=False, ours=known.occasion == occasion)
            with suppress(WorkflowAlreadyStartedError):
                return Declared(await self._start(order, occasion), fresh=True, ours=True)
        raise TemporalRefused("a freeze was declared and ended again and again")

    async def _start(self, order: FreezeOrder, occasion: str) -> Known:
        workflow_id = freeze_id(order.environment)
        async with hand_off(limit=self._patience):
            handle = await self._client.start_workflow(
                Freeze.run,
                order,
                id=workflow_id,
                task_queue=Queue.RUNS.value,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                memo={**Freeze.memo(order), OCCASION: occasion},
                static_summary=f"{order.environment or 'everything'} is frozen",
                task_timeout=TASK,
                rpc_timeout=timedelta(seconds=self._patience),
            )
        freeze = Frozen.declared(workflow_id, order, datetime.now(UTC))
        return Known(freeze, handle.first_execution_run_id or "", open=True, occasion=occasion)

    async def end(self, environment: str, thaw: Thaw) -> Ended | None:
        """None: it never was frozen. What was said is durable once this returns, worker or no worker."""
        known = await self._look(environment)
        if known is None:
            return None
        # Of this very run: what is frozen again meanwhile stays so.
        handle = self._client.get_workflow_handle(known.freeze.id, run_id=known.run_id, result_type=Thaw)
        if not known.open:
            return Ended(known, await self._ended(handle), earlier=True)
        with suppress(RunEnded, RunGone):  # somebody else was faster
            async with hand_off(known.freeze.id, self._patience):
                await handle.signal(Freeze.THAW, thaw, rpc_timeout=timedelta(seconds=self._patience))
        return Ended(known, await self._ended(handle))

    async def _ended(self, handle: WorkflowHandle[object, Thaw]) -> Thaw | None:
        try:
            async with asyncio.timeout(self._ending):
                return await handle.result()
        except (TimeoutError, RPCError):
            return None
        except WorkflowFailureError:  # ended by an operator, in Temporal
            return Thaw()

    async def active(self) -> list[Frozen]:
        """What people declared and nobody ended, the oldest first. Temporal's lists are a moment behind."""
        query = "WorkflowType = 'Freeze' AND ExecutionStatus = 'Running'"
        async with hand_off(limit=self._patience):
            listed = self._client.list_workflows(
                query, limit=MOST, rpc_timeout=timedelta(seconds=self._patience)
            )
            known = [await _known(each) async for each in listed]
        return sorted((each.freeze for each in known), key=lambda freeze: freeze.since)

    async def _look(self, environment: str) -> Known | None:
        workflow_id = freeze_id(environment)
        with suppress(RunGone):
            async with hand_off(workflow_id, self._patience):
                handle = self._client.get_workflow_handle(workflow_id)
                return await _known(await handle.describe(rpc_timeout=timedelta(seconds=self._patience)))
        return None


async def _known(execution: WorkflowExecution) -> Known:
    name = execution.id.removeprefix(freeze_id("_").removesuffix("_"))
    unexplained = FreezeOrder(environment="" if name == freeze_id("") else name, reason=UNEXPLAINED)
    order = await execution.memo_value(Freeze.MEMO, unexplained, type_hint=FreezeOrder)
    return Known(
        Frozen.declared(execution.id, order, execution.start_time),
        execution.run_id,
        open=execution.status is WorkflowExecutionStatus.RUNNING,
        occasion=await execution.memo_value(OCCASION, "", type_hint=str),
    )
