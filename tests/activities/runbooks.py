"""A runbook, and what its planner makes of what was done."""

from datetime import UTC, datetime

from activities.runbook import propose
from workflows.values.base import Json
from workflows.values.calls import Call, Called, CallResult, Ended, GoalSet, Thought, Transcript
from workflows.values.people import Person
from workflows.values.spec import Runbook, RunbookStep

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ALICE = Person(team="T1", user="U1")

LOOK = RunbookStep(
    id="state",
    title="Look at {{ service }}",
    call="fleet.get_service",
    arguments={"service": "{{ service }}", "environment": "{{ environment }}"},
)
DEPLOY = RunbookStep(
    id="deployed",
    title="Deploy {{ service }} {{ version }}",
    call="fleet.deploy",
    arguments={"service": "{{ service }}", "version": "{{ version }}"},
    when="state.version != version",
)
RUNBOOK = Runbook(
    phrases=("deploy <service> <version> [to <environment>]", "ship <service> <version>"),
    defaults={"environment": "staging"},
    steps=(LOOK, DEPLOY),
    answer="{{ service }} runs {{ version }}{% if deployed is defined %} now{% else %} already{% endif %}.",
)


def goal(text: str = "deploy checkout 1.4.2 to prod") -> GoalSet:
    return GoalSet(text=text, by=ALICE, at=NOON)


def done(
    step: str, ended: Ended = Ended.OK, *, structured: Json = None, text: str = "", title: str = ""
) -> Called:
    call = Call(number=1, turn=1, tool="any.tool", arguments="{}", label=step, title=title)
    return Called(call=call, result=CallResult(call=1, ended=ended, text=text, structured=structured))


def after(*entries: GoalSet | Called, runbook: Runbook = RUNBOOK) -> Thought:
    return propose(runbook, Transcript(entries=entries))


def with_steps(*steps: RunbookStep, answer: str = "Done.") -> Runbook:
    return RUNBOOK.model_copy(update={"steps": steps, "answer": answer})
