"""Another goal for a run under way: what people were asked for the old one is withdrawn. It never approves anything."""

from temporalio import workflow

from . import words
from .docket import Docket
from .journal import Journal
from .rules.phrases import BadPhrase, understood
from .values.calls import GoalSet
from .values.signals import Event


def revise(journal: Journal, goal: GoalSet, why: str, delivery: str) -> None:
    """Taken up as soon as the calls under way have ended."""
    journal.memory.revision_due = goal
    source = {"source": goal.source} if goal.source else {}
    journal.audit("revised", goal.text, by=None if source else goal.by, delivery=delivery, **source)
    Docket(journal).withdraw(why)


def by_event(journal: Journal, event: Event) -> None:
    """An event that nothing waits for: where it says so, the goal is another one, for the same requester."""
    if why_not := _why_not(journal, event):
        vain = words.EVENT_IN_VAIN.format(source=event.source, key=event.key, why=why_not)
        journal.audit("event", vain, delivery=event.delivery)
        return
    requester = journal.ask.requester
    goal = GoalSet(text=event.revises, by=requester, at=workflow.now(), source=event.source)
    revise(journal, goal, words.EVENT_CHANGED_GOAL.format(source=event.source), event.delivery)


def _why_not(journal: Journal, event: Event) -> str:
    """Why it changes nothing; empty when it does."""
    if not event.revises:
        return words.NOTHING_WAITS
    # A mailbox keeps what came before anybody waited, such as the end of an earlier incident.
    started = journal.memory.started_at or workflow.info().start_time
    if event.heard_at is not None and event.heard_at < started:
        return words.OLDER_THAN_RUN
    if _means_nothing(journal, event.revises):
        # The runbook would end over it, and what people were asked with it.
        said = words.EVENT_MEANS_NOTHING.format(source=event.source, text=event.revises)
        journal.tell(journal.ask.requester, said)
        return words.RUNBOOK_CANT
    return ""


def _means_nothing(journal: Journal, text: str) -> bool:
    planner = journal.spec.planner
    try:
        return planner.kind == "runbook" and understood(planner, text) is None
    except BadPhrase:
        return True
