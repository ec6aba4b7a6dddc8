"""A change is remembered together with the call that would take it back."""

from . import words
from .case import Case
from .rules.keys import NoPlace
from .rules.undoing import inverse
from .values.calls import ProposedCall
from .values.effect import Outcome
from .values.run import Memory
from .values.view import Change

MOST = 20
"""Of the newest changes it is known how to undo them."""
CHARACTERS = 128 * 1024
"""Of their arguments, in all: a run carries them along."""


def remember(case: Case, outcome: Outcome) -> None:
    """Where the contract says how, and all that it takes is known."""
    call, undo = case.call, case.contract.undo
    if undo is None:
        return
    try:
        if outcome.edited != bool(call.edited_by):
            # An operator reset the run: with which arguments it was made, only the effect knows.
            raise NoPlace(words.OTHER_ARGUMENTS)
        arguments = inverse(case.contract, call.arguments, case.open.before, outcome.structured)
    except ValueError as why:
        case.journal.audit("no_undo", words.NO_UNDO.format(tool=call.tool, why=why), call=str(call.number))
        return
    kept = case.journal.memory.undos
    title = words.UNDO.format(what=call.title or call.tool)
    kept[call.number] = ProposedCall(tool=undo.tool, arguments=arguments, label="undo", title=title)
    while len(kept) > MOST or sum(len(each.arguments) for each in kept.values()) > CHARACTERS:
        kept.popitem(last=False)


def offered(memory: Memory) -> tuple[Change, ...]:
    """What was changed, and what would take it back."""
    return tuple(
        change.model_copy(update={"undo": memory.undos[change.call].tool})
        if change.call in memory.undos
        else change
        for change in memory.changes
    )
