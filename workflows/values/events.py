"""Events: what happened outside, kept by a `Mailbox` for the runs that wait for it."""

from datetime import datetime, timedelta

from .base import Value
from .signals import Event

DELIVER = "deliver"
"""From the edge that heard of it to the `Mailbox` of its key, with start: a `Delivery`."""
SUBSCRIBE = "subscribe"
"""From a run's step to the `Mailbox` of the key it waits for, with start: a `Subscription`."""


class Delivery(Value):
    """One event, and how long it is kept for runs that do not wait yet."""

    event: Event
    keep: timedelta


class Subscription(Value):
    """A run that waits: it is sent what is kept, and what comes until then. Its conditions it judges itself."""

    run_id: str
    """Workflow id."""
    until: datetime
