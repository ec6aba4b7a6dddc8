"""The story of a run, with a real server and worker, and everything else at the far end of its wire."""

import asyncio
from datetime import timedelta

import pytest

from tests.workflows.far_end import (
    ALICE,
    BOB,
    BY_BOB,
    CAROL,
    MALLORY,
    answer,
    cancel,
    click,
    deploy,
    in_order,
    look,
    resolve,
    spec,
)
from workflows.values.approval import ApprovalState
from workflows.values.calls import Ended
from workflows.values.people import People, Standing
from workflows.values.signals import Said
from workflows.values.spec import Limits
from workflows.values.view import RunState


async def test_what_only_reads_asks_nobody(with_planner):
    far_end = await with_planner(in_order(look()))
    run = await far_end.start("reads")

    result = await run.result()

    assert (result.state, result.text, result.changes) == (RunState.DONE, "Done.", ())


@pytest.mark.recorded
async def test_a_change_is_applied_once_after_somebody_else_approved_it(with_planner):
    far_end = await with_planner(in_order(look(), deploy()))
    run = await far_end.start("approved")
    approval = await far_end.asked(run)
    assert far_end.applied == []

    await run.signal("decide", click(approval, BOB))
    result = await run.result()

    assert result.state is RunState.DONE
    [order] = far_end.applied
    assert order.admission.gate == approval.gate
    assert [vote.person for vote in order.admission.votes] == [BOB]
    assert [(change.tool, change.target, change.certain) for change in result.changes] == [
        ("fleet.deploy", "prod/checkout", True)
    ]


