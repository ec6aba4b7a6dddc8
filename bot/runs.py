"""All this bot ever says to Temporal."""

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from workflows import attributes
from workflows.outside import TASK, Queue
from workflows.rules.names import fallback_number, run_id, slug
from workflows.rules.phrases import understood
from workflows.values.account import Account
from workflows.values.base import Value
from workflows.values.people import Person, Place
from workflows.values.run import Ask, RunInput, RunResult, RunSummary
from workflows.values.signals import Answer, Cancel, Decide, DecideAll, Edit, Resolve, Revise, Signal
from workflows.values.spec import AgentSpec
from workflows.values.view import RunView

from .errors import NoReply, NotReached, RunEnded, RunGone, TemporalRefused
from .found import Found, Page
from .run_queries import UNDER_WAY

WORKFLOW = "AgentRun"
HANDOFF = 2.0
"""Seconds. Slack wants its answer within 3: docs.slack.dev/interactivity/handling-user-interaction."""
LISTENING = 2.5
"""Seconds for all that one listener asks of Temporal."""
COUNTING = timedelta(milliseconds=500)
"""A name is a courtesy: it may not cost the hand-off."""
LOOKING = timedelta(seconds=5)
NEVER_SENT = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED})
SLOW = frozenset({RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_NOT_CONTINUED = 'ExecutionStatus != "ContinuedAsNew"'
_RUNS = f"WorkflowType = '{WORKFLOW}' AND {_NOT_CONTINUED}"

Answered = TypeVar("Answered")


class Goal(Value):
    """What somebody wants started."""

    text: str
    by: Person
    place: Place
    source: str = ""
    """Whose event wants it, on that person's behalf."""
    occasion: str
    """What is repeated with it, so that a redelivery is the same run."""
    run: str = ""
    """The workflow id, where it is not that of its occasion."""
    plan_only: bool = False
    schedule: str = ""
    """The name of the schedule that starts it."""


class Runs:
    """The one door to Temporal. Every call is bounded; every failure is a `BotError`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def namespace(self) -> str:
        return self._client.namespace

    async def start(self, goal: Goal, spec: AgentSpec) -> str:
        """The workflow id of the run, started now or by an earlier delivery of the same."""
        workflow_id = goal.run or run_id(goal.by.team, goal.occasion)
        async with hand_off():
            order = await self.order(goal, spec, workflow_id)
            # Already started: it ran, and ended. It is the same delivery again.
            with contextlib.suppress(WorkflowAlreadyStartedError):
                await self._client.start_workflow(
                    WORKFLOW,
                    order,
                    id=workflow_id,
                    task_queue=Queue.RUNS.value,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    memo={attributes.MEMO_STATUS: attributes.first_summary(order.ask, spec)},
                    search_attributes=attributes.of_new_run(order.ask, spec),
                    static_summary=order.ask.name,
                    task_timeout=TASK,
                    rpc_timeout=timedelta(seconds=HANDOFF),
                )
        return workflow_id

    async def order(self, goal: Goal, spec: AgentSpec, workflow_id: str) -> RunInput:
        """What a run of *goal* starts with."""
        short = self.named_after(goal.text, spec)
        ask = Ask(
            goal=goal.text,
            requester=goal.by,
            place=goal.place,
            source=goal.source,
            name=f"{short}-{await self._number(short, workflow_id)}",
            plan_only=goal.plan_only,
            schedule=goal.schedule,
        )
        return RunInput(ask=ask, spec=spec)

    def named_after(self, goal: str, spec: AgentSpec) -> str:
        """What it is called, without its number."""
        return slug(goal, spec.name, understood(spec.planner, goal) or {})

    async def _number(self, short: str, workflow_id: str) -> str:
        """One more than there are of that name; something stable when nobody can count in time."""
        query = f"{attributes.SLUG.name} = '{short}' AND {_NOT_CONTINUED}"
        try:
            async with asyncio.timeout(COUNTING.total_seconds()):
                known = await self._client.count_workflows(query, rpc_timeout=COUNTING)
        except (RPCError, TimeoutError):
            return fallback_number(workflow_id)
        return str(known.count + 1)

    async def decide(self, run: str, decision: Decide) -> None:
        await self._signal(run, "decide", decision)

    async def decide_all(self, run: str, decision: DecideAll) -> None:
        await self._signal(run, "decide_all", decision)

    async def edit(self, run: str, edit: Edit) -> None:
        await self._signal(run, "edit", edit)

    async def answer(self, run: str, answer: Answer) -> None:
        await self._signal(run, "answer", answer)

    async def cancel(self, run: str, cancel: Cancel) -> None:
        await self._signal(run, "cancel", cancel)

    async def revise(self, run: str, revise: Revise) -> None:
        await self._signal(run, "revise", revise)

    async def resolve(self, run: str, resolve: Resolve) -> None:
        await self._signal(run, "resolve", resolve)

    async def _signal(self, run: str, name: str, value: Signal) -> None:
        """Durable once this returns, worker or no worker. Raises RunEnded, RunGone, NotReached, NoReply."""
        async with hand_off(run):
            handle = self._client.get_workflow_handle(run)
            await handle.signal(name, value, rpc_timeout=timedelta(seconds=HANDOFF))

    async def view(self, run: str, patience: timedelta = LOOKING) -> RunView:
        """Asks the run itself, so a worker has to be up. Raises RunGone, NotReached, NoReply."""
        async with hand_off(run, patience.total_seconds() + 1):
            handle = self._client.get_workflow_handle(run)
            view: RunView = await handle.query("view", result_type=RunView, rpc_timeout=patience)
            return view

    async def describe(self, run: str) -> Found:
        """From Temporal's own record, worker or no worker. Raises RunGone, NotReached, NoReply."""
        async with hand_off(run):
            handle = self._client.get_workflow_handle(run)
            return await _found(await handle.describe(rpc_timeout=timedelta(seconds=HANDOFF)))

    async def result(self, run: str) -> RunResult | None:
        """What a run that has ended came to; None where it was ended from outside. Raises RunGone, NotReached, NoReply."""
        async with hand_off(run):
            handle = self._client.get_workflow_handle(run, result_type=RunResult)
            with contextlib.suppress(WorkflowFailureError):
                result: RunResult = await handle.result(rpc_timeout=timedelta(seconds=HANDOFF))
                return result
        return None

    async def account(self, run: str, turn: int) -> Account:
        """What happened in a turn; asks the run itself. Raises RunGone, NotReached, NoReply."""
        async with hand_off(run):
            handle = self._client.get_workflow_handle(run)
            told: Account = await handle.query(
                "account", turn, result_type=Account, rpc_timeout=timedelta(seconds=HANDOFF)
            )
            return told

    async def began(self, workflow_id: str) -> datetime:
        """When its first event was written, which a reset by an operator does not move. Raises as `describe` does."""
        async with hand_off(workflow_id):
            handle = self._client.get_workflow_handle(workflow_id)
            events = handle.fetch_history_events(page_size=1, rpc_timeout=timedelta(seconds=HANDOFF))
            return (await anext(events)).event_time.ToDatetime(UTC)

    async def find(self, name: str) -> list[Found]:
        """Runs of that name, else those whose names begin so, newest first. A workflow id names itself."""
        if name.startswith("run/"):
            try:
                return [await self.describe(name)]
            except RunGone:
                return []
        if not NAME.fullmatch(name.lower()):
            return []
        exact = await self._list(f"{attributes.NAME.name} = '{name.lower()}'")
        return exact or await self._list(f"{attributes.NAME.name} STARTS_WITH '{name.lower()}'")

    async def in_thread(self, channel: str, thread_ts: str) -> list[Found]:
        """Runs under way in a thread."""
        if not re.fullmatch(r"[A-Z0-9_]+/[0-9.]+", thread := f"{channel}/{thread_ts}"):
            return []
        return await self._list(f"{attributes.THREAD.name} = '{thread}' AND {UNDER_WAY}")

    async def under_way(self) -> list[Found]:
        """Runs that have not ended, the latest 500."""
        return await self._list(UNDER_WAY, 500)

    async def page(self, which: str, cursor: str = "", size: int = 50) -> Page:
        """One page of the runs that a query of `run_queries` means, in Temporal's order: open ones first, newest first."""
        async with hand_off():
            runs = self._client.list_workflows(
                f"{_RUNS} AND {which}" if which else _RUNS,
                page_size=size,
                next_page_token=_token(cursor),
                rpc_timeout=timedelta(seconds=HANDOFF),
            )
            await runs.fetch_next_page()
            found = [await _found(execution) for execution in runs.current_page or ()]
        following = base64.urlsafe_b64encode(runs.next_page_token or b"").decode()
        return Page(runs=tuple(found), following=following)

    async def _list(self, query: str, limit: int = 50) -> list[Found]:
        """The newest first."""
        found = (await self.page(query, size=limit)).runs
        return sorted(found, key=lambda run: run.started_at, reverse=True)


@asynccontextmanager
async def within(limit: float = LISTENING) -> AsyncIterator[None]:
    """Everything a listener asks of Temporal, together. Raises NoReply."""
    try:
        async with asyncio.timeout(limit):
            yield
    except TimeoutError:
        raise NoReply from None


@asynccontextmanager
async def hand_off(run: str = "", limit: float = HANDOFF) -> AsyncIterator[None]:
    """Within *limit* seconds, or an error that says what it means for whoever asked."""
    try:
        async with asyncio.timeout(limit):
            yield
    except TimeoutError:
        raise NoReply from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise (RunEnded(run) if "already completed" in error.message else RunGone(run)) from None
        if error.status in NEVER_SENT:
            raise NotReached from error
        if error.status in SLOW:
            raise NoReply from None
        raise TemporalRefused(f"{error.status.name}: {error.message}") from None


async def _found(execution: WorkflowExecution) -> Found:
    status = execution.status or WorkflowExecutionStatus.RUNNING
    return Found(
        run_id=execution.id,
        open=status is WorkflowExecutionStatus.RUNNING,
        closed_as="" if status is WorkflowExecutionStatus.RUNNING else status.name.lower().replace("_", " "),
        started_at=execution.start_time,
        closed_at=execution.close_time,
        summary=await execution.memo_value(attributes.MEMO_STATUS, None, type_hint=RunSummary),
    )


def _token(cursor: str) -> bytes | None:
    """A cursor of ours as Temporal gave it; one that is none begins anew."""
    try:
        return base64.urlsafe_b64decode(cursor) or None
    except ValueError:
        return None
