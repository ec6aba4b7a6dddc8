"""A mailbox keeps events for those who will wait, sends each once, in order, and loses none; nobody can wedge it."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.worker import Worker

from activities.mailboxes import Mailboxes
from handrail.queues import as_activities, cached, runner
from tests.workflows.receiver import Receiver
from tests.workflows.test_poison import POISON, json_payload
from workflows.inbox import LONGEST_SIGNAL
from workflows.mailbox import MOST_KEPT, Mailbox, is_for
from workflows.outside import Queue
from workflows.rules.names import mailbox_id
from workflows.values.events import (
    DELIVER,
    SUBSCRIBE,
    Contents,
    Delivery,
    Kept,
    SubscribeOrder,
    Subscriber,
    Subscription,
)
from workflows.values.people import Person
from workflows.values.signals import Event

GITHUB = Person(team="github", user="octo")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Post:
    """Who delivers to a mailbox of this test's own, and who subscribes to it."""

    def __init__(self, temporal, key):
        self._temporal = temporal
        self.client = temporal.client
        self.key = key
        self.box = self.client.get_workflow_handle(mailbox_id("github", key))

    def event(self, delivery, **facts):
        return Event(delivery=f"{self.key}/{delivery}", by=GITHUB, source="github", key=self.key, facts=facts)

    async def deliver(self, *deliveries, keep=HOUR):
        for delivery in deliveries:
            await self._with_start(DELIVER, Delivery(event=self.event(delivery), keep=keep))

    async def _with_start(self, signal, value):
        await self.client.start_workflow(
            "Mailbox", id=self.box.id, task_queue=Queue.RUNS, start_signal=signal, start_signal_args=[value]
        )

    async def receiver(self, name, enough):
        """A run that hears events, until it has *enough*: so many, or that one."""
        return await self.client.start_workflow(
            Receiver.run, enough, id=f"{self.key}/{name}", task_queue=Queue.RUNS
        )

    async def subscribe(self, run, within=HOUR):
        await self._with_start(SUBSCRIBE, Subscription(run_id=run.id, until=datetime.now(UTC) + within))

    async def contents(self):
        return await self.box.query("contents", result_type=Contents)

    async def ended(self):
        await self._temporal.fast_forward(self.box, timedelta(days=40))
        await self.box.result()


@pytest_asyncio.fixture
async def post_of(temporal):
    carriers = as_activities(Mailboxes(temporal.client))
    async with Worker(
        temporal.client,
        task_queue=Queue.RUNS,
        workflows=[Mailbox, Receiver],
        activities=carriers[Queue.RUNS],
        workflow_runner=runner(),
        max_cached_workflows=cached(os.environ),
    ):
        yield lambda key: Post(temporal, key)


async def test_what_came_before_anybody_waited_is_sent_in_order_to_whoever_does(post_of):
    post = post_of("order")
    await post.deliver("d/1", "d/2", "d/1", "d/3")
    first, second = await post.receiver("first", 4), await post.receiver("second", 4)

    await post.subscribe(first)
    await post.subscribe(second)
    await post.deliver("d/4", "d/3")

    expected = [f"order/d/{number}" for number in (1, 2, 3, 4)]
    assert await first.result() == expected
    assert await second.result() == expected
    await post.ended()


async def test_whoever_subscribes_again_is_sent_all_of_it_again(post_of):
    """What it had already, the run knows; what it had no use for, it may have now."""
    post = post_of("again")
    run = await post.receiver("run", 4)
    await post.deliver("d/1", "d/2")
    await post.subscribe(run)
    await run.execute_update(Receiver.has, 2)

    await post.subscribe(run)

    assert await run.result() == ["again/d/1", "again/d/2"] * 2
    await post.ended()


async def test_what_is_out_of_date_is_forgotten_and_an_empty_mailbox_ends(post_of, temporal):
    post = post_of("ends")
    await post.deliver("d/1", keep=HOUR)
    await post.deliver("d/2", keep=2 * HOUR)

    await temporal.fast_forward(post.box, timedelta(minutes=61))
    await post.subscribe(run := await post.receiver("run", 1))
    assert await run.result() == ["ends/d/2"]
    await temporal.fast_forward(post.box, HOUR)
    await post.box.result()

    await post.deliver("d/1")
    assert [each.event.delivery for each in (await post.contents()).kept] == ["ends/d/1"]
    await post.ended()


