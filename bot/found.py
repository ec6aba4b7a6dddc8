"""A run as Temporal's own record knows it, worker or no worker."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from workflows.values.base import Value
from workflows.values.people import Person
from workflows.values.run import RunSummary
from workflows.values.view import ApprovalView, Question, RunView, UnknownOutcome


class Scope(StrEnum):
    """Which runs a list is of."""

    HERE = "here"
    MINE = "mine"
    WAITING = "waiting"
    ALL = "all"


class Found(Value):
    run_id: str
    """Workflow id."""
    open: bool
    closed_as: str = ""
    """How Temporal says it closed: `completed`, `terminated`, `failed`, `timed out`, `canceled`."""
    started_at: datetime
    closed_at: datetime | None = None
    summary: RunSummary | None = None
    """Its memo; None for one that never wrote any."""

    def is_of(self, person: Person) -> bool:
        return self.summary is not None and self.summary.requester == person

    def is_in(self, channels: Collection[str]) -> bool:
        return self.summary is not None and self.summary.place.channel in channels


class Page(Value):
    runs: tuple[Found, ...]
    following: str = ""
    """Cursor of the page after it; empty where there is none."""


class Listed(Page):
    """What of a page somebody may see."""

    links: dict[str, str] = {}
    """To the threads of runs, by workflow id."""
    only_known: bool = False
    """Which channels they are in could not be looked up."""


Thing = ApprovalView | Question | UnknownOutcome


class Waiting(Value):
    """Something that one person may do something about."""

    run: RunView
    what: Thing


class WaitingFor(Value):
    """All that waits for one person."""

    things: tuple[Waiting, ...] = ()
    named: tuple[str, ...] = ()
    """User groups that these runs name."""
    groups: tuple[str, ...] = ()
    """Of these, those the person is in."""
    complete: bool = True
    """False: some runs did not answer."""
    left: int = 0
    """Runs that were not asked."""
    known: bool = True
    """False: which groups the person is in could not be looked up."""


class HomePage(Value):
    """All that one person's home shows."""

    waits: WaitingFor = WaitingFor()
    messages: bool | None = None
    """Do they want what waits as direct messages too? None where that can't be looked up."""
    mine: Page | None = None
    """None: Temporal can't be reached."""
    others: tuple[Found, ...] | None = None
    """Under way in their channels, asked for by others; None where their channels are not known."""
    links: dict[str, str] = {}
    """To the threads of runs, by workflow id."""
