"""A tool is what it was when the run first saw it: one that becomes another in the middle is not called."""

from tests.workflows.far_end import BOB, click, deploy, in_order, look
from workflows.values.approval import ApprovalState
from workflows.values.view import AuditRow, RunState

CHANGED = "refused: fleet.{} is not called: it changed."


async def test_a_run_looks_at_its_tools_first_and_each_order_says_what_they_were(with_planner):
    far_end = await with_planner(in_order(look(), deploy()))
    run = await far_end.start("pinned")
    approval = await far_end.asked(run)
    await run.signal("decide", click(approval, BOB))
    await run.result()

    [order] = far_end.pinning
    assert [contract.name for contract in order.tools] == [
        "fleet.look",
        "fleet.deploy",
        "fleet.restart",
        "fleet.ticket",
    ]
    assert [order.pins for order in far_end.orders[:2]] == [{"fleet.look": "d"}, {"fleet.deploy": "d"}]
    assert far_end.applied[0].pins == {"fleet.deploy": "d"}


async def test_a_tool_that_changed_is_not_called_and_people_and_the_planner_are_told(with_planner):
    far_end = await with_planner(in_order(look()))
    far_end.changed = {"fleet.look"}
    run = await far_end.start("changed-read")

    result = await run.result()

    assert (result.state, result.text) == (RunState.FAILED, CHANGED.format("look"))
    assert far_end.told == ["fleet.look is not called: it changed."]
    rows = await run.query("audit", result_type=list[AuditRow])
    assert [row.refs for row in rows if row.what == "tool_changed"] == [{"tool": "fleet.look"}]


async def test_what_changes_while_people_are_asked_is_not_applied(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("changed-effect")
    approval = await far_end.asked(run)
    far_end.changed = {"fleet.deploy"}

    await run.signal("decide", click(approval, BOB))
    result = await run.result()

    assert far_end.applied == []
    assert result.state is RunState.FAILED
    [shown] = far_end.views[run.id].approvals
    assert (shown.state, shown.why) == (
        ApprovalState.SUPERSEDED,
        "it can no longer be done: fleet.deploy is not called: it changed.",
    )
    assert far_end.told == ["fleet.deploy is not called: it changed."]


async def test_a_tool_whose_server_was_away_at_first_is_looked_at_when_it_is_called_for(with_planner):
    far_end = await with_planner(in_order(look(), look()))
    far_end.away = {"fleet.look"}
    run = await far_end.start("away")

    await run.result()

    assert [[contract.name for contract in order.tools] for order in far_end.pinning[1:]] == [["fleet.look"]]
    assert [order.pins for order in far_end.orders] == [{"fleet.look": "d"}] * 2