def test_what_was_out_of_date_when_a_run_asked_is_not_for_it():
    """Also in the moment before the mailbox forgets it; what came later is, however briefly it is kept."""
    asked = Subscriber(since=NOON, until=NOON + HOUR, sent=1)

    def kept(number, until):
        event = Event(delivery="d", by=GITHUB, source="github", key="k")
        return Kept(number=number, event=event, until=until)

    assert not is_for(kept(2, NOON - timedelta(seconds=1)), asked)
    assert is_for(kept(2, NOON), asked)
    assert not is_for(kept(1, NOON + HOUR), asked)


async def test_a_run_that_has_ended_is_forgotten(post_of):
    post = post_of("gone")
    gone, here = await post.receiver("gone", 0), await post.receiver("here", 1)
    await gone.result()
    await post.subscribe(gone)
    await post.subscribe(here)

    await post.deliver("d/1")

    assert await here.result() == ["gone/d/1"]
    await post.deliver("d/2")
    await post.ended()


async def test_of_more_events_than_fit_the_oldest_make_room_and_it_shows(post_of):
    post = post_of("full")
    await post.deliver("d/0", "d/1", "d/2", "d/3")
    await asyncio.gather(*(post.deliver(f"d/{number}") for number in range(4, MOST_KEPT + 3)))

    contents = await post.contents()

    assert (len(contents.kept), contents.dropped) == (MOST_KEPT, 3)
    assert contents.kept[0].event.delivery == "full/d/3"
    await post.ended()


async def test_every_event_of_a_long_stream_is_had_once_and_in_order_across_continuing_as_new(post_of):
    post = post_of("stream")
    run = await post.receiver("run", 40)
    await post.subscribe(run)
    for number in range(40):
        await post.deliver(f"{number}", keep=HOUR)

    assert await run.result() == [f"stream/{number}" for number in range(40)]
    described = await post.box.describe()
    assert described.raw_description.workflow_execution_info.first_run_id != described.run_id
    await post.ended()


async def test_what_comes_at_the_moment_it_ends_is_not_lost(post_of):
    """The mailbox ends again and again, for what it holds is out of date at once and who waited has ended."""
    post = post_of("brief")
    for number in range(8):
        run = await post.receiver(f"run-{number}", f"brief/awaited/{number}")
        await asyncio.gather(post.deliver(f"before/{number}", keep=timedelta(0)), post.subscribe(run))
        await asyncio.gather(
            post.deliver(f"awaited/{number}", keep=timedelta(0)),
            post.deliver(f"beside/{number}", keep=timedelta(0)),
        )
        assert f"brief/awaited/{number}" in await run.result()
        await post.deliver(f"after/{number}", keep=timedelta(0))
    await post.ended()


async def test_no_signal_can_wedge_a_mailbox(post_of, temporal):
    post = post_of("poison")
    run = await post.receiver("run", 1)
    await post.subscribe(run)
    naive = json_payload(b'{"run_id":"run/x","until":"2026-11-23T12:00:00"}')
    endless = json_payload(b'{"event":{},"keep":-9e99}')
    ancient = Delivery(event=post.event("ancient"), keep=timedelta.min).model_dump_json().encode()
    too_long = b'"' + b"x" * LONGEST_SIGNAL + b'"'
    poison = [*POISON, [naive], [endless], [json_payload(too_long)]]

    for name in (DELIVER, SUBSCRIBE, "no_such_signal"):
        for payloads in [*poison, [json_payload(ancient)]]:
            await temporal.client.workflow_service.signal_workflow_execution(
                SignalWorkflowExecutionRequest(
                    namespace="default",
                    workflow_execution=WorkflowExecution(workflow_id=post.box.id),
                    signal_name=name,
                    input=Payloads(payloads=payloads),
                ),
                retry=True,
            )

    assert await run.result() == ["poison/ancient"]
    assert (await post.contents()).malformed == 3 * (len(poison) + 1) - 1
    await post.ended()


async def test_a_run_subscribes_by_a_step_that_may_be_repeated(post_of, temporal):
    post = post_of("step")
    run = await post.receiver("run", 1)
    order = SubscribeOrder(
        source="github",
        key="step",
        subscription=Subscription(run_id=run.id, until=datetime.now(UTC) + HOUR),
    )

    for _ in range(2):
        assert await Mailboxes(temporal.client).subscribe(order) == order.subscription
    assert (await post.box.describe()).status is WorkflowExecutionStatus.RUNNING
    assert list((await post.contents()).subscribers) == [run.id]
    await post.deliver("d/1")

    assert await run.result() == ["step/d/1"]
    await post.ended()
