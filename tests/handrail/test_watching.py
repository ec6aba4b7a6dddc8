"""The demo's agent that watches what it deployed, without the fleet: what it proposes after what."""

from datetime import UTC, datetime
from pathlib import Path

from activities.runbook import propose
from handrail.config import load
from workflows.rules.canonical import parse
from workflows.values.calls import Call, Called, CallResult, Ended, GoalSet, ThoughtKind, Transcript
from workflows.values.people import Person

ROOT = Path(__file__).parent.parent.parent
[RELEASE] = [
    agent
    for agent in load({"HANDRAIL_CONFIG": str(ROOT / "handrail.yaml")}).agents
    if agent.name == "release"
]
GOAL = GoalSet(
    text="deploy payments 3.2.0 to prod and watch for 30m",
    by=Person(team="T1", user="U1"),
    at=datetime.now(UTC),
)
BEFORE = {"version": "3.1.0", "health": "healthy"}


def played(*answers):
    """All that it proposes, as (tool, arguments), while its calls are *answers* one after the other; its last thought."""
    entries, made = [GOAL], []
    while True:
        thought = propose(RELEASE.planner, Transcript(entries=tuple(entries)))
        if thought.kind is not ThoughtKind.CALLS:
            return made, thought
        [call] = thought.calls
        number = len(made) + 1
        made.append((call.tool, parse(call.arguments)))
        result = CallResult(call=number, ended=Ended.OK, text="", structured=answers[number - 1])
        entries.append(Called(call=Call(**call.model_dump(), number=number, turn=number), result=result))


def deploying(version):
    return ("fleet.deploy", {"service": "payments", "version": version, "environment": "prod"})


def test_it_proposes_the_old_version_as_soon_as_the_new_one_is_not_well():
    well = {"version": "3.2.0", "health": "healthy"}
    ill = {"version": "3.2.0", "health": "down", "note": "It stops at start."}

    made, end = played(BEFORE, {}, well, {"waited": True}, well, {"waited": True}, ill, {})

    assert made[1] == deploying("3.2.0")
    assert made[3] == made[5] == ("handrail.wait_until", {"for": "1m"})
    assert made[7:] == [deploying("3.1.0")]
    assert end.text == "payments runs 3.1.0 again in prod: 3.2.0 was down. It stops at start."


def test_what_stays_well_is_left_as_it_is():
    well = {"version": "3.2.0", "health": "healthy"}

    made, end = played(BEFORE, {}, well, *[{"waited": True}, well] * 30)

    assert len(made) == 63
    assert deploying("3.1.0") not in made
    assert end.text == "payments went from 3.1.0 to 3.2.0 in prod. After 30m it is healthy."


def test_what_somebody_replaced_meanwhile_is_left_as_it_is():
    made, end = played(BEFORE, {}, {"version": "3.3.0", "health": "down"})

    assert deploying("3.1.0") not in made
    assert end.text == (
        "payments went from 3.1.0 to 3.2.0 in prod. By now it runs 3.3.0, so I stopped watching."
    )


def test_there_is_nothing_to_watch_where_it_runs_already():
    made, end = played({"version": "3.2.0", "health": "down"})

    assert len(made) == 1
    assert end.text == "payments already runs 3.2.0 in prod."
