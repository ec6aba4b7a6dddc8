"""People want other arguments than the planner did: a new preview, and a new approval."""

import pytest

from tests.workflows.far_end import ALICE, BOB, BY_BOB, CAROL, click, deploy, edit, in_order, spec
from workflows.rules.canonical import parse
from workflows.values.approval import ApprovalState
from workflows.values.people import People
from workflows.values.spec import Rule, RuleKind
from workflows.values.view import RunState

BY_ALL = BY_BOB.model_copy(update={"approvers": People(users=("U0BOB", "U0ALICE", "U0CAROL"))})


@pytest.mark.recorded
async def test_an_edited_change_is_previewed_and_approved_anew(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("edited", spec(BY_ALL))
    first = await far_end.asked(run)

    await run.signal("edit", edit(first, ALICE, version="1.4.3"))
    second = await far_end.asked(run, generation=2)
    assert (second.before.content["to"], second.shown.content["to"]) == ("1.4.2", "1.4.3")
    assert parse(second.shown.arguments)["service"] == "checkout"
    assert far_end.applied == []
    await run.signal("decide", click(second, BOB))
    result = await run.result()

    assert result.state is RunState.DONE
    [order] = far_end.applied
    assert parse(order.effect.call.arguments)["version"] == "1.4.3"
    assert order.effect.call.edited_by == (ALICE,)


async def test_from_an_edit_on_nothing_tells_of_it_in_the_planners_words(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("retold", spec(BY_ALL))
    await run.signal("edit", edit(await far_end.asked(run), BOB, service="search", version="1.4.3"))

    second = await far_end.asked(run, generation=2)
    view = await far_end.seen(run, lambda view: view.state is RunState.WAITING)
    await run.signal("decide", click(second, ALICE))
    await run.signal("decide", click(second, CAROL))
    [change] = (await run.result()).changes

    [step] = view.steps
    assert step.title == change.text == "fleet.deploy on prod/search, edited"


async def test_decisions_on_the_old_arguments_are_void_and_say_so(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("void", spec(BY_ALL.model_copy(update={"quorum": 2})))
    first = await far_end.asked(run)
    await run.signal("decide", click(first, BOB))
    await far_end.seen(run, lambda view: view.approvals[0].votes)

    await run.signal("edit", edit(first, ALICE, version="1.4.3"))
    second = await far_end.asked(run, generation=2)
    assert second.votes == ()
    await run.signal("decide", click(first, CAROL))
    await far_end.until(lambda: far_end.told)
    assert "replaced by a newer one" in far_end.told[0]

    for person in (BOB, CAROL):
        await run.signal("decide", click(second, person))
    await run.result()
    assert len(far_end.applied) == 1


async def test_whoever_edited_counts_as_one_who_asked(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("editor", spec(BY_ALL))
    await run.signal("edit", edit(await far_end.asked(run), BOB, version="1.4.3"))
    second = await far_end.asked(run, generation=2)
    assert second.requesters == (ALICE, BOB)

    await run.signal("decide", click(second, BOB))
    await far_end.until(lambda: far_end.told)
    assert far_end.told == ["You asked for this change, so somebody else has to decide on it."]
    await run.signal("decide", click(second, CAROL))

    assert (await run.result()).state is RunState.DONE


@pytest.mark.recorded
async def test_an_edit_that_the_tool_refuses_leaves_it_as_it_was(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.refused_versions = {"9.9.9"}
    run = await far_end.start("refused-edit", spec(BY_ALL))

    await run.signal("edit", edit(await far_end.asked(run), BOB, version="9.9.9"))
    second = await far_end.asked(run, generation=2)

    assert far_end.told == ["Your edit can't be used, so it stays as it was: NOT_FOUND: no such version"]
    assert parse(second.shown.arguments)["version"] == "1.4.2"
    assert second.requesters == (ALICE,)
    assert [step.title for step in far_end.views[run.id].steps] == ["Deploy 1.4.2"]
    await run.signal("decide", click(second, BOB))
    assert (await run.result()).state is RunState.DONE


async def test_only_who_asked_and_the_approvers_may_edit(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.groups[CAROL] = ()
    run = await far_end.start("stranger-edits")
    first = await far_end.asked(run)

    await run.signal("edit", edit(first, CAROL, version="6.6.6"))
    await far_end.until(lambda: far_end.told)

    assert far_end.told == ["Only who asked for this change and its approvers may edit it."]
    await run.signal("decide", click(first, BOB))
    await run.result()
    assert parse(far_end.applied[0].effect.call.arguments)["version"] == "1.4.2"


async def test_an_edit_into_a_stricter_rule_is_asked_under_that_rule(with_planner):
    strict = BY_ALL.model_copy(update={"name": "two", "quorum": 2, "arguments": {"version": "2.0.0"}})
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("stricter", spec(strict, BY_ALL))

    await run.signal("edit", edit(await far_end.asked(run), ALICE, version="2.0.0"))
    second = await far_end.asked(run, generation=2)

    assert (second.rule.name, second.rule.quorum) == ("two", 2)
    for person in (BOB, CAROL):
        await run.signal("decide", click(second, person))
    await run.result()
    assert far_end.applied[0].admission.rule == "two"


async def test_an_edit_loosens_nothing(with_planner):
    """Into what a rule would allow without asking, or would refuse."""
    free = Rule(name="free", then=RuleKind.ALLOW, arguments={"version": "1.0.0"})
    never = Rule(name="never", then=RuleKind.REFUSE, arguments={"version": "6.6.6"})
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("looser", spec(free, never, BY_ALL))

    await run.signal("edit", edit(await far_end.asked(run), ALICE, version="6.6.6"))
    second = await far_end.asked(run, generation=2)
    assert "“never” does not allow it" in far_end.told[0]
    await run.signal("edit", edit(second, ALICE, version="1.0.0"))
    third = await far_end.asked(run, generation=3)
    assert third.rule.name == BY_ALL.name
    assert far_end.applied == []

    await run.signal("decide", click(third, BOB))
    await run.result()
    assert parse(far_end.applied[0].effect.call.arguments)["version"] == "1.0.0"


async def test_an_edit_wins_over_an_approval_that_was_not_yet_carried_out(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("race", spec(BY_ALL))
    first = await far_end.asked(run)

    await run.signal("edit", edit(first, ALICE, version="1.4.3"))
    await run.signal("decide", click(first, BOB))
    second = await far_end.asked(run, generation=2)

    assert far_end.applied == []
    view = far_end.views[run.id]
    assert [each.state for each in view.approvals] == [ApprovalState.SUPERSEDED, ApprovalState.OPEN]
    await run.signal("decide", click(second, BOB))
    await run.result()
    assert [parse(order.effect.call.arguments)["version"] for order in far_end.applied] == ["1.4.3"]
