"""The same call that fails again and again: it is told so, and then not carried out any more."""

from . import words
from .journal import Journal
from .rules import own_tools
from .rules.digests import proposal_digest
from .values.calls import Call, CallResult, Ended
from .values.run import Failure
from .values.spec import ModelPlanner

TRIES = 3
"""So often the same call is carried out, while nothing else is changed, before it is not any more."""
REMEMBERED = 100
"""Different calls that failed."""
BAD = {Ended.FAILED, Ended.REFUSED}


def refused(journal: Journal, call: Call) -> str:
    """Why it is not carried out once more; empty when it is."""
    known = journal.memory.failures.get(_same(call))
    if known is None or known.times < TRIES or known.turn == call.turn:
        return ""
    return words.FAILED_TOO_OFTEN.format(tries=TRIES, text=known.text)


def told(journal: Journal, call: Call, result: CallResult) -> CallResult:
    """Remember how it ended. A call that failed before is told so beside its result."""
    memory = journal.memory
    if not isinstance(journal.spec.planner, ModelPlanner):
        # A runbook has no choice: it makes the calls that its operator wrote.
        return result
    if result.ended not in BAD:
        memory.failures.pop(_same(call), None)
        if result.ended in {Ended.APPLIED, Ended.UNKNOWN} or call.tool in own_tools.ALL:
            # The world is another one, or time went by: what failed before may go well now.
            memory.failures.clear()
        return result
    known = memory.failures.get(_same(call))
    if known is None:
        memory.failures[_same(call)] = Failure(times=1, turn=call.turn, text=result.text[:500])
        if len(memory.failures) > REMEMBERED:
            memory.failures.popitem(last=False)
        return result
    memory.failures[_same(call)] = known.model_copy(update={"times": known.times + 1, "turn": call.turn})
    if known.times >= TRIES:
        return result
    before = words.FAILED_BEFORE.format(times=known.times + 1, text=known.text)
    return result.model_copy(update={"text": f"{result.text}\n{before}"})


def _same(call: Call) -> str:
    return proposal_digest(call, "")
