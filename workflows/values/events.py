"""Events: what happened outside, kept by a `Mailbox` for the runs that wait for it."""

from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel

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
    until: AwareDatetime


class SubscribeOrder(Value):
    """Ask the mailbox of this key for what it has and gets."""

    source: str
    key: str
    subscription: Subscription


class Kept(Value):
    """An event in its mailbox."""

    number: int
    """In the order in which they came."""
    event: Event
    until: datetime


class Subscriber(Value):
    """A run, and how far it was sent what is kept."""

    since: datetime
    until: datetime
    sent: int = 0
    """The number of the last event."""


class Contents(BaseModel):
    """All that a mailbox knows. Carried over continue-as-new as it stands."""

    kept: list[Kept] = []
    subscribers: dict[str, Subscriber] = {}
    """By workflow id."""
    last: int = 0
    dropped: int = 0
    """Events that made room for newer ones."""
    turned_away: int = 0
    """Runs for which there was no room."""
    malformed: int = 0
