"""What somebody wants done again and again, and what one firing of it is."""

from .base import Value
from .people import Person
from .run import RunInput


class ScheduledGoal(Value):
    """The fixed input of each firing. The agent is what it is at that moment, by its name."""

    name: str
    """Of the schedule, such as `deploy-checkout`."""
    goal: str
    agent: str
    plan_only: bool = False
    requester: Person
    """Who scheduled it: each of its runs is theirs."""
    channel: str
    """Where each run shows itself."""


class Firing(Value):
    """One time that a schedule is due."""

    id: str
    """Workflow id of its `ScheduledStart`: no other firing has it."""
    schedule: ScheduledGoal


class Prepared(Value):
    """What the bot made of a firing."""

    order: RunInput | None = None
    why: str = ""
    """Why nothing is started, in words."""
