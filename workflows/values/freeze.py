"""Freezes: changes are held, of everything or of one environment, until somebody ends it or its window closes."""

from datetime import datetime

from .base import Value
from .people import Person
from .spec import FreezeWindow


class FreezeOrder(Value):
    """The input of a `Freeze` workflow: while it is open, what it names is frozen."""

    environment: str = ""
    """Everything when empty."""
    reason: str
    by: Person | None = None
    """None: declared on the command line."""
    by_words: str = ""
    """Who it was, on the command line."""


class Thaw(Value):
    """From whoever ends a freeze."""

    by: Person | None = None
    by_words: str = ""


class Thawed(Value):
    """From a freeze that has ended to the runs it held."""

    freeze: str


class FreezeQuestion(Value):
    """Is this environment frozen now?"""

    environment: str
    windows: tuple[FreezeWindow, ...] = ()


class Frozen(Value):
    """One freeze that holds changes now."""

    id: str = ""
    """Workflow id of the `Freeze`; empty for a window."""
    environment: str = ""
    reason: str
    by: Person | None = None
    by_words: str = ""
    since: datetime
    until: datetime | None = None
    """When its window closes; None: until somebody ends it."""

    @classmethod
    def declared(cls, workflow_id: str, order: FreezeOrder, since: datetime) -> "Frozen":
        """A `Freeze` that is open."""
        return cls(
            id=workflow_id,
            environment=order.environment,
            reason=order.reason,
            by=order.by,
            by_words=order.by_words,
            since=since,
        )


class FreezeAnswer(Value):
    freezes: tuple[Frozen, ...] = ()
    asked_at: datetime
