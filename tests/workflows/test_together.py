"""The changes of one turn share a card, and are decided one by one or all at once."""

import pytest

from tests.workflows.far_end import ALICE, BOB, click, click_all, deploy, spec
from workflows.values.approval import ApprovalState
from workflows.values.calls import Ended, Thought, ThoughtKind
from workflows.values.view import RunState

SERVICES = ("checkout", "search", "payments")


def all_at_once(*services: str):
    """A planner that deploys all of them in one turn, and then says how each ended."""

    def propose(transcript):
        done = transcript.since_goal()
        if done:
            return Thought(kind=ThoughtKind.ANSWER, text=" ".join(each.result.ended.value for each in done))
        calls = tuple(deploy(service=service) for service in services)
        return Thought(kind=ThoughtKind.CALLS, calls=calls)

    return propose


async def opened(far_end, run, count: int):
    def all_posted(view):
        still_open = [each for each in view.approvals if not each.state.ended and each.deadline]
        return len(still_open) == count

    return (await far_end.seen(run, all_posted)).approvals


async def test_three_changes_stand_on_one_card_and_one_click_approves_them_all(with_planner):
    far_end = await with_planner(all_at_once(*SERVICES))
    run = await far_end.start("together")
    approvals = await opened(far_end, run, 3)
    assert {each.slot for each in approvals} == {"changes/1/1"}
    assert len({each.gate for each in approvals}) == 3

    await run.signal("decide_all", click_all(approvals, BOB))
    result = await run.result()

    assert (result.state, result.text) == (RunState.DONE, "applied applied applied")
    assert {order.effect.target for order in far_end.applied} == {f"prod/{each}" for each in SERVICES}
    assert {order.admission.gate for order in far_end.applied} == {each.gate for each in approvals}


@pytest.mark.recorded
async def test_each_is_decided_for_itself(with_planner):
    far_end = await with_planner(all_at_once(*SERVICES))
    run = await far_end.start("one-by-one")
    by_target = {each.target: each for each in await opened(far_end, run, 3)}

    await run.signal("decide", click(by_target["prod/search"], BOB, approve=False, reason="busy"))
    await run.signal("decide", click(by_target["prod/checkout"], BOB))
    await far_end.until(lambda: far_end.applied)
    left = [by_target["prod/payments"]]
    await run.signal("decide_all", click_all(left, BOB))
    result = await run.result()

    assert result.text.split().count(Ended.APPLIED.value) == 2
    assert [order.effect.target for order in far_end.applied] == ["prod/checkout", "prod/payments"]


async def test_a_button_for_all_means_what_its_card_showed(with_planner):
    far_end = await with_planner(all_at_once(*SERVICES))
    run = await far_end.start("another-card")
    approvals = await opened(far_end, run, 3)

    forged = click_all(approvals[:2], BOB).model_copy(update={"approvals": tuple(a.id for a in approvals)})
    await run.signal("decide_all", forged)
    await far_end.until(lambda: far_end.told)

    assert "replaced by a newer one" in far_end.told[0]
    assert far_end.applied == []
    await run.signal("decide_all", click_all(approvals, BOB, approve=False))
    result = await run.result()
    assert result.text == "rejected rejected rejected"


async def test_who_may_not_decide_is_told_once_and_not_three_times(with_planner):
    far_end = await with_planner(all_at_once(*SERVICES))
    run = await far_end.start("told-once")
    approvals = await opened(far_end, run, 3)

    await run.signal("decide_all", click_all(approvals, ALICE))
    await far_end.until(lambda: far_end.told)
    await run.signal("decide_all", click_all(approvals, BOB))
    await run.result()

    assert far_end.told == ["You asked for this change, so somebody else has to decide on it."]


async def test_nine_changes_are_two_cards(with_planner):
    services = tuple(f"service-{number}" for number in range(9))
    far_end = await with_planner(all_at_once(*services))
    run = await far_end.start("nine")
    approvals = await opened(far_end, run, 9)

    slots = [each.slot for each in sorted(approvals, key=lambda each: int(each.id.partition(".")[0]))]
    assert slots == ["changes/1/1"] * 8 + ["changes/1/2"]
    await run.signal("decide_all", click_all(approvals, BOB))
    await run.result()
    assert len(far_end.applied) == 9


async def test_a_decided_change_stays_on_its_card_while_others_wait(with_planner):
    far_end = await with_planner(all_at_once(*(f"service-{number}" for number in range(8))))
    run = await far_end.start("stays")
    approvals = await opened(far_end, run, 8)

    for each in approvals[:7]:
        await run.signal("decide", click(each, BOB))
    await far_end.until(lambda: len(far_end.applied) == 7)
    view = await far_end.seen(
        run, lambda view: [a.state for a in view.approvals].count(ApprovalState.APPROVED) == 7
    )

    assert len(view.approvals) == 8
    await run.signal("decide", click(approvals[7], BOB))
    await run.result()


async def test_changes_of_one_turn_to_one_target_come_one_after_the_other(with_planner):
    far_end = await with_planner(all_at_once("checkout", "checkout"))
    allowed = spec().rules[0].model_copy(update={"then": "allow"})
    run = await far_end.start("same-target", spec(allowed))

    result = await run.result()

    assert result.text == "applied applied"
