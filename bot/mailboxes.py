"""The door to the mailboxes, which Temporal keeps: one for each thing that events are about."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.outside import TASK, Queue
from workflows.rules.names import mailbox_id
from workflows.values.events import DELIVER, SUBSCRIBE, Delivery, Subscription

from .runs import HANDOFF, hand_off

WORKFLOW = "Mailbox"


class Mailboxes:
    """What was said is durable once a call returns, worker or no worker. Every failure is a `BotError`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def deliver(self, delivery: Delivery) -> None:
        """The mailbox knows a delivery that it had before."""
        event = delivery.event
        await self._tell(mailbox_id(event.source, event.key), DELIVER, delivery)

    async def subscribe(self, source: str, key: str, subscription: Subscription) -> None:
        await self._tell(mailbox_id(source, key), SUBSCRIBE, subscription)

    async def _tell(self, mailbox: str, signal: str, value: Delivery | Subscription) -> None:
        async with hand_off(mailbox):
            await self._client.start_workflow(
                WORKFLOW,
                id=mailbox,
                task_queue=Queue.RUNS.value,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal=signal,
                start_signal_args=[value],
                task_timeout=TASK,
                rpc_timeout=timedelta(seconds=HANDOFF),
            )
