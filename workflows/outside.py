"""Everything a run may ask of the world, on one page: each step with its queue, timeouts and retries.

Server clocks run while workers are down, and a schedule-to-start timeout is never retried. For all steps but the two
that apply, a timeout of waiting means: ask again (`Step.__call__` does). For those two it proves *not applied*.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, TimeoutType
from temporalio.exceptions import TimeoutError as TimeoutFailure

from .values.approval import Previewed
from .values.calls import Thought
from .values.effect import EffectOrder, Holder, Outcome, Recalled, RecallOrder, Verified
from .values.events import SubscribeOrder, Subscription
from .values.freeze import FreezeAnswer, FreezeQuestion
from .values.outputs import OutputPart
from .values.people import PeopleAnswer, PeopleQuestion
from .values.schedule import Firing, Prepared
from .values.steps import (
    CompactOrder,
    Listed,
    ListOrder,
    PermittedRead,
    Pinned,
    PinOrder,
    PreviewOrder,
    ReadResult,
    Summary,
    ThinkOrder,
)
from .values.view import Announce, Announced

Takes = TypeVar("Takes")
Gives = TypeVar("Gives")
Carrier = TypeVar("Carrier")

NEVER_AGAIN = ["PayloadsTooLarge", "Permanent"]
"""Error types that no retry mends. A result too large would otherwise repeat what was done."""

MODEL_UNAVAILABLE = "ModelUnavailable"
"""Error type of a thought that a model can't have now, with two details: how many requests of it nobody answered, and
for how many seconds its provider wants to be left alone."""

TOO_LONG = "ContextExceeded"
"""The type of the error of a `think` step whose model can't take the whole conversation: the run makes room."""

TASK = timedelta(seconds=5)
"""A workflow task that a killed worker had taken is given to another after this long."""

FRESHNESS = timedelta(minutes=15)
"""How old an admission may be when its effect starts; an hour-old one is never carried out."""


BOT = "slack"
"""The team whose worker is the bot's own: the one that may call tools which need Slack's token."""


class Queue(StrEnum):
    """Two, so that the credentials stay apart: tools and models here, Slack there."""

    RUNS = "handrail-runs"
    SLACK = "handrail-slack"

    def of(self, team: str) -> str:
        """The task queue of a team's own tools, so that their credentials stay on its worker."""
        if team == BOT:
            return Queue.SLACK.value
        return f"{self.value}-{team}" if team else self.value


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@dataclass(frozen=True)
class Step(Generic[Takes, Gives]):
    """One thing a run asks of the outside world. Calling it schedules the activity that carries it out."""

    name: str
    takes: type[Takes]
    gives: type[Gives]
    queue: Queue
    schedule_to_start: timedelta
    start_to_close: timedelta
    schedule_to_close: timedelta
    heartbeat: timedelta | None = None
    attempts: int = 0
    """0: as many as fit into schedule_to_close."""
    longest_backoff: timedelta = field(default=timedelta(seconds=30))
    ask_again: bool = True
    """An outage is not a failure: when nobody was there to take it up, it is issued again."""
    let_finish: bool = False
    """When the run no longer wants it: wait for its true end, instead of leaving it to itself."""

    async def __call__(self, order: Takes, summary: str = "", team: str = "") -> Gives:
        """By the worker of *team*, where one is named. Raises ActivityError."""
        while True:
            try:
                return await self._once(order, summary, team)
            except ActivityError as error:
                if not (self.ask_again and _nobody_came(error)):
                    raise

    async def _once(self, order: Takes, summary: str, team: str) -> Gives:
        given: Gives = await workflow.execute_activity(
            self.name,
            order,
            result_type=self.gives,
            task_queue=self.queue.of(team),
            schedule_to_start_timeout=self.schedule_to_start,
            start_to_close_timeout=self.start_to_close,
            schedule_to_close_timeout=self.schedule_to_close,
            heartbeat_timeout=self.heartbeat,
            retry_policy=RetryPolicy(
                initial_interval=seconds(1),
                maximum_interval=self.longest_backoff,
                maximum_attempts=self.attempts,
                non_retryable_error_types=NEVER_AGAIN,
            ),
            cancellation_type=(
                workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
                if self.let_finish
                else workflow.ActivityCancellationType.TRY_CANCEL
            ),
            summary=summary or None,
        )
        return given


def _nobody_came(error: ActivityError) -> bool:
    waited = {TimeoutType.SCHEDULE_TO_START, TimeoutType.SCHEDULE_TO_CLOSE}
    return isinstance(error.cause, TimeoutFailure) and error.cause.type in waited


