"""Afterwards anyone can ask why a turn did what it did: the run answers from its audit."""

from tests.workflows.far_end import BOB, cancel, click, deploy, in_order, look
from workflows.values.account import Account


async def test_a_turn_is_recounted_from_what_was_claimed_to_what_came_of_it(with_planner):
    change = deploy().model_copy(update={"reason": "nobody uses the old one"})
    far_end = await with_planner(in_order(look(), change))
    run = await far_end.start("recounted")
    approval = await far_end.asked(run)
    await run.signal("decide", click(approval, BOB))
    await run.result()

    told = await run.query("account", 2, result_type=Account)

    assert (told.turn, told.turns, told.known, told.goal_by.user) == (2, 3, 1, "U0ALICE")
    [call] = told.calls
    assert (call.tool, call.claim) == ("fleet.deploy", "nobody uses the old one")
    assert call.verdict.startswith("needs approval: fleet.deploy changes prod/checkout")
    assert [(row.what, row.by and row.by.user) for row in call.rows] == [
        ("asked", None),
        ("approved", "U0BOB"),
        ("approved", None),
        ("admitted", None),
        ("applied", None),
    ]
    assert call.rows[1].refs["gate"] == approval.gate
    assert call.rows[3].text == "fleet.deploy on prod/checkout, as it was approved"
    assert deploy().arguments not in told.model_dump_json()


async def test_without_a_turn_the_latest_is_meant_and_its_end_is_told(with_planner):
    far_end = await with_planner(in_order(look()))
    run = await far_end.start("latest")
    await run.result()

    told = await run.query("account", result_type=Account)

    assert (told.turn, told.calls) == (2, ())
    assert [(row.what, row.text) for row in told.rows] == [("ended", "done: Done.")]
    first = await run.query("account", 1, result_type=Account)
    assert [row.what for row in first.rows] == ["started"]
    assert [call.verdict for call in first.calls] == ["allowed: it only reads"]


async def test_a_turn_under_way_is_recounted_too(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("under-way")
    await far_end.asked(run)

    told = await run.query("account", 99, result_type=Account)

    assert told.turn == 1
    assert [row.what for row in told.calls[0].rows] == ["asked"]
    await run.signal("cancel", cancel(BOB))
    await run.result()
