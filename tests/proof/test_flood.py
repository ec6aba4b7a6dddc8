"""A crowd shouts at a run, faster than anybody could answer. The one approval that counts is heard all the same."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.proof.at_work import at_work
from tests.proof.chain import BY_THE_SERVER, executions
from tests.proof.crowd import Raw, crowd
from tests.proof.poison import unreadable
from tests.workflows.far_end import BOB, TEAM, FarEnd, click, deploy, in_order
from workflows.values.people import Person
from workflows.values.signals import Cancel
from workflows.values.view import ApprovalView, RunState

FLOOD = 11_000
"""The server refuses the 10,001st signal of one execution."""
STRANGERS = 50
LONGEST = 200
"""Bytes. Many signals are the matter here, not long ones: the server ends any workflow whose history holds 50 MB."""


def junk(approval: ApprovalView, count: int) -> Iterator[Raw]:
    """Decisions and cancels of strangers of the same workspace, some on another gate, and what can't be read."""
    rng = random.Random("flood")
    convert = pydantic_data_converter.payload_converter.to_payloads
    for number in range(count):
        by = Person(team=TEAM, user=f"U{number % STRANGERS:05}")
        decision = click(approval, by)
        match rng.randrange(5):
            case 0:
                yield "decide", convert([decision.model_copy(update={"gate": "0" * 64})])
            case 1:
                yield "cancel", convert([Cancel(delivery=decision.delivery, by=by)])
            case 2:
                name, payloads = unreadable(rng)
                yield name, [Payload(metadata=each.metadata, data=each.data[:LONGEST]) for each in payloads]
            case _:
                yield "decide", convert([decision])


@pytest.mark.timeout(580)
@pytest.mark.parametrize("server", ["temporal", "plain_temporal"])
async def test_an_approval_after_a_flood_is_heard(server, temporal, plain_temporal, capsys):
    client: Client = {"temporal": temporal, "plain_temporal": plain_temporal}[server].client
    far_end = FarEnd(client, in_order(deploy()))
    async with at_work(client, far_end):
        run, beside = await far_end.start(f"flooded-{server}"), await far_end.start(f"beside-{server}")
        approval, other = await far_end.asked(run), await far_end.asked(beside)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            shouting = group.create_task(crowd(client, run.id, junk(approval, FLOOD)))
            await beside.signal("decide", click(other, BOB))
            assert (await beside.result()).state is RunState.DONE
            other_took = time.monotonic() - began
        sent = shouting.result()
        await far_end.continued(run)
        heard_again = time.monotonic() - began
        await run.signal("decide", click(approval, BOB))
        result = await run.result()
        took = time.monotonic() - began

    assert result.state is RunState.DONE
    assert Counter(order.run_id for order in far_end.applied) == {run.id: 1, beside.id: 1}
    chain = [each async for each in executions(client, run.id)]
    assert len(chain) > 1
    assert set().union(*(causes for _, causes in chain)) <= BY_THE_SERVER
    with capsys.disabled():
        signals = sum(kinds["workflow_execution_signaled"] for kinds, _ in chain)
        print(
            f"\n{server}: {FLOOD} sent in {sent.seconds:.0f} s, refused {sent.refused}; {signals} taken in all"
        )
        print(
            f"the run beside took {other_took:.1f} s; heard again after {heard_again:.0f} s, applied after {took:.0f} s"
        )
        print(f"{len(chain)} executions")


@pytest.mark.timeout(580)
async def test_what_gathers_while_no_worker_is_up_loses_no_run(plain_temporal):
    client = plain_temporal.client
    far_end = FarEnd(client, in_order(deploy()))
    async with at_work(client, far_end):
        run = await far_end.start("deserted")
        approval = await far_end.asked(run)
    sent = await crowd(client, run.id, junk(approval, FLOOD))
    assert sum(sent.refused.values()) > 0

    async with at_work(client, far_end):
        await far_end.continued(run)
        await run.signal("decide", click(approval, BOB))
        result = await run.result()

    assert (result.state, len(far_end.applied)) == (RunState.DONE, 1)
