"""A run that undoes proposes one call, and says how that went."""

from datetime import UTC, datetime

from activities import undoing
from workflows.rules.canonical import canonical
from workflows.values.calls import (
    Call,
    Called,
    CallResult,
    Ended,
    GoalSet,
    ProposedCall,
    Thought,
    ThoughtKind,
    Transcript,
)
from workflows.values.people import Person

ALICE = Person(team="T1", user="U1")
UNDO = ProposedCall(tool="fleet.deploy", arguments=canonical({"version": "{{ 1 }}"}), title="Undo: Deploy")


def after(*entries):
    return Transcript(entries=(goal("Undo: Deploy"), *entries))


def goal(text):
    return GoalSet(text=text, by=ALICE, at=datetime.now(UTC))


def called(ended, text=""):
    result = CallResult(call=1, ended=ended, text=text)
    return Called(call=Call(**UNDO.model_dump(), number=1, turn=1), result=result)


def test_it_proposes_exactly_what_the_other_run_remembers():
    """No template is filled: braces in what was changed mean nothing."""
    assert undoing.propose(UNDO, after()) == Thought(kind=ThoughtKind.CALLS, calls=(UNDO,))


def test_it_ends_by_how_its_one_call_ended():
    undone = undoing.propose(UNDO, after(called(Ended.APPLIED)))
    planned = undoing.propose(UNDO, after(called(Ended.PLANNED)))
    rejected = undoing.propose(UNDO, after(called(Ended.REJECTED, "not now")))

    assert (undone.kind, undone.text) == (ThoughtKind.ANSWER, "It is undone: Deploy.")
    assert (planned.kind, planned.text) == (ThoughtKind.ANSWER, undoing.PLANNED)
    assert rejected.kind is ThoughtKind.GIVE_UP
    assert "not now" in rejected.text


def test_another_goal_and_a_run_that_remembers_nothing_end_it():
    assert undoing.propose(UNDO, after(goal("deploy search"))).text == undoing.ONLY_UNDOES
    assert undoing.propose(None, after()).text == undoing.NOTHING_TO_PROPOSE
