"""A preview that is a file: what people saw is applied itself, never made anew."""

from tests.workflows.far_end import BOB, DEPLOY, LOOK, click, deploy, in_order, spec
from workflows.values.tools import PreviewBy


async def test_a_file_that_was_approved_is_applied_though_another_one_would_be_made_now(with_planner):
    """Two plans are never the same bytes: previewed anew, it would be asked about for ever."""
    saved = DEPLOY.model_copy(update={"preview": PreviewBy(tool="plan", applies="plan")})
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("saved-plan", spec().model_copy(update={"tools": (LOOK, saved)}))
    asked = await far_end.asked(run)

    far_end.running_version = "1.4.3"
    await run.signal("decide", click(asked, BOB))
    await run.result()

    [applied] = far_end.applied
    assert applied.admission.gate == asked.gate
    assert '"from":"1.4.1"' in applied.effect.precondition
