"""An operator resets a run: what it did is found in the ledger, and not done again."""

import asyncio
from datetime import UTC, datetime

from tests.workflows.far_end import ALICE, BOB, DEPLOY, click, deploy, edit, in_order, look, spec
from tests.workflows.resetting import points_of, reset
from workflows.values.tools import Undo
from workflows.values.view import RunState


async def test_a_reset_at_any_point_repeats_no_effect(with_planner, temporal):
    far_end = await with_planner(in_order(look(), deploy()))
    run = await far_end.start("reset")
    first = await far_end.asked(run)
    await run.signal("decide", click(first, BOB))
    await run.result()
    points = await points_of(run)
    assert len(points) > 8

    for point in points[:-1]:
        far_end.views.clear()
        again = await reset(temporal.client, run, point)
        ended = asyncio.create_task(again.result())
        asked = asyncio.create_task(far_end.asked(again))
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            # Asked anew, or still with the card of before the reset: an old click counts for nothing but that card.
            await again.signal("decide", click(asked.result(), BOB, at=datetime.now(UTC)))
        asked.cancel()
        assert (await ended)["state"] == RunState.DONE

    assert len(far_end.applied) == 1


async def test_after_a_reset_nobody_is_told_that_nothing_was_applied_when_it_was(with_planner, temporal):
    """It is reset to where people were asked, without what they said since: this time Bob rejects it."""
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("reset-and-rejected")
    first = await far_end.asked(run)
    opened = await points_of(run)
    await run.signal("decide", click(first, BOB))
    await run.result()
    assert len(far_end.applied) == 1

    again = await reset(temporal.client, run, opened[-1], without_signals=True)
    await again.signal("decide", click(first, BOB, approve=False, reason="not today"))
    result = await again.result()

    assert [change["tool"] for change in result["changes"]] == ["fleet.deploy"]


async def test_a_reset_finds_what_was_applied_as_a_person_had_edited_it(with_planner, temporal):
    far_end = await with_planner(in_order(deploy("1.4.2")))
    undo = Undo(tool="fleet.remove", arguments={"version": "{version}"})
    agent = spec().model_copy(update={"tools": (DEPLOY.model_copy(update={"undo": undo}),)})
    run = await far_end.start("reset-edited", agent)
    await run.signal("edit", edit(await far_end.asked(run), ALICE, version="1.4.3"))
    await run.signal("decide", click(await far_end.asked(run, generation=2), BOB))
    assert [change.undo for change in (await run.result()).changes] == ["fleet.remove"]
    [order] = far_end.applied

    again = await reset(temporal.client, run, (await points_of(run))[0], without_signals=True)
    await again.result()

    [_, called] = (await again.query("transcript"))["entries"]
    assert (called["result"]["ended"], called["result"]["text"]) == (
        "applied",
        "Applied. A person edited its arguments.",
    )
    assert far_end.applied == [order]
    # With which arguments, this life of the run does not know: what would take them back is not offered.
    assert await again.query("undo", 1) is None