def carries_out(
    step: Step[Takes, Gives],
) -> Callable[[Callable[[Carrier, Takes], Awaitable[Gives]]], Callable[[Carrier, Takes], Awaitable[Gives]]]:
    """Tie a method to the step it carries out; the type checker follows, and `step_of` finds it."""

    def tie(
        method: Callable[[Carrier, Takes], Awaitable[Gives]],
    ) -> Callable[[Carrier, Takes], Awaitable[Gives]]:
        setattr(method, _TIE, step)
        return method

    return tie


_TIE = "__handrail_step__"


def step_of(method: object) -> Step[Any, Any] | None:
    """The step that a method was tied to by `carries_out`."""
    return getattr(method, _TIE, None)


pin = Step(
    "pin", PinOrder, Pinned, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(60), schedule_to_close=seconds(7200), attempts=5,
    heartbeat=seconds(10),
)  # fmt: skip
think = Step(
    "think", ThinkOrder, Thought, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(300), schedule_to_close=seconds(7200), attempts=5,
    heartbeat=seconds(10), longest_backoff=seconds(300),
)  # fmt: skip
read = Step(
    "read", PermittedRead, ReadResult, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(120), schedule_to_close=seconds(7200), attempts=5,
    heartbeat=seconds(10),
)  # fmt: skip
read_output = Step(
    "read_output", OutputPart, ReadResult, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(60), schedule_to_close=seconds(7200), attempts=5,
    heartbeat=seconds(10),
)  # fmt: skip
compact = Step(
    "compact", CompactOrder, Summary, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(300), schedule_to_close=seconds(7200), attempts=3,
    heartbeat=seconds(10), longest_backoff=seconds(60),
)  # fmt: skip
preview = Step(
    "preview", PreviewOrder, Previewed, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(120), schedule_to_close=seconds(7200), attempts=5,
    heartbeat=seconds(10),
)  # fmt: skip
recall = Step(
    "recall", RecallOrder, Recalled, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(600), schedule_to_close=timedelta(days=1),
    heartbeat=seconds(10),
)  # fmt: skip
who_holds = Step(
    "who_holds", str, Holder, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(10), schedule_to_close=seconds(7200), attempts=5,
)  # fmt: skip
apply_once = Step(
    "apply_once", EffectOrder, Outcome, Queue.RUNS,
    schedule_to_start=FRESHNESS, start_to_close=seconds(660), schedule_to_close=FRESHNESS + seconds(660),
    heartbeat=seconds(10), attempts=1, ask_again=False, let_finish=True,
)  # fmt: skip
apply_with_key = Step(
    "apply_with_key", EffectOrder, Outcome, Queue.RUNS,
    schedule_to_start=FRESHNESS, start_to_close=seconds(660), schedule_to_close=timedelta(hours=19),
    heartbeat=seconds(10), longest_backoff=seconds(300), ask_again=False, let_finish=True,
)  # fmt: skip
verify = Step(
    "verify", EffectOrder, Verified, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(120), schedule_to_close=seconds(7200), attempts=5,
    heartbeat=seconds(10),
)  # fmt: skip
list_tools = Step(
    "list_tools", ListOrder, Listed, Queue.RUNS,
    schedule_to_start=seconds(10), start_to_close=seconds(60), schedule_to_close=seconds(60), attempts=1,
    ask_again=False,
)  # fmt: skip
frozen = Step(
    "frozen", FreezeQuestion, FreezeAnswer, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(10), schedule_to_close=seconds(7200), attempts=5,
)  # fmt: skip
subscribe = Step(
    "subscribe", SubscribeOrder, Subscription, Queue.RUNS,
    schedule_to_start=seconds(3600), start_to_close=seconds(10), schedule_to_close=seconds(7200),
)  # fmt: skip
people = Step(
    "people", PeopleQuestion, PeopleAnswer, Queue.SLACK,
    schedule_to_start=seconds(60), start_to_close=seconds(10), schedule_to_close=seconds(60), attempts=3,
    ask_again=False,
)  # fmt: skip
announce = Step(
    "announce", Announce, Announced, Queue.SLACK,
    schedule_to_start=timedelta(hours=24), start_to_close=seconds(120), schedule_to_close=timedelta(hours=24),
    heartbeat=seconds(15), longest_backoff=seconds(60), let_finish=True,
)  # fmt: skip
prepare = Step(
    "prepare", Firing, Prepared, Queue.SLACK,
    schedule_to_start=seconds(3600), start_to_close=seconds(60), schedule_to_close=seconds(3600),
    longest_backoff=seconds(60), ask_again=False,
)  # fmt: skip