async def test_who_asked_may_not_approve_and_is_told_so(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("self-approval")
    approval = await far_end.asked(run)

    await run.signal("decide", click(approval, ALICE))
    await far_end.until(lambda: far_end.told)

    assert far_end.told == ["You asked for this change, so somebody else has to decide on it."]
    assert far_end.applied == []
    await run.signal("cancel", cancel(ALICE))
    await run.result()


async def test_a_member_of_the_group_may_approve_and_a_stranger_may_not(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("group")
    approval = await far_end.asked(run)

    await run.signal("decide", click(approval, MALLORY))
    await far_end.until(lambda: far_end.told)
    await run.signal("decide", click(approval, CAROL))
    result = await run.result()

    assert far_end.told == ["Only members of this workspace may decide on this."]
    assert result.state is RunState.DONE
    assert far_end.applied[0].admission.votes[0].facts.groups == ("S0RELEASE",)


@pytest.mark.recorded
async def test_a_rejection_ends_it_and_the_planner_learns_why(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("rejected")
    approval = await far_end.asked(run)

    await run.signal("decide", click(approval, BOB, approve=False, reason="not during the sale"))
    result = await run.result()

    assert result.text == "rejected: rejected: not during the sale"
    assert far_end.applied == []


async def test_the_same_click_twice_counts_once(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("quorum", spec(BY_BOB.model_copy(update={"quorum": 2})))
    approval = await far_end.asked(run)

    once = click(approval, BOB)
    for _ in range(3):
        await run.signal("decide", once)
    await run.signal("decide", click(approval, BOB))
    await far_end.until(lambda: far_end.told)
    assert far_end.told == ["You have already decided on this."]
    await run.signal("decide", click(approval, CAROL))
    await run.result()

    assert [vote.person for vote in far_end.applied[0].admission.votes] == [BOB, CAROL]


async def test_an_approval_falls_away_with_the_membership_of_who_gave_it(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("membership", spec(BY_BOB.model_copy(update={"quorum": 2})))
    approval = await far_end.asked(run)

    await run.signal("decide", click(approval, CAROL))
    await far_end.seen(run, lambda view: view.approvals[0].votes)
    far_end.groups[CAROL] = ()
    await run.signal("decide", click(approval, BOB))
    reopened = await far_end.seen(
        run, lambda view: [vote.person for vote in view.approvals[0].votes] == [BOB]
    )

    assert reopened.approvals[0].state is ApprovalState.OPEN
    assert far_end.applied == []
    await run.signal("cancel", cancel(BOB))
    assert (await run.result()).state is RunState.CANCELLED


async def test_when_nobody_can_be_looked_up_the_answer_is_not_now(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.people_away = 1
    run = await far_end.start("not-now")
    approval = await far_end.asked(run)

    await run.signal("decide", click(approval, BOB))
    await far_end.until(lambda: far_end.told)
    assert "Please try again" in far_end.told[0]
    await run.signal("decide", click(approval, BOB))

    assert (await run.result()).state is RunState.DONE


@pytest.mark.recorded
async def test_what_changed_since_it_was_shown_is_asked_again(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("drift")
    first = await far_end.asked(run)

    far_end.running_version = "1.4.3"
    await run.signal("decide", click(first, BOB))
    second = await far_end.asked(run, generation=2)
    assert far_end.applied == []
    assert (second.before.content["from"], second.shown.content["from"]) == ("1.4.1", "1.4.3")
    await run.signal("decide", click(first, BOB))
    await far_end.until(lambda: far_end.told)
    assert "replaced by a newer one" in far_end.told[0]
    await run.signal("decide", click(second, BOB))
    await run.result()

    assert [order.admission.gate for order in far_end.applied] == [second.gate]


@pytest.mark.recorded
async def test_nobody_decides_in_time(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("expired")
    await far_end.asked(run)

    await temporal.fast_forward(run, timedelta(hours=25))
    result = await run.result()

    assert result.text == "expired: It expired: nobody decided in time. That is no refusal."
    assert far_end.applied == []


async def test_a_click_after_the_deadline_does_not_count(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("late")
    approval = await far_end.asked(run)

    await run.signal("decide", click(approval, BOB, at=approval.deadline))
    await far_end.until(lambda: far_end.told)

    assert far_end.told == ["This request has expired, so your click did not count."]
    await run.signal("cancel", cancel(ALICE))
    await run.result()


async def test_until_approvers_are_named_nobody_can_approve(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("nobody", spec(BY_BOB.model_copy(update={"approvers": People()})))
    approval = await far_end.asked(run)

    await run.signal("decide", click(approval, BOB))
    await far_end.until(lambda: far_end.told)

    assert far_end.told == ["Nobody may approve this: no rule names an approver for it."]
    await run.signal("cancel", cancel(ALICE))
    await run.result()


async def test_a_guest_may_not_decide(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.standings[BOB] = Standing.GUEST
    run = await far_end.start("guest")
    approval = await far_end.asked(run)

    await run.signal("decide", click(approval, BOB))
    await far_end.until(lambda: far_end.told)

    assert far_end.told == ["A guest account may not decide on this."]
    await run.signal("cancel", cancel(ALICE))
    await run.result()


async def test_a_lost_reply_is_said_to_be_unknown_and_a_person_knows_that_it_happened(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.lose_replies = 1
    run = await far_end.start("happened")
    await run.signal("decide", click(await far_end.asked(run), BOB))

    view = await far_end.seen(run, lambda view: view.unknowns)
    assert view.state is RunState.WAITING
    await run.signal("resolve", resolve(view, Said.HAPPENED, BOB))
    result = await run.result()

    assert (result.state, len(far_end.applied), len(result.changes)) == (RunState.DONE, 1, 1)


@pytest.mark.recorded
async def test_trying_again_after_an_unknown_outcome_is_asked_for_anew(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.lose_replies = 1
    run = await far_end.start("again")
    await run.signal("decide", click(await far_end.asked(run), BOB))
    view = await far_end.seen(run, lambda view: view.unknowns)
    await run.signal("resolve", resolve(view, Said.DID_NOT, BOB))
    second = await far_end.asked(run, generation=2)
    assert len(far_end.applied) == 1

    await run.signal("decide", click(second, BOB))
    result = await run.result()

    assert result.state is RunState.DONE
    assert len({order.effect.key for order in far_end.applied}) == 2


async def test_stopping_at_an_unknown_outcome_ends_the_run_and_says_so(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.lose_replies = 1
    run = await far_end.start("stop")
    await run.signal("decide", click(await far_end.asked(run), BOB))
    view = await far_end.seen(run, lambda view: view.unknowns)

    await run.signal("resolve", resolve(view, Said.STOP, ALICE))
    result = await run.result()

    assert result.state is RunState.FAILED
    assert "nobody can say" in result.text
    assert [change.certain for change in result.changes] == [False]


async def test_cancelling_withdraws_what_waits_and_reads_no_further(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("cancelled")
    approval = await far_end.asked(run)

    await run.signal("cancel", cancel(MALLORY))
    await far_end.until(lambda: far_end.told)
    await run.signal("cancel", cancel(ALICE, "wrong version"))
    await run.signal("decide", click(approval, BOB))
    result = await run.result()

    assert (result.state, result.text) == (RunState.CANCELLED, "wrong version")
    assert far_end.applied == []
    assert "no longer needed" in far_end.told[-1]


@pytest.mark.recorded
async def test_cancelling_never_abandons_what_is_being_applied(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    far_end.hold_applies = asyncio.Event()
    run = await far_end.start("in-flight")
    await run.signal("decide", click(await far_end.asked(run), BOB))
    await far_end.until(lambda: far_end.applied)

    await run.cancel()
    await far_end.seen(run, lambda view: view.doing == "Stopping")
    far_end.hold_applies.set()
    result = await run.result()

    assert result.state is RunState.CANCELLED
    assert [change.certain for change in result.changes] == [True]


async def test_a_run_that_nobody_can_see_ends_and_withdraws_what_it_asked(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("unseen")
    await far_end.asked(run)

    far_end.undeliverable = "Handrail is not a member of the channel"
    await run.signal("answer", answer("no such question", "more", ALICE))
    result = await run.result()

    assert (result.state, result.text) == (RunState.FAILED, "Handrail is not a member of the channel")
    assert far_end.applied == []


@pytest.mark.recorded
async def test_a_spent_budget_asks_whether_to_go_on(with_planner):
    far_end = await with_planner(in_order(look(), look(), look()))
    run = await far_end.start("budget", spec(limits=Limits(steps=1)))
    view = await far_end.seen(run, lambda view: view.questions)
    [question] = view.questions

    await run.signal("answer", answer(question.id, "more", ALICE))
    await far_end.seen(run, lambda view: len(view.questions) == 2)
    await run.signal("answer", answer("2", "stop", ALICE))
    result = await run.result()

    assert (result.state, result.text) == (
        RunState.CANCELLED,
        "Its budget is used up: 4 steps, 1 minute of work.",
    )


async def test_a_refused_preview_is_told_to_the_planner_and_asks_nobody(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.refuse = "NOT_FOUND: no such version"
    run = await far_end.start("refused-preview")

    result = await run.result()

    assert result.text == "failed: NOT_FOUND: no such version"
    assert Ended.FAILED.well is False


@pytest.mark.recorded
async def test_two_runs_never_work_on_one_target_at_the_same_time(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.hold_applies = asyncio.Event()
    first, second = await far_end.start("first"), await far_end.start("second")
    await first.signal("decide", click(await far_end.asked(first), BOB))
    await far_end.until(lambda: far_end.applied)
    await second.signal("decide", click(await far_end.asked(second), BOB))

    result = await second.result()
    far_end.hold_applies.set()
    await first.result()

    assert result.text == "not_applied: first is working on prod/checkout now. Nothing was sent."
    assert len(far_end.applied) == 1


async def test_a_word_without_a_reason_counts_for_nothing(with_planner):
    far_end = await with_planner(in_order(deploy()))
    far_end.lose_replies = 1
    run = await far_end.start("no-reason")
    await run.signal("decide", click(await far_end.asked(run), BOB))
    view = await far_end.seen(run, lambda view: view.unknowns)

    await run.signal("resolve", resolve(view, Said.HAPPENED, ALICE, reason=" "))
    await far_end.until(lambda: far_end.told)
    await run.signal("resolve", resolve(view, Said.HAPPENED, ALICE))

    assert (await run.result()).state is RunState.DONE
    assert far_end.told == ["How do you know? Your word counts with a reason."]


async def test_a_call_too_long_to_be_carried_along_is_refused_and_not_kept(with_planner):
    far_end = await with_planner(in_order(deploy("1" * 70_000)))
    run = await far_end.start("too-long")

    result = await run.result()

    assert result.text == "refused: its arguments are 68 KiB long; a call may have 64 KiB"
    [_, called] = (await run.query("transcript"))["entries"]
    assert called["call"]["arguments"] == "{}"
