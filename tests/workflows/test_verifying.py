"""Before an effect is sent again, the tool is asked whether it is there."""

import pytest
import pytest_asyncio
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from handrail.queues import as_activities, runner
from tests.conftest import binary
from tests.workflows.far_end import BY_BOB, TICKET, FarEnd, in_order, spec, ticket
from tests.workflows.samples import NOON, effect
from tests.workflows.sender import Sender
from workflows.outside import Queue
from workflows.rules.admission import admit_by_rule
from workflows.values.effect import EffectOrder, OutcomeState
from workflows.values.spec import RuleKind
from workflows.values.tools import Verify
from workflows.values.view import RunState

SETTLING = TICKET.model_copy(update={"verify": Verify(tool="find", found="tickets", settle_seconds=60)})


@pytest_asyncio.fixture(scope="module")
async def timers():
    """A server that skips time by itself. It is not the real one, so it is used for nothing but timers."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=binary("temporal-test-server")
    ) as environment:
        yield environment.client


@pytest.fixture
def sent(timers):
    """Send one effect to its outcome, skipping the minutes in which it settles and is looked for."""

    async def send(far_end):
        ticketed = effect().model_copy(update={"contract": SETTLING})
        admission = admit_by_rule(ticketed.digest, "rule", (), NOON)
        order = EffectOrder(effect=ticketed, admission=admission, run_id="run/none", run_name="none")
        activities = as_activities(far_end)[Queue.RUNS]
        async with (
            Worker(timers, task_queue=Queue.RUNS, activities=activities),
            Worker(timers, task_queue="send", workflows=[Sender], workflow_runner=runner()),
        ):
            return await timers.execute_workflow(
                Sender.run, order, id=f"send/{id(far_end)}", task_queue="send"
            )

    return send


def losing(timers, replies: int, *found: int | None) -> FarEnd:
    far_end = FarEnd(timers, in_order())
    far_end.lose_replies, far_end.found = replies, list(found)
    return far_end


async def test_what_is_not_there_is_sent_again_and_looked_for_once_more(timers, sent):
    far_end = losing(timers, 1, 0, 0, 0, 1)

    outcome = await sent(far_end)

    assert (outcome.state, far_end.sent, far_end.looked) == (OutcomeState.APPLIED, 2, 4)


async def test_one_look_that_finds_nothing_is_no_proof(timers, sent):
    far_end = losing(timers, 1, 0, 0, 1)

    outcome = await sent(far_end)

    assert (outcome.state, far_end.sent, far_end.looked) == (OutcomeState.APPLIED, 1, 3)
    assert "it happened" in outcome.text


async def test_a_tool_that_can_not_tell_is_asked_for_half_an_hour_and_then_people_are(timers, sent):
    far_end = losing(timers, 1)

    outcome = await sent(far_end)

    assert (outcome.state, far_end.sent) == (OutcomeState.UNKNOWN, 1)
    assert far_end.looked > 5
    assert outcome.text.endswith("I looked.")


async def test_what_is_there_twice_is_not_called_done(timers, sent):
    far_end = losing(timers, 1, 0, 0, 0, 2)

    outcome = await sent(far_end)

    assert (outcome.state, far_end.sent) == (OutcomeState.UNKNOWN, 2)
    assert "It is there 2 times." in outcome.text


async def test_after_three_lost_replies_it_is_not_sent_again(timers, sent):
    far_end = losing(timers, 3, *[0] * 9)

    outcome = await sent(far_end)

    assert (outcome.state, far_end.sent) == (OutcomeState.UNKNOWN, 3)


async def test_what_proves_that_nothing_was_done_needs_no_look(timers, sent):
    far_end = losing(timers, 0)
    far_end.refuse_after = 0

    outcome = await sent(far_end)

    assert (outcome.state, far_end.sent, far_end.looked) == (OutcomeState.NOT_APPLIED, 1, 0)


async def test_a_refusal_of_the_second_sending_says_nothing_of_the_first(timers, sent):
    far_end = losing(timers, 1, 0, 0, 0, 1)
    far_end.refuse_after = 1

    outcome = await sent(far_end)

    assert (outcome.state, far_end.sent, far_end.looked) == (OutcomeState.APPLIED, 2, 4)


@pytest.mark.recorded
async def test_a_run_whose_reply_was_lost_goes_on_without_asking_anybody(with_planner):
    far_end = await with_planner(in_order(ticket()))
    far_end.lose_replies, far_end.found = 1, [1]
    run = await far_end.start("found", spec(BY_BOB.model_copy(update={"then": RuleKind.ALLOW})))

    result = await run.result()

    assert (result.state, far_end.sent) == (RunState.DONE, 1)
    assert [change.certain for change in result.changes] == [True]
