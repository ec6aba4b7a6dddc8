"""The ledger of effects. Temporal itself is it: the id of each `Effect` workflow is the effect's key."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import cast

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from workflows import outside
from workflows.outside import carries_out
from workflows.rules.digests import effect_workflow_id
from workflows.values.base import EffectKey
from workflows.values.effect import Holder, Outcome, OutcomeState, Recalled, RecallOrder

from .patience import beating

PATIENCE = timedelta(seconds=10)
"""For one question to Temporal."""
LOOK_AGAIN = 30.0
"""Seconds between two looks at an effect that is awaited: it may have come to wait for a person meanwhile."""
LONGEST_WAIT = 300.0
"""Seconds; then the run is told that it is still at work, and asks again."""
ENDED_FROM_OUTSIDE = "The record of this change ended before its outcome was known: {how}."
NOBODY = Holder(run_name="", run_id="")

Effects = WorkflowHandle[object, Outcome]


class Ledger:
    """What is known of effects that were started before, and of who holds a target."""

    def __init__(
        self, client: Client, *, look_again: float = LOOK_AGAIN, longest_wait: float = LONGEST_WAIT
    ) -> None:
        self._client = client
        self._look_again = look_again
        self._longest_wait = longest_wait

    @carries_out(outside.recall)
    async def recall(self, order: RecallOrder) -> Recalled:
        """Walks the keys up to the first whose effect is not *not applied*."""
        outcome = None
        async with beating():
            for index, key in enumerate(order.keys):
                found = await self._look(index, key, await_result=order.await_result)
                outcome = found.outcome
                if outcome is None or outcome.state is not OutcomeState.NOT_APPLIED:
                    return found
        return Recalled(index=len(order.keys), outcome=outcome)

    @carries_out(outside.who_holds)
    async def who_holds(self, lease: str) -> Holder:
        """*lease* is a workflow id. Without names when it was given back meanwhile."""
        try:
            described = await self._client.get_workflow_handle(lease).describe(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return NOBODY
            raise
        if described.status is not WorkflowExecutionStatus.RUNNING:
            return NOBODY
        return Holder.model_validate({**NOBODY.model_dump(), **await described.memo()})

    async def _look(self, index: int, key: EffectKey, *, await_result: bool) -> Recalled:
        effect = self._client.get_workflow_handle(effect_workflow_id(key), result_type=Outcome)
        try:
            described = await effect.describe(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Recalled(index=index)
            raise
        if described.status is not WorkflowExecutionStatus.RUNNING:
            return Recalled(index=index, outcome=await _result(effect))
        activity.logger.info("effect %s is still at work", key)
        return await self._at_work(index, effect, self._longest_wait if await_result else 0.0)

    async def _at_work(self, index: int, effect: Effects, wait: float) -> Recalled:
        """An effect that has not ended: its outcome, if that comes within *wait* seconds."""
        now = asyncio.get_running_loop().time
        until = now() + wait
        while True:
            try:
                unknown = await _waits_for_a_person(effect)
            except WorkflowQueryRejectedError:
                return Recalled(index=index, outcome=await _result(effect))
            if unknown is not None or now() >= until:
                return Recalled(index=index, outcome=unknown, working=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_again):
                    return Recalled(index=index, outcome=await _result(effect))


async def _waits_for_a_person(effect: Effects) -> Outcome | None:
    """UNKNOWN, if it does. Raises WorkflowQueryRejectedError when the effect has ended."""
    found: Outcome | None = await effect.query(
        "state",
        result_type=cast("type[Outcome]", Outcome | None),
        reject_condition=QueryRejectCondition.NOT_OPEN,
        rpc_timeout=PATIENCE,
    )
    return found


async def _result(effect: Effects) -> Outcome:
    try:
        return await effect.result()
    except WorkflowFailureError as error:
        text = ENDED_FROM_OUTSIDE.format(how=error.cause)
        return Outcome(state=OutcomeState.UNKNOWN, text=text, at=datetime.now(UTC))
