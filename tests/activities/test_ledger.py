"""The ledger, kept by the real Temporal server."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHandle
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.ledger import Ledger
from tests.activities.far_end import ALease, AnEffect
from workflows.rules.digests import effect_workflow_id
from workflows.values.base import EffectKey
from workflows.values.effect import Holder, Outcome, OutcomeState, Recalled, RecallOrder

QUEUE = "far end of the ledger"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
APPLIED = Outcome(state=OutcomeState.APPLIED, text="done", at=NOON)
NOT_APPLIED = Outcome(state=OutcomeState.NOT_APPLIED, text="refused", at=NOON)
UNKNOWN = Outcome(state=OutcomeState.UNKNOWN, text="the reply was lost", at=NOON)

Started = WorkflowHandle[AnEffect, Outcome]


@pytest_asyncio.fixture(scope="module", autouse=True)
async def far_end(temporal: WorkflowEnvironment) -> AsyncIterator[None]:
    worker = Worker(
        temporal.client,
        task_queue=QUEUE,
        workflows=[AnEffect, ALease],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        yield


@pytest.fixture
def ledger(temporal: WorkflowEnvironment) -> Ledger:
    return Ledger(temporal.client)


def new_key() -> EffectKey:
    return EffectKey(uuid.uuid4().hex)


async def started(temporal: WorkflowEnvironment, key: EffectKey) -> Started:
    return await temporal.client.start_workflow(AnEffect.run, id=effect_workflow_id(key), task_queue=QUEUE)


async def ended(temporal: WorkflowEnvironment, outcome: Outcome) -> EffectKey:
    key = new_key()
    effect = await started(temporal, key)
    await effect.signal(AnEffect.end, outcome)
    await effect.result()
    return key


async def recall(ledger: Ledger, *keys: EffectKey, await_result: bool = False) -> Recalled:
    return await ActivityEnvironment().run(ledger.recall, RecallOrder(keys=keys, await_result=await_result))


async def test_an_effect_that_was_never_started_has_no_outcome(ledger: Ledger):
    assert await recall(ledger, new_key()) == Recalled(index=0)


async def test_what_ended_is_recalled(ledger: Ledger, temporal: WorkflowEnvironment):
    assert await recall(ledger, await ended(temporal, APPLIED)) == Recalled(index=0, outcome=APPLIED)
    assert await recall(ledger, await ended(temporal, UNKNOWN)) == Recalled(index=0, outcome=UNKNOWN)


async def test_the_walk_passes_what_was_not_applied(ledger: Ledger, temporal: WorkflowEnvironment):
    first, second = await ended(temporal, NOT_APPLIED), await ended(temporal, NOT_APPLIED)

    assert await recall(ledger, first, await ended(temporal, APPLIED), new_key()) == Recalled(
        index=1, outcome=APPLIED
    )
    assert await recall(ledger, first, new_key()) == Recalled(index=1)
    assert await recall(ledger, first, second) == Recalled(index=2, outcome=NOT_APPLIED)


async def test_an_effect_that_was_ended_from_outside_is_unknown(
    ledger: Ledger, temporal: WorkflowEnvironment
):
    key = new_key()
    await (await started(temporal, key)).terminate()

    found = await recall(ledger, key)

    assert not found.working
    assert found.outcome is not None
    assert found.outcome.state is OutcomeState.UNKNOWN
    assert (
        found.outcome.text
        == "The record of this change ended before its outcome was known: terminated by user via frontend."
    )


async def test_an_effect_at_work_is_said_to_be(ledger: Ledger, temporal: WorkflowEnvironment):
    key = new_key()
    await started(temporal, key)

    assert await recall(ledger, key) == Recalled(index=0, working=True)


@pytest.mark.parametrize("await_result", [False, True])
async def test_an_effect_that_waits_for_a_person_says_so_at_once(
    ledger: Ledger, temporal: WorkflowEnvironment, *, await_result: bool
):
    key = new_key()
    await (await started(temporal, key)).signal(AnEffect.wait_for_a_person, UNKNOWN)

    found = await recall(ledger, key, await_result=await_result)

    assert found == Recalled(index=0, outcome=UNKNOWN, working=True)


class Awaiting:
    """A recall that awaits an effect, and has begun to."""

    def __init__(self, ledger: Ledger, key: EffectKey) -> None:
        environment = ActivityEnvironment()
        self._begun = asyncio.Event()
        environment.on_heartbeat = lambda *_: self._begun.set()
        self.found = asyncio.create_task(
            environment.run(ledger.recall, RecallOrder(keys=(key,), await_result=True))
        )

    async def begun(self) -> "asyncio.Task[Recalled]":
        await self._begun.wait()
        return self.found


async def test_an_effect_is_awaited(ledger: Ledger, temporal: WorkflowEnvironment):
    key = new_key()
    effect = await started(temporal, key)
    found = await Awaiting(ledger, key).begun()

    await effect.signal(AnEffect.end, APPLIED)

    assert await found == Recalled(index=0, outcome=APPLIED)


async def test_an_awaited_effect_that_is_ended_from_outside_is_unknown(
    ledger: Ledger, temporal: WorkflowEnvironment
):
    key = new_key()
    effect = await started(temporal, key)
    found = await Awaiting(ledger, key).begun()

    await effect.terminate()

    outcome = (await found).outcome
    assert outcome is not None
    assert outcome.state is OutcomeState.UNKNOWN


async def test_an_awaited_effect_that_comes_to_wait_for_a_person_says_so(temporal: WorkflowEnvironment):
    key = new_key()
    effect = await started(temporal, key)
    found = await Awaiting(Ledger(temporal.client, look_again=0.05), key).begun()

    await effect.signal(AnEffect.wait_for_a_person, UNKNOWN)

    assert await found == Recalled(index=0, outcome=UNKNOWN, working=True)


async def test_an_effect_that_takes_very_long_is_said_to_be_at_work(temporal: WorkflowEnvironment):
    key = new_key()
    await started(temporal, key)
    impatient = Ledger(temporal.client, look_again=0.05, longest_wait=0.1)

    assert await recall(impatient, key, await_result=True) == Recalled(index=0, working=True)


# Who holds a target


async def test_the_holder_of_a_target_is_named_until_it_is_given_back(
    ledger: Ledger, temporal: WorkflowEnvironment
):
    name = f"target/{uuid.uuid4().hex}"
    holder = Holder(run_name="deploy-checkout-7", run_id="run/T1/1", effect="4f")
    lease = await temporal.client.start_workflow(
        ALease.run, id=name, task_queue=QUEUE, memo=holder.model_dump()
    )

    assert await ActivityEnvironment().run(ledger.who_holds, name) == holder

    await lease.terminate()

    assert await ActivityEnvironment().run(ledger.who_holds, name) == Holder(run_name="", run_id="")


async def test_nobody_holds_a_target_that_was_never_taken(ledger: Ledger):
    name = f"target/{uuid.uuid4().hex}"

    assert await ActivityEnvironment().run(ledger.who_holds, name) == Holder(run_name="", run_id="")
