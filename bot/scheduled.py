"""A schedule as Temporal's own record knows it."""

from datetime import datetime

from workflows.values.base import Value
from workflows.values.schedule import ScheduledGoal


class Kept(Value):
    """What was said when it was scheduled: its memo."""

    goal: ScheduledGoal
    cron: str
    zone: str
    occasion: str
    """What Slack repeats of it, hashed: so a redelivery is the same schedule."""


class Known(Value):
    """A schedule as Temporal has it."""

    kept: Kept
    paused: bool = False
    note: str = ""
    """Why it is paused."""
    next: tuple[datetime, ...] | None = ()
    """None: Temporal did not say in time."""
    last: datetime | None = None
    last_run: str = ""
    """Workflow id of the run that its last firing started, if it started one."""
    running: bool = False
    skipped: int = 0
    """Firings left out because the run before was still open."""
    missed: int = 0
    """Firings left out because Temporal was away."""
