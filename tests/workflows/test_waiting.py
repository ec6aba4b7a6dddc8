"""What an approval waits for: reminders and who else is told, a freeze, an emergency."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.workflows.far_end import (
    ALICE,
    BOB,
    BY_BOB,
    CAROL,
    TEAM,
    break_glass,
    cancel,
    click,
    deploy,
    in_order,
    spec,
)
from workflows.freeze import Freeze
from workflows.outside import Queue
from workflows.rules.digests import freeze_id
from workflows.values.approval import ApprovalState
from workflows.values.freeze import FreezeOrder, Frozen, Thaw
from workflows.values.people import People, Person, Standing
from workflows.values.spec import BreakGlass, Escalation, RuleKind
from workflows.values.view import AlertKind, AuditRow, RunState

ON_CALL = People(groups=("S0ONCALL",))
ESCALATING = BY_BOB.model_copy(
    update={
        "quorum": 2,
        "escalation": Escalation(after=timedelta(hours=4), tell=ON_CALL, channel="C0ONCALL"),
    }
)
IN_EMERGENCY = BY_BOB.model_copy(
    update={
        "quorum": 2,
        "break_glass": BreakGlass(people=People(users=("U0ALICE",)), channel="C0SECURITY"),
    }
)
DAVE = Person(team=TEAM, user="U0DAVE")


def alerts(view):
    return [(alert.kind, alert.channel, alert.tell) for alert in view.alerts]


@pytest.mark.recorded
async def test_people_are_reminded_and_others_told_but_nothing_is_lowered(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("reminded", spec(ESCALATING))
    await far_end.asked(run)

    await temporal.fast_forward(run, timedelta(hours=5))
    view = await far_end.seen(run, lambda view: view.alerts)
    assert alerts(view) == [(AlertKind.ESCALATION, "C0ONCALL", ON_CALL)]
    await temporal.fast_forward(run, timedelta(hours=8))
    view = await far_end.seen(run, lambda view: len(view.alerts) == 2)
    assert alerts(view)[1] == (AlertKind.REMINDER, "", ESCALATING.approvers)
    assert view.approvals[0].rule.quorum == 2

    await temporal.fast_forward(run, timedelta(hours=12))
    assert (await run.result()).text.startswith("expired")


async def declared(temporal, environment: str = "") -> Frozen:
    order = FreezeOrder(environment=environment, reason="the sale", by=BOB)
    await temporal.client.start_workflow(
        Freeze.run, order, id=freeze_id(environment), task_queue=Queue.RUNS, memo=Freeze.memo(order)
    )
    return Frozen(
        id=freeze_id(environment), environment=environment, reason="the sale", by=BOB, since=datetime.now(UTC)
    )


async def thaw(far_end, temporal, frozen: Frozen) -> None:
    far_end.freezes = []
    handle = temporal.client.get_workflow_handle(frozen.id)
    await handle.signal(Freeze.THAW, Thaw(by=BOB))
    await handle.result()


@pytest.mark.recorded
async def test_a_freeze_holds_what_was_approved_and_its_end_lets_it_go(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    frozen = await declared(temporal, "prod")
    far_end.freezes = [frozen]
    run = await far_end.start("frozen")

    await run.signal("decide", click(await far_end.asked(run), BOB))
    view = await far_end.seen(run, lambda view: view.approvals[0].held)
    assert view.approvals[0].held == "prod is frozen: the sale"
    assert view.approvals[0].state is ApprovalState.QUORUM
    held = await far_end.seen(run, lambda view: view.state is RunState.WAITING)
    assert held.doing == "Held: prod is frozen: the sale"
    assert far_end.applied == []

    await thaw(far_end, temporal, frozen)
    assert (await run.result()).state is RunState.DONE
    assert len(far_end.applied) == 1


@pytest.mark.recorded
async def test_a_freeze_holds_what_a_rule_allows_without_asking(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    frozen = await declared(temporal)
    far_end.freezes = [frozen]
    run = await far_end.start("frozen-allowed", spec(BY_BOB.model_copy(update={"then": RuleKind.ALLOW})))

    view = await far_end.seen(run, lambda view: any("held" in step.note for step in view.steps))
    assert view.steps[0].note == "held: everything is frozen: the sale"
    assert far_end.applied == []
    await thaw(far_end, temporal, frozen)

    assert (await run.result()).state is RunState.DONE


@pytest.mark.parametrize("then", [RuleKind.ALLOW, RuleKind.ASK])
async def test_when_nobody_can_say_what_is_frozen_nothing_is_applied_and_it_shows(
    with_planner, temporal, then
):
    far_end = await with_planner(in_order(deploy()))
    far_end.freezes_away = 1
    run = await far_end.start(f"fog-{then}", spec(BY_BOB.model_copy(update={"then": then})))
    if then is RuleKind.ASK:
        await run.signal("decide", click(await far_end.asked(run), BOB))

    await far_end.seen(run, lambda view: "whether it is frozen can't be looked up" in view.doing)
    assert far_end.applied == []
    await temporal.fast_forward(run, timedelta(minutes=1))

    assert (await run.result()).state is RunState.DONE


async def test_what_is_held_can_still_be_rejected_and_cancelled(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    frozen = await declared(temporal, "held")
    far_end.freezes = [frozen]
    rejected, cancelled = await far_end.start("held-1"), await far_end.start("held-2")
    for run in (rejected, cancelled):
        await run.signal("decide", click(await far_end.asked(run), BOB))
        await far_end.seen(run, lambda view: view.approvals[0].held)

    [approval] = far_end.views[rejected.id].approvals
    await rejected.signal("decide", click(approval, BOB, approve=False, reason="not now"))
    await cancelled.signal("cancel", cancel(ALICE))

    assert (await rejected.result()).text.startswith("rejected")
    assert (await cancelled.result()).state is RunState.CANCELLED
    assert far_end.applied == []
    await thaw(far_end, temporal, frozen)


async def test_a_window_closes_by_itself(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    now = datetime.now(UTC)
    far_end.freezes = [Frozen(reason="weekend", since=now, until=now + timedelta(hours=2))]
    run = await far_end.start("window")
    await run.signal("decide", click(await far_end.asked(run), BOB))
    await far_end.seen(run, lambda view: view.approvals[0].held)

    far_end.freezes = []
    await temporal.fast_forward(run, timedelta(hours=3))

    assert (await run.result()).state is RunState.DONE


async def test_an_approval_is_not_kept_through_a_freeze_longer_than_its_deadline(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    far_end.freezes = [Frozen(reason="winter", since=datetime.now(UTC))]
    run = await far_end.start("winter", spec(BY_BOB.model_copy(update={"expires_after": timedelta(hours=3)})))
    await run.signal("decide", click(await far_end.asked(run), BOB))
    await far_end.seen(run, lambda view: view.approvals[0].held)

    await temporal.fast_forward(run, timedelta(hours=4))

    result = await run.result()
    assert result.text == "expired: It expired: a freeze lasted longer than it did. That is no refusal."
    assert far_end.applied == []


@pytest.mark.recorded
async def test_a_named_person_approves_alone_only_after_the_channel_was_told(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("emergency", spec(IN_EMERGENCY))
    approval = await far_end.asked(run)

    await run.signal("decide", break_glass(approval, ALICE, "checkout is down"))
    result = await run.result()

    assert result.state is RunState.DONE
    [order] = far_end.applied
    assert order.admission.break_glass
    [alert] = far_end.views[run.id].alerts
    assert (alert.kind, alert.channel, alert.by, alert.reason) == (
        AlertKind.BREAK_GLASS,
        "C0SECURITY",
        ALICE,
        "checkout is down",
    )
    rows = await run.query("audit")
    assert [row["what"] for row in rows if row["what"] in {"broke the glass", "break_glass", "admitted"}] == [
        "broke the glass",
        "break_glass",
        "admitted",
    ]
    assert [row["refs"]["review"] for row in rows if row["what"] == "admitted"] == ["due"]


async def test_a_channel_that_can_not_be_told_is_no_emergency(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("untold", spec(IN_EMERGENCY))
    approval = await far_end.asked(run)
    far_end.untold = {f"alert/break_glass/{approval.id}": "Handrail is not a member of it."}

    await run.signal("decide", break_glass(approval, ALICE))
    await far_end.until(lambda: far_end.told)
    assert "could not be told" in far_end.told[0]
    assert far_end.applied == []
    view = await far_end.seen(run, lambda view: not view.approvals[0].votes)
    assert view.approvals[0].state is ApprovalState.OPEN

    far_end.untold = {}
    await run.signal("decide", break_glass(approval, ALICE))
    assert (await run.result()).state is RunState.DONE


async def test_an_approval_stands_when_the_emergency_of_the_same_person_can_not_be_told(with_planner):
    named = IN_EMERGENCY.break_glass.model_copy(update={"people": People(users=("U0BOB",))})
    by_two = IN_EMERGENCY.model_copy(update={"quorum": 2, "break_glass": named})
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("untold-of-two", spec(by_two))
    approval = await far_end.asked(run)
    far_end.untold = {"alert/break_glass/": "Handrail is not a member of it."}

    await run.signal("decide", click(approval, BOB))
    await run.signal("decide", break_glass(approval, BOB))
    await far_end.until(lambda: far_end.told)
    await run.signal("decide", click(approval, CAROL))
    await run.result()

    [order] = far_end.applied
    assert [(vote.person, vote.break_glass) for vote in order.admission.votes] == [
        (BOB, False),
        (CAROL, False),
    ]
    rows = await run.query("audit", result_type=list[AuditRow])
    assert "reopened" not in [row.what for row in rows]


async def test_each_emergency_is_told_also_the_second_of_one_change(with_planner):
    """Alice may not any more when it is looked up; Dave's is another emergency."""
    named = IN_EMERGENCY.break_glass.model_copy(update={"people": People(users=("U0ALICE", "U0DAVE"))})
    far_end = await with_planner(in_order(deploy()))
    far_end.standings_in_turn = [Standing.MEMBER, Standing.DEACTIVATED]
    run = await far_end.start("twice", spec(IN_EMERGENCY.model_copy(update={"break_glass": named})))
    approval = await far_end.asked(run)

    await run.signal("decide", break_glass(approval, ALICE, "checkout is down"))
    await far_end.seen(run, lambda view: not view.approvals[0].votes and view.alerts)
    await run.signal("decide", break_glass(approval, DAVE, "it still is"))
    await run.result()

    told = [(alert.by, alert.reason) for alert in far_end.views[run.id].alerts]
    assert told == [(ALICE, "checkout is down"), (DAVE, "it still is")]


