"""A long run continues as new: what people said, saw and were asked stands."""

import asyncio

import pytest

from tests.workflows.far_end import (
    ALICE,
    BOB,
    BY_BOB,
    MALLORY,
    click,
    deploy,
    edit,
    in_order,
    look,
    resolve,
    spec,
)
from workflows.values.signals import Said
from workflows.values.spec import Rule, RuleKind
from workflows.values.view import RunState


async def continued(far_end, run, approval):
    """Strangers press until the first execution of *run* has given way to another."""
    for _ in range(40):
        await run.signal("decide", click(approval, MALLORY))
    await far_end.continued(run)


@pytest.mark.recorded
async def test_a_long_run_continues_as_new_while_people_are_asked(with_planner):
    far_end = await with_planner(in_order(*[look()] * 14, deploy()))
    run = await far_end.start("long")
    approval = await far_end.asked(run)
    for _ in range(25):
        await run.signal("decide", click(approval, ALICE))
    await far_end.until(lambda: far_end.lookups >= 25)

    await run.signal("decide", click(approval, BOB))
    result = await run.result()

    described = await run.describe()
    assert described.raw_description.workflow_execution_info.first_run_id != described.run_id
    assert (result.state, len(far_end.applied)) == (RunState.DONE, 1)


async def test_what_people_say_of_an_unknown_outcome_stands_when_the_run_continues_as_new(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.lose_replies = 1
    run = await far_end.start("unknown-and-longer")
    approval = await far_end.asked(run)
    await run.signal("decide", click(approval, BOB))
    view = await far_end.seen(run, lambda view: view.unknowns)
    await continued(far_end, run, approval)

    await run.signal("resolve", resolve(view, Said.DID_NOT, ALICE))
    await run.signal("decide", click(await far_end.asked(run, generation=2), BOB))

    assert (await run.result()).state is RunState.DONE
    assert len(far_end.applied) == 2
    rows = [row["what"] for row in await run.query("audit") if row["what"] in {"unknown", "resolved"}]
    assert rows == ["unknown", "resolved"]
    [unknown] = far_end.views[run.id].unknowns
    assert unknown.sent_at == far_end.applied[0].admission.admitted_at


async def test_no_flood_keeps_a_run_from_continuing_while_something_is_applied(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.hold_applies = asyncio.Event()
    run = await far_end.start("flood-in-flight")
    approval = await far_end.asked(run)
    await run.signal("decide", click(approval, BOB))
    await far_end.until(lambda: far_end.applied)

    await continued(far_end, run, approval)
    far_end.hold_applies.set()

    assert (await run.result()).state is RunState.DONE
    assert (len(far_end.applied), far_end.sent) == (1, 1)


async def test_what_an_edit_may_not_loosen_is_not_loosened_by_continuing_as_new(with_planner):
    """The run begins anew with the edited arguments, which a rule would allow without asking."""
    free = Rule(name="free", then=RuleKind.ALLOW, arguments={"version": "1.0.0"})
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("looser-and-longer", spec(free, BY_BOB))
    await run.signal("edit", edit(await far_end.asked(run), ALICE, version="1.0.0"))
    second = await far_end.asked(run, generation=2)

    await continued(far_end, run, second)
    await run.signal("decide", click(second, BOB))
    await run.result()

    [order] = far_end.applied
    assert (order.admission.gate, order.admission.rule) == (second.gate, BY_BOB.name)
