"""What happened in one turn of a run, and because of what: what the `account` query answers."""

from datetime import datetime

from .base import Value
from .people import Person
from .view import AuditRow


class CallAccount(Value):
    """One call. None of its arguments is in it: people see those on its card, masked."""

    number: int
    tool: str = ""
    """Empty where an earlier turn gave way to a summary: then only its rows are left."""
    title: str = ""
    claim: str = ""
    """The planner's reason."""
    verdict: str = ""
    """What policy said of it, with the reason."""
    rows: tuple[AuditRow, ...] = ()
    """All that the audit has of it, oldest first."""


class Account(Value):
    run_id: str
    name: str
    turn: int
    """0: the planner has not said anything yet."""
    turns: int
    """So many there are by now."""
    goal: str
    """In force in that turn."""
    goal_by: Person
    source: str = ""
    """Whose event set the goal; empty when a person did."""
    known: int
    """Calls whose end the planner was told before it."""
    at: datetime | None = None
    """Of the first that the audit has of it."""
    calls: tuple[CallAccount, ...] = ()
    rows: tuple[AuditRow, ...] = ()
    """What is about no call."""
