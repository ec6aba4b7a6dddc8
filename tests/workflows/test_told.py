"""The planner is told the truth: what became of its call, by whom and why, each end in its own words."""

from datetime import timedelta

import pytest

from tests.workflows.far_end import ALICE, BOB, cancel, click, deploy, in_order, resolve
from workflows.values.calls import Ended, Thought, ThoughtKind
from workflows.values.signals import Said
from workflows.values.view import RunState


def stubborn(told: list):
    """A planner that proposes the same change again and again, whatever it is told."""

    def propose(transcript):
        told[:] = [entry.result for entry in transcript.since_goal()]
        if len(told) == 3:
            return Thought(kind=ThoughtKind.GIVE_UP, text=told[-1].text)
        return Thought(kind=ThoughtKind.CALLS, calls=(deploy(),))

    return propose


@pytest.mark.recorded
async def test_after_two_rejections_the_same_change_may_not_be_proposed_again(with_planner):
    told = []
    far_end = await with_planner(stubborn(told))
    run = await far_end.start("stubborn")
    for number in (1, 2):
        view = await far_end.seen(
            run, lambda view, n=number: [a for a in view.approvals if a.id == f"{n}.1" and a.deadline]
        )
        [approval] = [each for each in view.approvals if each.id == f"{number}.1"]
        await run.signal("decide", click(approval, BOB, approve=False, reason=f"no, {number}"))

    result = await run.result()

    assert [(each.ended, each.by) for each in told] == [
        (Ended.REJECTED, BOB),
        (Ended.REJECTED, BOB),
        (Ended.REFUSED, None),
    ]
    assert result.text.startswith("People rejected exactly this 2 times")
    assert far_end.applied == []


async def last_told(far_end, run):
    transcript = await run.query("transcript")
    result = transcript["entries"][-1]["result"]
    return result["ended"], result["text"], (result["by"] or {}).get("user")


async def test_each_end_has_its_own_words(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    ends = {}

    run = await far_end.start("told-rejected")
    await run.signal("decide", click(await far_end.asked(run), BOB, approve=False, reason="wait"))
    await run.result()
    ends["rejected"] = await last_told(far_end, run)

    run = await far_end.start("told-expired")
    await far_end.asked(run)
    await temporal.fast_forward(run, timedelta(hours=25))
    await run.result()
    ends["expired"] = await last_told(far_end, run)

    run = await far_end.start("told-superseded")
    approval = await far_end.asked(run)
    far_end.refuse = "NOT_FOUND: it was withdrawn"
    await run.signal("decide", click(approval, BOB))
    await run.result()
    ends["superseded"] = await last_told(far_end, run)
    far_end.refuse = ""

    run = await far_end.start("told-unknown")
    far_end.lose_replies = 1
    await run.signal("decide", click(await far_end.asked(run), BOB))
    view = await far_end.seen(run, lambda view: view.unknowns)
    await run.signal("resolve", resolve(view, Said.STOP, BOB, "the panel is down"))
    assert (await run.result()).state is RunState.FAILED
    ends["unknown"] = await last_told(far_end, run)

    run = await far_end.start("told-applied")
    await run.signal("decide", click(await far_end.asked(run), BOB))
    await run.result()
    ends["applied"] = await last_told(far_end, run)

    run = await far_end.start("told-withdrawn")
    await far_end.asked(run)
    await run.signal("cancel", cancel(ALICE))
    await run.result()
    ends["withdrawn"] = await last_told(far_end, run)

    assert ends == {
        "rejected": ("rejected", "rejected: wait", "U0BOB"),
        "expired": ("expired", "It expired: nobody decided in time. That is no refusal.", None),
        "superseded": (
            "superseded",
            "It was approved, but it can no longer be done: NOT_FOUND: it was withdrawn. Nothing was applied.",
            None,
        ),
        "unknown": ("unknown", "stop, nobody can say: the panel is down", "U0BOB"),
        "applied": ("applied", "Applied.", None),
        "withdrawn": ("withdrawn", "It is no longer needed: the run was cancelled.", None),
    }
