"""A thought, also while whoever thinks stays away: people see since when, and what is said of it."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, RetryState
from temporalio.exceptions import TimeoutError as TimeoutFailure

from . import outside, pinning, words
from .journal import Journal
from .values.calls import Thought
from .values.steps import ThinkOrder

GIVEN_UP_AFTER = timedelta(hours=2)
PAUSES = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5))
"""Between two rounds of attempts; the last one stays."""
LONGEST_REASON = 300
"""Characters of it on the card."""


async def think(journal: Journal) -> Thought:
    """What the planner proposes next. Raises Stopped, and ActivityError when no retry mends it or it stayed away."""
    memory = journal.memory
    if memory.turn == 0:
        await pinning.pin(journal, journal.spec.tools)
    memory.steps_used += 1
    memory.doing = "Thinking"
    order = ThinkOrder(
        run_id=workflow.info().workflow_id,
        turn=memory.turn + 1,
        agent=journal.spec.name,
        planner=journal.spec.planner,
        tools=journal.spec.tools,
        own_tools=journal.spec.own_tools,
        plan_only=journal.plan_only,
        pins=memory.pins,
    )
    began, rounds = workflow.now(), 0
    while True:
        try:
            summary = words.TURN.format(number=order.turn)
            return await journal.unless_stopped(outside.think(order, summary=summary))
        except ActivityError as error:
            if workflow.now() - began >= GIVEN_UP_AFTER or _no_retry_mends(error):
                raise
            lost, alone = _said(error)
            order = order.model_copy(update={"lost": max(lost, order.lost)})
            memory.doing = _away(began, error)
        journal.touch()
        await journal.pause(max(PAUSES[min(rounds, len(PAUSES) - 1)], alone))
        rounds += 1


def _no_retry_mends(error: ActivityError) -> bool:
    away = isinstance(error.cause, ApplicationError) and error.cause.type == outside.MODEL_UNAVAILABLE
    return error.retry_state is RetryState.NON_RETRYABLE_FAILURE and not away


def _away(since: datetime, error: ActivityError) -> str:
    """To people."""
    why = str(getattr(error.cause, "message", None) or error.cause or error)
    return words.PLANNER_AWAY.format(since=since, why=why[:LONGEST_REASON])


def _said(error: ActivityError) -> tuple[int, timedelta]:
    """Requests that nobody answered (they may have been worked on, and are paid for), and how long to wait."""
    match error.cause:
        case ApplicationError(type=outside.MODEL_UNAVAILABLE, details=(int(lost), int() | float() as alone)):
            return lost, timedelta(seconds=alone)
        case TimeoutFailure(last_heartbeat_details=[int(lost), *_]):
            return lost, timedelta()
        case _:
            return 0, timedelta()
