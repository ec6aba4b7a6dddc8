"""What is frozen now: what people declared, as the real Temporal server keeps it, and the clock."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from activities.freezes import Freezes
from handrail.queues import runner
from tests.bot.proxy import Proxy
from workflows.freeze import Freeze
from workflows.rules.digests import freeze_id
from workflows.values.freeze import FreezeAnswer, FreezeOrder, FreezeQuestion, Frozen, Thaw
from workflows.values.people import Person
from workflows.values.spec import FreezeWindow

QUEUE = "nobody works here"
SATURDAY = datetime(2026, 7, 4, 12, tzinfo=UTC)
ALICE = Person(team="T0", user="U0ALICE")
WEEKEND = FreezeWindow(name="weekend", environments=("prod*",), starts="fri 16:00", ends="mon 08:00")
Declare = Callable[[FreezeOrder], Awaitable[WorkflowHandle[Freeze, Thaw]]]


@pytest.fixture
def environment() -> str:
    """One of this test's own: the server is shared."""
    return f"prod-{uuid.uuid4().hex[:8]}"


@pytest_asyncio.fixture
async def declare(temporal: WorkflowEnvironment) -> AsyncIterator[Declare]:
    declared = []

    async def start(order: FreezeOrder) -> WorkflowHandle[Freeze, Thaw]:
        handle = await temporal.client.start_workflow(
            Freeze.run,
            order,
            id=freeze_id(order.environment),
            task_queue=QUEUE,
            memo=Freeze.memo(order),
        )
        declared.append(handle)
        return handle

    yield start
    for handle in declared:
        try:
            await handle.terminate()
        except RPCError as error:
            assert "already completed" in error.message  # noqa: PT017 - of what the test ended itself


async def frozen(temporal: WorkflowEnvironment, environment: str, *windows: FreezeWindow) -> FreezeAnswer:
    freezes = Freezes(temporal.client, lambda: SATURDAY)
    question = FreezeQuestion(environment=environment, windows=windows)
    return await ActivityEnvironment().run(freezes.frozen, question)


async def test_nothing_is_frozen_until_somebody_says_so(temporal, environment):
    assert await frozen(temporal, environment) == FreezeAnswer(asked_at=SATURDAY)


async def test_a_freeze_says_who_declared_it_when_and_why_with_no_worker_up(temporal, environment, declare):
    order = FreezeOrder(environment=environment, reason="the database is on fire", by=ALICE)
    handle = await declare(order)

    [found] = (await frozen(temporal, environment)).freezes

    since = (await handle.describe()).start_time
    assert found == Frozen.declared(freeze_id(environment), order, since)
    assert found.reason == "the database is on fire"
    assert found.by == ALICE
    assert found.until is None


async def test_a_freeze_of_one_environment_holds_no_other(temporal, environment, declare):
    await declare(FreezeOrder(environment=environment, reason="fire"))

    assert (await frozen(temporal, f"{environment}-2")).freezes == ()
    assert (await frozen(temporal, "")).freezes == ()


async def test_a_freeze_of_everything_holds_every_environment_and_what_has_none(
    temporal, environment, declare
):
    await declare(FreezeOrder(reason="audit"))
    await declare(FreezeOrder(environment=environment, reason="fire"))

    assert [each.reason for each in (await frozen(temporal, environment)).freezes] == ["audit", "fire"]
    assert [each.reason for each in (await frozen(temporal, "")).freezes] == ["audit"]


async def test_what_was_ended_holds_nothing(temporal, environment, declare):
    handle = await declare(FreezeOrder(environment=environment, reason="fire"))
    await handle.signal(Freeze.THAW, Thaw(by=ALICE))
    async with Worker(temporal.client, task_queue=QUEUE, workflows=[Freeze], workflow_runner=runner()):
        assert await handle.result() == Thaw(by=ALICE)

    assert (await frozen(temporal, environment)).freezes == ()


async def test_a_freeze_that_somebody_started_by_hand_holds_too(temporal, environment):
    handle = await temporal.client.start_workflow(
        "Freeze", FreezeOrder(reason="?"), id=freeze_id(environment), task_queue=QUEUE
    )

    [found] = (await frozen(temporal, environment)).freezes

    assert (found.environment, found.reason) == (environment, "nobody said why")
    await handle.terminate()


async def test_a_window_holds_the_environments_it_names_until_it_closes(temporal, environment):
    [found] = (await frozen(temporal, environment, WEEKEND)).freezes

    assert found == Frozen(
        environment=environment,
        reason="the window “weekend” until 2026-07-06 08:00 (UTC)",
        since=datetime(2026, 7, 3, 16, tzinfo=UTC),
        until=datetime(2026, 7, 6, 8, tzinfo=UTC),
    )
    assert (await frozen(temporal, "staging", WEEKEND)).freezes == ()


async def test_a_window_that_names_no_environment_holds_all(temporal):
    everywhere = WEEKEND.model_copy(update={"environments": ()})

    assert [each.environment for each in (await frozen(temporal, "staging", everywhere)).freezes] == [""]
    assert [each.reason for each in (await frozen(temporal, "", everywhere)).freezes] == [
        "the window “weekend” until 2026-07-06 08:00 (UTC)"
    ]


async def test_a_window_that_is_closed_holds_nothing(temporal, environment):
    nights = WEEKEND.model_copy(update={"starts": "mon 22:00", "ends": "tue 06:00"})

    assert (await frozen(temporal, environment, nights)).freezes == ()


async def test_a_window_that_can_t_be_judged_lets_nothing_through(temporal, environment):
    nowhere = WEEKEND.model_copy(update={"timezone": "Europe/Nowhere"})

    with pytest.raises(ApplicationError, match="'weekend': expected a time zone") as refused:
        await frozen(temporal, environment, nowhere)

    assert refused.value.type == "Permanent"


@pytest.mark.parametrize("odd", ["a b", "x" * 2000, "prod\x00", "-", "prod\n"])
async def test_a_name_that_could_only_come_from_a_planner_is_held_with_everything_and_breaks_nothing(
    temporal, declare, odd
):
    assert (await frozen(temporal, odd)).freezes == ()
    await declare(FreezeOrder(reason="audit"))

    assert [each.reason for each in (await frozen(temporal, odd)).freezes] == ["audit"]


async def test_when_temporal_does_not_answer_nobody_says_that_it_is_not_frozen(temporal):
    async with Proxy(temporal.client.service_client.config.target_host) as proxy:
        client = await Client.connect(proxy.address)
        await proxy.cut()

        with pytest.raises(RPCError):
            await ActivityEnvironment().run(
                Freezes(client).frozen, FreezeQuestion(environment="prod", windows=(WEEKEND,))
            )
