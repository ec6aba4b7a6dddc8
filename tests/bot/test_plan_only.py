"""A run that only plans, as people see it."""

import pytest

from bot.views.approval import approval_card
from bot.views.changes import changes_card
from bot.views.look import Look
from bot.views.result import result_card
from bot.views.root import root_card
from sandbox.client import words
from tests.bot.test_asking import gone
from tests.bot.views import NOON, RULE, RUN, approval, buttons, shown, together, view
from workflows.values.approval import ApprovalState
from workflows.values.people import People
from workflows.values.spec import Rule, RuleKind
from workflows.values.view import Change, RunState, StepState, StepView

PLANNED = {"state": ApprovalState.PLANNED, "ended_at": NOON, "deadline": None}
CHANGE = Change(tool="fleet.deploy", target="prod/checkout", text="Deploy 1.4.2")


def planned(**changes):
    return approval(**PLANNED | changes)


async def test_a_plan_shows_what_would_be_changed_and_who_would_be_asked_and_changes_nothing(
    workspace, alice, bob
):
    await alice.say("C0OPS", f"/handrail plan {workspace.goal}")

    card = await bob.sees("C0OPS", "Only planned: fleet.deploy on prod/")
    assert "This run only plans, so nothing is applied and nobody is asked." in words(card)
    assert "Asked by the rule “production” would be" in words(card)
    await bob.until(lambda: named(bob, "U0BOB"))
    end = words(await alice.sees("C0OPS", "this is how it ended"))
    assert f"Planned: {workspace.run}" in end
    assert "Plan only: nothing was applied." in end
    assert "What would be changed:" in end
    root = words(await alice.sees("C0OPS", f"{workspace.run}: planned"))
    assert root.count("applied") == 1
    assert "Plan only: nothing was applied." in root
    assert workspace.tools.applied == []


async def named(who, user):
    """Does a message of the channel name *user* as a person?"""
    return any(f"'user_id': '{user}'" in str(each["blocks"]) for each in await who.messages("C0OPS"))


async def test_what_is_offered_instead_of_a_plan_that_nobody_understood_only_plans_too(workspace, alice):
    await alice.say("C0OPS", "/handrail plan a party")
    chips = await alice.sees("C0OPS", "one click plans it, and applies nothing")

    await alice.click(chips, "deploy cart 2.0.0")

    await alice.sees("C0OPS", "Only planned: fleet.deploy")
    await alice.until(lambda: gone(alice, chips))
    assert workspace.tools.applied == []


async def test_a_list_says_which_run_only_plans(workspace, alice):
    await alice.say("C0OPS", f"/handrail plan {workspace.goal}")
    await alice.sees("C0OPS", "this is how it ended")

    await alice.say("C0OPS", f"/handrail status {workspace.run}")

    await alice.sees("C0OPS", f"{workspace.run}>*: done, plan only")


async def test_in_a_thread_a_plan_that_an_agent_understands_is_a_run_of_its_own(workspace, alice):
    said = await alice.say("C0OPS", f"@handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")

    await alice.say("C0OPS", f"@handrail plan {workspace.goal}", thread_ts=said["ts"])

    await alice.sees("C0OPS", "Only planned: fleet.deploy")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(name="all", then=RuleKind.ALLOW), "The rule “all” would let it be applied without asking anybody."),
        (RULE.model_copy(update={"approvers": People()}), "Nobody could approve it: no rule names an approver"),
        (RULE.model_copy(update={"approvers": People(users=("U0ALICE",))}), "the only approvers named are the ones"),
        (RULE, "Asked by the rule “production” would be"),
    ],
)  # fmt: skip
def test_a_planned_change_says_what_its_rule_would_mean(rule, said):
    assert said in str(approval_card(RUN, planned(rule=rule)).blocks)


def test_a_planned_change_has_nothing_to_press_but_what_shows_it_whole():
    assert buttons(approval_card(RUN, planned())) == {}
    long = planned(shown=shown(content={f"line {number}": "x" * 90 for number in range(200)}))
    assert list(buttons(approval_card(RUN, long))) == ["Details"]


def test_the_planned_changes_of_a_turn_are_counted_and_each_says_who_would_be_asked():
    rows = together(
        planned(text="checkout"), planned(text="search", rule=Rule(name="all", then=RuleKind.ALLOW))
    )

    card = changes_card(RUN, rows)

    assert card.blocks[0]["text"]["text"] == "Only planned: 2 changes"
    assert str(card.blocks).count("would be") == 1
    assert str(card.blocks).count("without asking anybody") == 1


def test_a_plan_without_changes_says_so():
    nothing = view(state=RunState.DONE, plan_only=True)

    assert "Nothing would be changed." in str(result_card(nothing, Look()).blocks)
    assert f"{nothing.name}: planned." in root_card(nothing, Look()).text
    one = nothing.model_copy(update={"planned": (CHANGE,)})
    assert "What would be changed: 1." in result_card(one, Look()).text
    assert "fleet.deploy on prod/checkout: Deploy 1.4.2" in str(root_card(one, Look()).blocks)


def test_a_step_that_was_only_previewed_has_no_tick_and_a_plan_is_not_done():
    read = StepView(id="1", title="Look", state=StepState.COMPLETE)
    change = StepView(id="2", title="Deploy 1.4.2", state=StepState.PREVIEWED)
    ended = view(state=RunState.DONE, plan_only=True).model_copy(update={"steps": (read, change)})

    [plan] = [block for block in root_card(ended, Look(plan=True)).blocks if block["type"] == "plan"]

    assert plan["title"] == "Planned: 2 of 2"
    assert [(each["title"], each["status"]) for each in plan["tasks"]] == [
        ("Look", "complete"),
        ("Deploy 1.4.2 (previewed, not applied)", "pending"),
    ]
    assert "*Previewed, not applied* Deploy 1.4.2" in str(root_card(ended, Look(plan=False)).blocks)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RunState.WORKING, "working, plan only"),
        (RunState.CANCELLED, "stopped, plan only"),
        (RunState.DONE, "planned"),
    ],
)
def test_how_a_run_that_only_plans_stands(state, said):
    card = root_card(view(state=state, plan_only=True), Look())

    assert card.blocks[0]["text"]["text"].endswith(f": {said}")
