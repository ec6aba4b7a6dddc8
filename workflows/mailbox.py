"""Events of one key, kept for the runs that will wait for them: a run that asks late has lost nothing."""  # noqa: A005 - it is in a package

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import FailureError

from .inbox import LONGEST_SIGNAL
from .values.events import DELIVER, SUBSCRIBE, Contents, Delivery, Kept, Subscriber, Subscription
from .values.signals import EVENT

MOST_KEPT = 100
"""Events. As many as these of the longest kind can still be carried over: Temporal takes 2 MiB at once."""
MOST_SUBSCRIBERS = 1000
LONGEST_KEEP = timedelta(days=30)
HEARD: dict[str, type[Delivery | Subscription]] = {DELIVER: Delivery, SUBSCRIBE: Subscription}


@workflow.defn(name="Mailbox")
class Mailbox:
    """Its id is derived from source and key, so that whoever delivers and whoever waits meet here (`names.mailbox_id`).

    Both signals are sent with start. It ends once it holds nothing and nobody waits.
    """

    @workflow.init
    def __init__(self, contents: Contents | None = None) -> None:
        self._contents = contents or Contents()
        self._heard = 0

    @workflow.run
    async def run(self, contents: Contents | None = None) -> None:  # noqa: ARG002 - taken by __init__
        box = self._contents
        while box.kept or box.subscribers:
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(box)
            if not await self._forward():
                self._forget()
                await self._news()

    @workflow.signal(dynamic=True)
    def hear(self, name: str, args: Sequence[RawValue]) -> None:
        """The one door for all signals. It never raises and never awaits."""
        self._heard += 1
        wanted = HEARD.get(name)
        if wanted is None or len(args) != 1 or len(args[0].payload.data) > LONGEST_SIGNAL:
            self._contents.malformed += 1
            return
        try:
            heard = workflow.payload_converter().from_payload(args[0].payload, wanted)
        except Exception:  # noqa: BLE001 - of all that a stranger's bytes can do to a decoder, nothing may get past here
            heard = None
        match heard:
            case Delivery():
                self._keep(heard)
            case Subscription():
                self._subscribe(heard)
            case _:
                self._contents.malformed += 1

    @workflow.query
    def contents(self) -> Contents:
        return self._contents

    def _keep(self, delivery: Delivery) -> None:
        """Once per delivery id, for as long as it is known."""
        box, event = self._contents, delivery.event
        if any(known.event.delivery == event.delivery for known in box.kept):
            return
        box.last += 1
        until = workflow.now() + min(max(delivery.keep, timedelta(0)), LONGEST_KEEP)
        box.kept.append(Kept(number=box.last, event=event, until=until))
        if len(box.kept) > MOST_KEPT:
            del box.kept[0]
            box.dropped += 1

    def _subscribe(self, wanted: Subscription) -> None:
        """Whoever subscribes again is sent all that is kept once more: what it has taken already, the run knows."""
        known = self._contents.subscribers
        if wanted.run_id not in known and len(known) >= MOST_SUBSCRIBERS:
            self._contents.turned_away += 1
            return
        before = known.get(wanted.run_id)
        until = max(wanted.until, before.until) if before else wanted.until
        now = workflow.now()
        known[wanted.run_id] = Subscriber(since=now, until=min(until, now + LONGEST_KEEP))

    async def _forward(self) -> bool:
        """Send one event to one run that was not sent it; False when there is none. One by one, to keep the order."""
        subscribers = self._contents.subscribers
        for run_id, subscriber in subscribers.items():
            due = next((kept for kept in self._contents.kept if is_for(kept, subscriber)), None)
            if due is None:
                continue
            # Noted first: should the run subscribe anew meanwhile, that counts.
            subscribers[run_id] = subscriber.model_copy(update={"sent": due.number})
            try:
                await workflow.get_external_workflow_handle(run_id).signal(EVENT, due.event)
            except FailureError:
                # It has ended, and needs no news.
                subscribers.pop(run_id, None)
            return True
        return False

    def _forget(self) -> None:
        """What is out of date. All that is kept was sent to all that wait."""
        box, now = self._contents, workflow.now()
        box.kept = [kept for kept in box.kept if kept.until > now]
        box.subscribers = {run_id: each for run_id, each in box.subscribers.items() if each.until > now}

    async def _news(self) -> None:
        """Until something is heard, or something is out of date."""
        before, box = self._heard, self._contents
        times: list[datetime] = [kept.until for kept in box.kept]
        times += [each.until for each in box.subscribers.values()]
        if not times:
            return
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._heard != before, timeout=max(min(times) - workflow.now(), timedelta(0))
            )


def is_for(kept: Kept, subscriber: Subscriber) -> bool:
    """It was not sent yet, and was not out of date when the run asked."""
    return kept.number > subscriber.sent and kept.until >= subscriber.since
