"""Who may see what a discreet rule keeps out of the thread, what it speaks of, and who may answer what a planner asks."""

import pytest

from tests.workflows.far_end import ALICE, BOB, BY_BOB, CAROL, MALLORY, spec
from tests.workflows.samples import call, member
from workflows.rules.policy import keeps_quiet_of, may_answer, may_keep_quiet_of, may_see
from workflows.values.base import CanonicalJson
from workflows.values.people import People, Standing
from workflows.values.spec import BreakGlass, ModelPlanner, Rule, RuleKind, Runbook, RunbookStep

QUIET = BY_BOB.model_copy(update={"discreet": True})


def test_it_is_known_of_a_call_and_of_what_it_was_before_it_was_edited():
    quiet_here = QUIET.model_copy(update={"arguments": {"version": "1.4.2"}})
    loud = Rule(name="loud", then=RuleKind.ASK)
    edited = call().model_copy(
        update={"arguments": CanonicalJson('{"environment":"prod"}'), "before_edits": call().arguments}
    )

    assert keeps_quiet_of(call(), spec(QUIET))
    assert keeps_quiet_of(edited, spec(quiet_here, loud))
    assert not keeps_quiet_of(call(), spec(loud, QUIET))
    assert not keeps_quiet_of(call().model_copy(update={"tool": "no.such"}), spec(QUIET))


def test_a_step_to_come_is_called_by_its_tool_where_a_discreet_rule_might_speak_of_it():
    steps = (
        RunbookStep(id="look", title="Look", call="fleet.look"),
        RunbookStep(id="ship", title="Ship", call="fleet.deploy"),
    )
    runbook = Runbook(phrases=("deploy",), steps=steps, answer="")

    def called(step: str, rule: Rule) -> str:
        return may_keep_quiet_of(step, spec(rule).model_copy(update={"planner": runbook}))

    assert called("ship", QUIET) == "fleet.deploy"
    assert called("ship", QUIET.model_copy(update={"tools": ("fleet.restart",)})) == ""
    model = ModelPlanner(models=("test",))
    assert may_keep_quiet_of("ship", spec(QUIET).model_copy(update={"planner": model})) == ""
    assert called("ship", BY_BOB) == called("look", QUIET) == called("gone", QUIET) == ""


RULE = QUIET.model_copy(update={"approvers": People(users=("U0BOB",), groups=("S0RELEASE",))})


@pytest.mark.parametrize(
    ("facts", "sees"),
    [
        (member(BOB), True),
        (member(ALICE), True),
        (member(ALICE, standing=Standing.GUEST), True),
        (member(CAROL, "S0RELEASE"), True),
        (member(CAROL), False),
        (member(BOB, standing=Standing.GUEST), False),
        (member(MALLORY), False),
    ],
)
def test_those_who_asked_and_those_who_may_decide_may_see_it(facts, sees):
    assert may_see(facts, (ALICE,), RULE) is sees


def test_those_who_decide_in_an_emergency_may_see_it_too():
    named = BreakGlass(people=People(users=("U0CAROL",)), channel="C0SECURITY")

    assert may_see(member(CAROL), (ALICE,), RULE.model_copy(update={"break_glass": named}))


def test_what_a_planner_asks_is_answered_by_those_who_may_steer_or_by_who_asked_alone():
    stewarded = spec(RULE).model_copy(update={"stewards": People(users=("U0CAROL",))})

    assert may_answer(stewarded, ALICE, "requester") == People(users=("U0ALICE",))
    assert may_answer(stewarded, ALICE, "anyone") == People(
        users=("U0ALICE", "U0CAROL", "U0BOB"), groups=("S0RELEASE",)
    )
