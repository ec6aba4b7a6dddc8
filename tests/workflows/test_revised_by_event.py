"""What happens outside can change a run's goal, for whom it is run, and approves nothing."""

from datetime import UTC, datetime, timedelta

from tests.workflows.far_end import ALICE, BOB, click, deploy, in_order, spec
from workflows.values.approval import ApprovalState
from workflows.values.people import Person
from workflows.values.signals import Event
from workflows.values.spec import ModelPlanner
from workflows.values.view import AuditRow, RunState

RESOLVED = "The incident was resolved at its source."
BY_MODEL = spec().model_copy(update={"planner": ModelPlanner(models=("test:model",))})


def event(text: str = RESOLVED, delivery: str = "1", heard_at: datetime | None = None) -> Event:
    return Event(
        delivery=f"event/alerts/{delivery}",
        by=Person(team="", user="alerts"),
        source="alerts",
        key="checkout",
        facts={"state": "resolved"},
        heard_at=heard_at or datetime.now(UTC) + timedelta(seconds=1),
        revises=text,
    )


async def audited(run, what: str) -> list[AuditRow]:
    return [row for row in await run.query("audit", result_type=list[AuditRow]) if row.what == what]


async def test_an_event_that_revises_withdraws_what_people_were_asked_and_is_the_new_goal(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("by-event", BY_MODEL)
    old = await far_end.asked(run)

    await run.signal("event", event())
    view = await far_end.seen(run, lambda view: len(view.approvals) == 2 and view.approvals[1].deadline)

    first, second = view.approvals
    assert (first.state, first.why) == (
        ApprovalState.WITHDRAWN,
        "an event of alerts changed the goal",
    )
    assert (view.goal, view.source, view.requester) == (RESOLVED, "alerts", ALICE)
    assert second.requesters == (ALICE,)
    [row] = await audited(run, "revised")
    assert (row.text, row.by) == (RESOLVED, None)
    assert row.refs == {"source": "alerts", "delivery": "event/alerts/1"}
    goals = [e for e in (await run.query("transcript"))["entries"] if e["kind"] == "goal"]
    assert [(goal["text"], goal["source"]) for goal in goals] == [
        ("deploy checkout", ""),
        (RESOLVED, "alerts"),
    ]

    await run.signal("decide", click(old, BOB))
    await run.signal("decide", click(second, BOB))
    assert (await run.result()).state is RunState.DONE
    assert len(far_end.applied) == 1


async def test_whom_it_is_run_for_may_still_not_approve_it(with_planner):
    """An event asks on their behalf: four eyes stay four."""
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("by-event-four-eyes", BY_MODEL)
    await far_end.asked(run)
    await run.signal("event", event())
    view = await far_end.seen(run, lambda view: len(view.approvals) == 2 and view.approvals[1].deadline)

    await run.signal("decide", click(view.approvals[1], ALICE))

    await far_end.until(lambda: any("You asked for this change" in told for told in far_end.told))
    assert far_end.applied == []


async def test_an_event_is_heard_once_however_often_it_is_sent(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("by-event-twice", BY_MODEL)
    await far_end.asked(run)
    for _ in range(3):
        await run.signal("event", event())

    view = await far_end.seen(run, lambda view: len(view.approvals) == 2 and view.approvals[1].deadline)
    await run.signal("decide", click(view.approvals[1], BOB))

    assert (await run.result()).state is RunState.DONE
    assert len(await audited(run, "revised")) == 1


async def test_what_was_heard_before_the_run_began_does_not_revise_it(with_planner):
    """The end of an earlier incident lay in the mailbox; a run that begins with the next one is sent it."""
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("by-older-event", BY_MODEL)
    approval = await far_end.asked(run)

    await run.signal("event", event(heard_at=datetime.now(UTC) - timedelta(hours=1)))
    await run.signal("decide", click(approval, BOB))

    assert (await run.result()).state is RunState.DONE
    [row] = await audited(run, "event")
    assert row.text == "alerts: checkout; it is older than this run"
    assert await audited(run, "revised") == []


async def test_an_event_without_words_for_it_changes_nothing(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("by-mere-event", BY_MODEL)
    approval = await far_end.asked(run)

    await run.signal("event", event(""))
    await run.signal("decide", click(approval, BOB))

    assert (await run.result()).state is RunState.DONE
    [row] = await audited(run, "event")
    assert row.text == "alerts: checkout; nothing waits for it"


async def test_a_runbook_that_can_t_act_on_it_goes_on_and_its_requester_is_told(with_planner):
    """It understands `deploy`, and would end over anything else."""
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("by-event-runbook")
    approval = await far_end.asked(run)

    await run.signal("event", event())
    await far_end.until(lambda: far_end.told)

    [told] = far_end.told
    assert told == (
        f"An event of alerts says: “{RESOLVED}” "
        "The runbook of this run can't act on that, so it goes on. Cancel it if it should not."
    )
    await run.signal("decide", click(approval, BOB))
    assert (await run.result()).state is RunState.DONE
    [row] = await audited(run, "event")
    assert row.text == "alerts: checkout; the runbook can't act on it"


async def test_a_runbook_takes_up_an_event_in_words_that_it_knows(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("by-event-phrase")
    await far_end.asked(run)

    await run.signal("event", event("deploy"))

    view = await far_end.seen(run, lambda view: len(view.approvals) == 2)
    assert view.approvals[0].state is ApprovalState.WITHDRAWN
    assert view.goal == "deploy"


async def test_a_flood_of_events_is_answered_to_nobody(with_planner):
    """A source is no person who could be told that its events are too many; a decision still gets through."""
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("by-event-flood", BY_MODEL)
    approval = await far_end.asked(run)

    for number in range(120):
        await run.signal("event", event("", delivery=str(number)))
    await run.signal("decide", click(approval, BOB))

    assert (await run.result()).state is RunState.DONE
    assert far_end.told == []
