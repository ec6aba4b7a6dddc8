"""Where runs ask for events: the mailbox of a key, started by whoever comes first."""

from datetime import timedelta

from temporalio.client import Client

from workflows import outside
from workflows.mailbox import Mailbox
from workflows.outside import TASK, Queue, carries_out
from workflows.rules.names import mailbox_id
from workflows.values.events import SUBSCRIBE, SubscribeOrder, Subscription

PATIENCE = timedelta(seconds=5)
"""For one request to Temporal."""


class Mailboxes:
    def __init__(self, client: Client) -> None:
        self._client = client

    @carries_out(outside.subscribe)
    async def subscribe(self, order: SubscribeOrder) -> Subscription:
        """Durable once this returns. Sent twice, it counts once."""
        await self._client.start_workflow(
            Mailbox.run,
            None,
            id=mailbox_id(order.source, order.key),
            task_queue=Queue.RUNS.value,
            start_signal=SUBSCRIBE,
            start_signal_args=[order.subscription],
            static_summary=f"events of {order.source}",
            task_timeout=TASK,
            rpc_timeout=PATIENCE,
        )
        return order.subscription