@pytest.mark.parametrize(
    ("person", "reason", "why"),
    [
        (BOB, "down", "No rule lets you approve this alone in an emergency."),
        (CAROL, "down", "No rule lets you approve this alone in an emergency."),
        (ALICE, "  ", "Approving alone in an emergency needs a reason."),
    ],
)
async def test_who_may_not_break_the_glass_is_told_why(with_planner, person, reason, why):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start(f"no-emergency-{person.user}", spec(IN_EMERGENCY))

    await run.signal("decide", break_glass(await far_end.asked(run), person, reason))
    await far_end.until(lambda: far_end.told)

    assert far_end.told == [why]
    assert far_end.applied == []
    await run.signal("cancel", cancel(ALICE))
    await run.result()


@pytest.mark.parametrize("passes", [True, False])
async def test_an_emergency_passes_a_freeze_only_where_its_rule_says_so(with_planner, temporal, passes):
    named = IN_EMERGENCY.break_glass.model_copy(update={"passes_freeze": passes})
    far_end = await with_planner(in_order(deploy()))
    far_end.freezes = [Frozen(reason="the sale", since=datetime.now(UTC))]
    run = await far_end.start(
        f"emergency-{passes}", spec(IN_EMERGENCY.model_copy(update={"break_glass": named}))
    )

    await run.signal("decide", break_glass(await far_end.asked(run), ALICE))
    if not passes:
        await far_end.seen(run, lambda view: view.approvals[0].held)
        await run.signal("cancel", cancel(ALICE))

    assert (await run.result()).state is (RunState.DONE if passes else RunState.CANCELLED)
    assert len(far_end.applied) == passes
