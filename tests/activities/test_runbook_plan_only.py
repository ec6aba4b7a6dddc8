"""What a runbook makes of changes that were only previewed."""

from datetime import UTC, datetime

from activities.conversation import instructions
from tests.activities.runbooks import DEPLOY, LOOK, after, done, goal, with_steps
from workflows.values.calls import Ended, Thought, ThoughtKind
from workflows.values.spec import ModelPlanner

LOOKED = done("state", structured={"version": "1.4.1"})
PLANNED = done("deployed", Ended.PLANNED, structured={"from": "1.4.1", "to": "1.4.2"})


def then(**changes: object):
    """A step after the deployment."""
    return with_steps(LOOK, DEPLOY, LOOK.model_copy(update={"id": "later", **changes}))


def test_it_goes_on_after_a_change_that_was_only_previewed_and_sees_the_preview():
    [call] = after(goal(), LOOKED, PLANNED, runbook=then(title="After {{ deployed.to }}")).calls

    assert call.title == "After 1.4.2"


def test_a_step_may_be_for_plans_only():
    runbook = then(when="steps.deployed.ended == 'planned'")

    assert after(goal(), LOOKED, PLANNED, runbook=runbook).kind is ThoughtKind.CALLS


def test_its_answer_never_says_that_it_was_done():
    assert after(goal(), LOOKED, PLANNED) == Thought(
        kind=ThoughtKind.ANSWER,
        text="That is the whole plan: all steps of the runbook.",
    )


def test_where_a_step_needs_what_only_an_applied_change_would_have_answered_the_plan_ends_before_it():
    runbook = then(arguments={"id": "{{ deployed.deployment_id }}"})

    assert after(goal(), LOOKED, PLANNED, runbook=runbook) == Thought(
        kind=ThoughtKind.ANSWER,
        text=("The plan ends before the step “later”, which needs what an earlier one would have answered."),
    )


def test_a_plan_that_would_change_nothing_answers_as_ever():
    assert (
        after(goal(), done("state", structured={"version": "1.4.2"})).text == "checkout runs 1.4.2 already."
    )


def test_a_model_is_told_that_the_run_only_plans():
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    planner = ModelPlanner(models=("test:model",))

    assert "This run only plans." in instructions("deployer", planner, (), now, plan_only=True)
    assert "This run only plans." not in instructions("deployer", planner, (), now)
