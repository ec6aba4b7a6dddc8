"""When a run pauses and asks whether to go on: its budget is spent, or its planner gets nowhere."""

from temporalio import workflow

from . import repeating, words
from .docket import Docket
from .journal import Journal
from .values.signals import Cancel
from .values.spec import Limits
from .values.view import Question

GETS_NOWHERE = 5
"""So many turns in a row in which nothing that the planner wanted could be done."""


async def may_go_on(journal: Journal) -> bool:
    """False when people had to be asked; what they said is in the memory."""
    memory = journal.memory
    why = _spent(journal) or _gets_nowhere(journal)
    if not why:
        return True
    asked = next((each for each in memory.questions.values() if not each.answered), None)
    question = asked or _ask(journal, why)
    await workflow.wait_condition(lambda: bool(memory.questions[question.id].answered) or journal.stopped)
    answer = memory.questions[question.id]
    if answer.choice == "more":
        memory.limits = _raised(journal)
        memory.fruitless = 0
        memory.failures.clear()
    elif answer.choice == "stop":
        assert answer.answered_by is not None
        memory.cancel = Cancel(delivery=f"pause/{question.id}", by=answer.answered_by, reason=why)
    return False


def _spent(journal: Journal) -> str:
    """Which limit was reached, in words; empty when none was."""
    memory, limits = journal.memory, journal.memory.limits
    used = memory.usage
    spent = (
        memory.steps_used >= limits.steps
        or memory.working_used >= limits.working
        or (limits.tokens is not None and used.tokens >= limits.tokens)
        or (limits.cost is not None and used.cost >= limits.cost)
    )
    if not spent:
        return ""
    return words.BUDGET_USED_UP.format(used=words.used(memory.steps_used, memory.working_used, used))


def _gets_nowhere(journal: Journal) -> str:
    stubborn = max((known.times for known in journal.memory.failures.values()), default=0)
    if stubborn >= repeating.TRIES + GETS_NOWHERE:
        return words.SAME_CALL_FAILS.format(times=stubborn)
    if journal.memory.fruitless < GETS_NOWHERE:
        return ""
    return words.GETS_NOWHERE.format(turns=journal.memory.fruitless)


def _raised(journal: Journal) -> Limits:
    """As much again as it was given in the beginning, on top of what was used."""
    memory, grant = journal.memory, journal.spec.limits
    return Limits(
        steps=memory.steps_used + grant.steps,
        working=memory.working_used + grant.working,
        tokens=None if grant.tokens is None else memory.usage.tokens + grant.tokens,
        cost=None if grant.cost is None else memory.usage.cost + grant.cost,
    )


def _ask(journal: Journal, why: str) -> Question:
    go_on = words.GO_ON.format(grant=words.granted(journal.spec.limits))
    choices = (("more", go_on), ("stop", words.STOP_HERE))
    question = Docket(journal).ask(words.GO_ON_QUESTION.format(why=why), choices)
    journal.audit("paused", question.text)
    return question
