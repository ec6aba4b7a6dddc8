"""A conversation that nears what its model takes at once: earlier turns give way to a summary, the facts stay."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from . import outside, words
from .journal import ARGUMENT_BYTES_IN_ALL, TRANSCRIPT_CHARACTERS, Journal
from .rules.transcripts import Parts, compacted, halved, shortened, size
from .values.calls import Called
from .values.spec import ModelPlanner
from .values.steps import CompactOrder, Summary
from .values.usage import Usage

FULL = 0.8
"""Of the model's context: then room is made before it is asked again."""
STAYS = 0.3
"""Of the model's context, for the last turns as they are."""
FEWEST = 4
"""Calls: fewer are not worth a summary, unless the model has refused."""
TOKEN = 3
"""Characters of one, at least: logs and JSON have short ones."""


async def make_room(journal: Journal) -> None:
    """Before the next thought, where it is due. Raises Stopped."""
    planner, memory = journal.spec.planner, journal.memory
    if not isinstance(planner, ModelPlanner):
        return
    if _tokens(journal) <= FULL * planner.context and not _heavy(journal):
        return
    parts = halved(memory.entries, min(int(STAYS * planner.context * TOKEN), TRANSCRIPT_CHARACTERS // 3))
    if sum(isinstance(entry, Called) for entry in parts.old) >= FEWEST:
        await _compact(journal, planner, parts)


def _tokens(journal: Journal) -> int:
    """That the next thought will be told: as many as the last one, and what was answered since. Else, a guess."""
    memory = journal.memory
    calls = [entry for entry in memory.entries if isinstance(entry, Called)]
    if not memory.context:
        return sum(map(size, memory.entries)) // TOKEN
    return memory.context + sum(size(each) for each in calls if each.call.turn == memory.turn) // TOKEN


def _heavy(journal: Journal) -> bool:
    """Does the run carry along nearly as much as it can? With too many arguments no call could be made any more."""
    entries = journal.memory.entries
    arguments = sum(len(entry.call.arguments.encode()) for entry in entries if isinstance(entry, Called))
    return sum(map(size, entries)) > TRANSCRIPT_CHARACTERS or arguments > ARGUMENT_BYTES_IN_ALL // 2


async def make_more_room(journal: Journal, error: ActivityError) -> bool:
    """The model could not take it all: only the last turn stays, shortened. False: there is no more room to be made.

    Raises Stopped.
    """
    planner, memory = journal.spec.planner, journal.memory
    cause = error.cause
    if not (isinstance(cause, ApplicationError) and cause.type == outside.TOO_LONG) or memory.overflowed:
        return False
    assert isinstance(planner, ModelPlanner)
    memory.overflowed = True
    parts = halved(memory.entries, 0)
    short = tuple(shortened(entry) if isinstance(entry, Called) else entry for entry in parts.recent)
    parts = Parts(parts.old, short)
    if any(isinstance(entry, Called) for entry in parts.old):
        await _compact(journal, planner, parts)
    else:
        memory.entries = [*parts.old, *parts.recent]
    return True


async def _compact(journal: Journal, planner: ModelPlanner, parts: Parts) -> None:
    """Raises Stopped."""
    memory = journal.memory
    memory.doing = words.SUMMING_UP
    journal.touch()
    order = CompactOrder(run_id=workflow.info().workflow_id, planner=planner, entries=len(parts.old))
    try:
        summary = await journal.unless_stopped(
            outside.compact(order, summary=words.ENTRIES.format(count=len(parts.old)))
        )
    except ActivityError:
        summary = Summary(text="", usage=Usage())
    memory.usage += summary.usage
    memory.context = 0
    now = workflow.now()
    memory.entries = [*compacted(parts.old, summary.text, _approvers(journal), now), *parts.recent]
    by = words.SUMMED_UP if summary.text else words.LISTED
    calls = sum(isinstance(entry, Called) for entry in parts.old)
    journal.audit(
        "compacted",
        words.COMPACTED.format(calls=calls, by=by),
        usage=words.TOKENS.format(tokens=summary.usage.tokens),
    )


def _approvers(journal: Journal) -> dict[int, str]:
    """Who approved which call, as far as the cards are remembered."""
    found: dict[int, str] = {}
    for approval in journal.memory.approvals.values():
        users = dict.fromkeys(vote.person.user for vote in approval.votes if vote.approve)
        if users:
            found[approval.effect.call.number] = ", ".join(users)
    return found
