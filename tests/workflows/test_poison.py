"""Nothing that anybody sends can wedge a run, or keep a decision out."""

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest

from tests.workflows.far_end import ALICE, BOB, click, deploy, in_order
from workflows.inbox import CAPACITY, KEPT_FOR_DECISIONS, SEEN, keep
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

    for name in [*SIGNALS, "effect_unknown", "no_such_signal"]:
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


def test_a_flood_leaves_room_for_decisions(far_end_approval):
    memory = Memory()
    for number in range(CAPACITY * 2):
        keep(memory, Cancel(delivery=f"flood/{number}", by=ALICE))

    keep(memory, click(far_end_approval, BOB))

    assert len(memory.inbox) == CAPACITY - KEPT_FOR_DECISIONS + 1
    assert memory.inbox[-1].by == BOB
    assert memory.dropped == CAPACITY * 2 - (CAPACITY - KEPT_FOR_DECISIONS)


def test_deliveries_are_remembered_within_bounds():
    memory = Memory()
    for number in range(SEEN + 10):
        keep(memory, Cancel(delivery=f"click/{number}", by=ALICE))
        memory.inbox.clear()

    keep(memory, Cancel(delivery=f"click/{SEEN + 9}", by=ALICE))

    assert len(memory.seen) == SEEN
    assert memory.inbox == []
