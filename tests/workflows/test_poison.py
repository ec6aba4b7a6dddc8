"""Nothing that anybody sends can wedge a run, or keep a decision out."""

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest

from tests.workflows.far_end import ALICE, BOB, click, deploy, edit, in_order
from workflows.inbox import CAPACITY, SEEN, Inbox
from workflows.values.people import Person
from workflows.values.run import Memory
from workflows.values.signals import SIGNALS, Cancel
from workflows.values.view import RunState


def json_payload(data: bytes, encoding: bytes = b"json/plain") -> Payload:
    return Payload(metadata={"encoding": encoding}, data=data)


POISON: list[list[Payload]] = [
    [],
    [json_payload(b"null")],
    [json_payload(b"", b"binary/null")],
    [json_payload(b"[]")],
    [json_payload(b'"text"')],
    [json_payload(b"{}")],
    [json_payload(b"{")],
    [json_payload(b'{"delivery": 1, "by": null}')],
    [json_payload(b"[" * 100_000)],
    [json_payload(b"x" * 100_000)],
    [json_payload(b"\xff\xfe", b"no/such-encoding")],
    [json_payload(b'{"delivery":"\\ud800","by":{"team":"T","user":"U"},"reason":"\\ud800"}')],
    [json_payload(b"{}"), json_payload(b"{}"), json_payload(b"{}")],
]


async def test_no_signal_can_wedge_a_run(with_planner, temporal):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("poison")
    approval = await far_end.asked(run)

    for name in [*SIGNALS, "effect_unknown", "event", "no_such_signal"]:
        for payloads in POISON:
            await temporal.client.workflow_service.signal_workflow_execution(
                SignalWorkflowExecutionRequest(
                    namespace="default",
                    workflow_execution=WorkflowExecution(workflow_id=run.id),
                    signal_name=name,
                    input=Payloads(payloads=payloads),
                ),
                # As the SDK's own client does: a run that is continued as new just then asks to come again.
                retry=True,
            )
    await run.signal("decide", click(approval, BOB))
    result = await run.result()

    assert result.state is RunState.DONE
    assert len(far_end.applied) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        '{"version":"\\ud800"}',
        '{"version":1e999}',
        '{"version":' + "[" * 70 + "]" * 70 + "}",
        '{"version":NaN}',
    ],
    ids=["half a character", "no number", "deeper than deep", "NaN"],
)
async def test_an_edit_by_an_approver_can_not_wedge_a_run(with_planner, arguments):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start(f"poisoned-edit-{len(arguments)}")
    approval = await far_end.asked(run)
    hostile = edit(approval, BOB).model_copy(update={"arguments": arguments})

    await run.signal("edit", hostile)
    await far_end.until(lambda: far_end.told)
    await run.signal("decide", click(approval, BOB))

    assert (await run.result()).state is RunState.DONE
    assert "can't be read" in far_end.told[0]


async def test_a_click_without_a_time_zone_can_not_be_read(with_planner):
    far_end = await with_planner(in_order(deploy()))
    run = await far_end.start("no-zone")
    approval = await far_end.asked(run)
    local = click(approval, BOB).model_dump(mode="json") | {"clicked_at": "2026-11-23T12:00:00"}

    await run.signal("decide", local)
    await run.signal("decide", click(approval, ALICE))
    await far_end.until(lambda: far_end.told)
    await run.signal("decide", click(approval, BOB))

    assert (await run.result()).state is RunState.DONE
    clicks = [row["refs"] for row in await run.query("audit") if row["by"] and row["what"] == "approved"]
    assert len(clicks) == 1


def test_nobodys_flood_keeps_out_another_persons_decision(far_end_approval):
    memory = Memory()
    inbox = Inbox(memory)
    crowd = [Person(team=ALICE.team, user=f"U{number}") for number in range(50)]
    taken = [
        inbox.keep(Cancel(delivery=f"flood/{number}", by=crowd[number % 50]))
        for number in range(CAPACITY * 2)
    ]

    assert inbox.keep(click(far_end_approval, BOB))

    assert memory.inbox[-1].by == BOB
    assert memory.dropped == CAPACITY * 2 - (len(memory.inbox) - 1)
    # Each of the crowd is warned once, not for each signal that was dropped.
    assert taken.count(False) == 50


def test_deliveries_are_remembered_within_bounds():
    memory = Memory()
    inbox = Inbox(memory)
    for number in range(SEEN + 10):
        inbox.keep(Cancel(delivery=f"click/{number}", by=ALICE))
        inbox.judged()

    inbox.keep(Cancel(delivery=f"click/{SEEN + 9}", by=ALICE))

    assert len(memory.seen) == SEEN
    assert memory.inbox == []
