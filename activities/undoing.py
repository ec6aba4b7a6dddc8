"""The planner of a run that takes back one change of another: a single call, and how it went."""

from workflows.values.calls import Called, Ended, GoalSet, ProposedCall, Thought, ThoughtKind, Transcript

from .runbook import ending

NOTHING_TO_PROPOSE = "What it would take to undo this is not known any more, so nothing was proposed. Please ask for it in words."
ONLY_UNDOES = "This run can only undo that one change. Please start another for anything else."
PLANNED = "Nothing was applied: this run only plans."
UNDONE = "It is undone: {title}."


def propose(undo: ProposedCall | None, transcript: Transcript) -> Thought:
    """*undo*: what the run whose change it is knows to take it back."""
    if sum(isinstance(entry, GoalSet) for entry in transcript.entries) > 1:
        return Thought(kind=ThoughtKind.GIVE_UP, text=ONLY_UNDOES)
    made = [entry for entry in transcript.entries if isinstance(entry, Called)]
    if not made:
        if undo is None:
            return Thought(kind=ThoughtKind.GIVE_UP, text=NOTHING_TO_PROPOSE)
        return Thought(kind=ThoughtKind.CALLS, calls=(undo,))
    if not made[-1].result.ended.well:
        return Thought(kind=ThoughtKind.GIVE_UP, text=ending(made))
    done = UNDONE.format(title=made[-1].call.title.removeprefix("Undo: "))
    planned = made[-1].result.ended is Ended.PLANNED
    return Thought(kind=ThoughtKind.ANSWER, text=PLANNED if planned else done)
