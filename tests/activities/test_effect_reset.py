"""An operator resets an effect itself, and not its run: nobody can know any more what it did, and it is not sent again."""

import os
from datetime import UTC, datetime

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from activities.ledger import Ledger
from activities.tools import Tools
from bot.runs import Runs
from handrail.queues import as_activities, cached, runner
from sandbox.fleet.database import Database
from tests.activities.orders import TICKET
from tests.activities.test_applying import ordered
from tests.workflows.far_end import ALICE
from tests.workflows.resetting import points_of, reset
from workflows.effect import Effect
from workflows.lease import Lease
from workflows.outside import Queue
from workflows.rules.digests import effect_workflow_id, lease_id
from workflows.values.effect import EffectOrder, Outcome, OutcomeState, RecallOrder, Resolution
from workflows.values.signals import EFFECT_RESOLVED

LATE = {"title": "late", "service": "checkout", "body": "It is late."}
LATER = {"title": "later", "service": "checkout", "body": "It is later."}
WORD = Resolution(state=OutcomeState.APPLIED, by=ALICE, reason="I looked", at=datetime.now(UTC))


async def begun(client: Client, order: EffectOrder) -> WorkflowHandle[Effect, Outcome]:
    return await client.start_workflow(
        Effect.run, order, id=effect_workflow_id(order.effect.key), task_queue=Queue.RUNS
    )


def at_work(client: Client, tools: Tools, ledger: Ledger) -> Worker:
    return Worker(
        client,
        task_queue=Queue.RUNS,
        workflows=[Effect, Lease],
        activities=as_activities(tools, ledger)[Queue.RUNS],
        workflow_runner=runner(),
        max_cached_workflows=cached(os.environ),
    )


async def test_a_reset_effect_is_not_sent_again(tools: Tools, temporal: WorkflowEnvironment, fleet: Database):
    client, environment = temporal.client, ActivityEnvironment()
    ledger = Ledger(client, look_again=0.1)
    order = await ordered(tools, TICKET, LATE)
    known = RecallOrder(keys=(order.effect.key,), await_result=True)
    async with at_work(client, tools, ledger):
        effect = await begun(client, order)
        assert (await effect.result()).state is OutcomeState.APPLIED
        began = await Runs(client).began(effect.id)

        for point in await points_of(effect):
            again = await reset(client, effect, point)
            if (await environment.run(ledger.recall, known)).working:
                await again.signal(EFFECT_RESOLVED, WORD)
            await again.result()

    assert [ticket.title for ticket in fleet.tickets("checkout")].count("late") == 1
    # What it did is looked for since then
    assert await Runs(client).began(effect.id) == began


async def test_an_effect_that_is_reset_while_people_are_asked_asks_again_and_keeps_no_target(
    tools: Tools, temporal: WorkflowEnvironment, fleet: Database
):
    """Its lease is still there, and its own."""
    client, environment = temporal.client, ActivityEnvironment()
    ledger = Ledger(client, look_again=0.1)
    order = await ordered(tools, TICKET, LATER)
    known = RecallOrder(keys=(order.effect.key,), await_result=True)
    fleet.lose_next_reply()
    async with at_work(client, tools, ledger):
        effect = await begun(client, order)
        assert (await environment.run(ledger.recall, known)).working

        for point in await points_of(effect):
            again = await reset(client, effect, point)
            found = await environment.run(ledger.recall, known)
            assert found.outcome is not None
            assert (found.working, found.outcome.state) == (True, OutcomeState.UNKNOWN)
        await again.signal(EFFECT_RESOLVED, WORD)
        assert Outcome.model_validate(await again.result()).by == ALICE
        await client.get_workflow_handle(lease_id(order.effect.target)).result()

    assert [ticket.title for ticket in fleet.tickets("checkout")].count("later") == 1
