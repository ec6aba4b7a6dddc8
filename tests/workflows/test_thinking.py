"""A planner that stays away: the run says so, goes on asking, and gives up at last."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from tests.workflows.far_end import ALICE, cancel
from workflows.outside import MODEL_UNAVAILABLE
from workflows.values.calls import Thought, ThoughtKind
from workflows.values.view import RunState

A_MOMENT = timedelta(milliseconds=1)
ROUND = 5
"""Attempts, before people are told."""


def unavailable(lost: int = 0, after: float = 0) -> ApplicationError:
    return ApplicationError(
        "the provider is overloaded",
        lost,
        after,
        type=MODEL_UNAVAILABLE,
        next_retry_delay=A_MOMENT,
        non_retryable=after > 0,
    )


@pytest.fixture
async def overloaded(with_planner):
    """A planner that can't be asked so many times, and then answers."""

    async def start(times: int, after: float = 0):
        asked: list[int] = []

        def propose(transcript):
            asked.append(1)
            if len(asked) <= times:
                raise unavailable(len(asked), after)
            return Thought(kind=ThoughtKind.ANSWER, text="All is well.")

        far_end = await with_planner(propose)
        return far_end, asked

    return start


@pytest.mark.recorded
async def test_people_see_since_when_its_planner_is_away_and_it_goes_on_when_that_is_back(
    temporal, overloaded
):
    far_end, asked = await overloaded(ROUND + 1)
    run = await far_end.start("overloaded")
    view = await far_end.seen(run, lambda view: "No answer" in view.doing)

    began = f"{view.started_at:%H:%M} UTC"
    assert view.doing == f"No answer from its planner since {began}, asking again: the provider is overloaded"
    assert (view.state, len(asked)) == (RunState.WORKING, ROUND)
    await temporal.fast_forward(run, timedelta(minutes=1, seconds=1))

    assert (await run.result()).text == "All is well."
    assert far_end.views[run.id].budget.steps_used == 1
    assert far_end.views[run.id].budget.working_used < timedelta(minutes=1)


async def test_what_was_lost_in_one_round_is_known_in_the_next(temporal, overloaded):
    far_end, _ = await overloaded(ROUND + 1)
    run = await far_end.start("paid")
    await far_end.seen(run, lambda view: "No answer" in view.doing)
    await temporal.fast_forward(run, timedelta(minutes=1, seconds=1))
    await run.result()

    assert [order.lost for order in far_end.thoughts] == [0] * ROUND + [ROUND] * 2


async def test_a_run_whose_planner_is_away_can_be_cancelled(overloaded):
    far_end, asked = await overloaded(1000)
    run = await far_end.start("cancelled-while-away")
    await far_end.seen(run, lambda view: "No answer" in view.doing)

    await run.signal("cancel", cancel(ALICE))

    assert (await run.result()).state is RunState.CANCELLED
    assert len(asked) == ROUND


async def test_after_two_hours_it_gives_up_and_says_why(temporal, overloaded):
    far_end, asked = await overloaded(1000, after=2400)
    run = await far_end.start("given-up")
    await far_end.seen(run, lambda view: "No answer" in view.doing)
    await temporal.fast_forward(run, timedelta(hours=3))

    result = await run.result()
    assert (result.state, result.text) == (
        RunState.FAILED,
        "The planner failed: the provider is overloaded",
    )
    assert len(asked) == 4


async def test_what_no_retry_mends_ends_the_run_at_once(with_planner):
    asked: list[int] = []

    def propose(transcript):
        asked.append(1)
        raise ApplicationError("it refuses the key", type="Permanent", non_retryable=True)

    far_end = await with_planner(propose)
    result = await (await far_end.start("refused-key")).result()

    assert (result.state, result.text) == (RunState.FAILED, "The planner failed: it refuses the key")
    assert len(asked) == 1
