"""The door to schedules, which Temporal keeps."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.service import RPCError, RPCStatusCode

from workflows.outside import TASK, Queue
from workflows.rules.names import firing_id, run_of, schedule_id

from .errors import BadTimes, NamesTaken, NoSuchSchedule, RunEnded, RunGone, TemporalUnavailable
from .runs import HANDOFF, hand_off
from .scheduled import Kept, Known

WORKFLOW = "ScheduledStart"
MEMO = "schedule"
MISSED = timedelta(hours=1)
"""Later than this, a firing that Temporal could not make in time is left out."""
NAMES = 20
"""Schedules that one goal's name is good for; a further one is named after its occasion."""
MOST = 1000
"""Looked through for a list."""
A_LOOK = 1.0
"""Seconds for what is a courtesy to know."""


class Schedules:
    """Every call is bounded; every failure is a `BotError`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(self, wanted: Kept, team: str) -> Kept:
        """Under the first name that is free; a redelivery finds what was created. Raises BadTimes."""
        wanted = wanted.model_copy(update={"occasion": hashlib.sha256(wanted.occasion.encode()).hexdigest()})
        for name in _names(wanted):
            kept = wanted.model_copy(update={"goal": wanted.goal.model_copy(update={"name": name})})
            try:
                await self._create(kept, team)
            except ScheduleAlreadyRunningError:
                if (await self.find(team, name)).kept.occasion == wanted.occasion:
                    return kept
            else:
                return kept
        raise NamesTaken

    async def _create(self, kept: Kept, team: str) -> None:
        name = kept.goal.name
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(
                WORKFLOW,
                kept.goal,
                id=firing_id(team, name),
                task_queue=Queue.RUNS.value,
                task_timeout=TASK,
                static_summary=name,
            ),
            spec=ScheduleSpec(cron_expressions=[kept.cron], time_zone_name=kept.zone),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=MISSED),
            state=ScheduleState(),
        )
        async with hand_off():
            try:
                await self._client.create_schedule(
                    schedule_id(team, name), schedule, memo={MEMO: kept}, rpc_timeout=_seconds(HANDOFF)
                )
            except RPCError as error:
                if error.status is RPCStatusCode.INVALID_ARGUMENT:
                    raise BadTimes(error.message) from None
                raise

    async def find(self, team: str, name: str) -> Known:
        """Raises NoSuchSchedule."""
        async with _schedule(name):
            return await _known(await self._handle(team, name).describe(rpc_timeout=_seconds(HANDOFF)))

    async def look(self, team: str, kept: Kept) -> Known:
        """As `find`, where there is little time: without what Temporal does not say soon."""
        try:
            async with asyncio.timeout(A_LOOK):
                return await self.find(team, kept.goal.name)
        except (TimeoutError, TemporalUnavailable):
            return Known(kept=kept, next=None)

    async def all(self, team: str) -> list[Known]:
        """Temporal's lists are a moment behind, and say less than it knows of one."""
        async with hand_off():
            listed = await self._client.list_schedules(page_size=MOST, rpc_timeout=_seconds(HANDOFF))
            known = [await _listed(each) async for each in _first(listed, MOST) if _of(team, each.id)]
        return sorted((each for each in known if each is not None), key=lambda each: each.kept.goal.name)

    async def pause(self, team: str, name: str, note: str) -> None:
        async with _schedule(name):
            await self._handle(team, name).pause(note=note, rpc_timeout=_seconds(HANDOFF))

    async def resume(self, team: str, name: str, note: str) -> None:
        async with _schedule(name):
            await self._handle(team, name).unpause(note=note, rpc_timeout=_seconds(HANDOFF))

    async def delete(self, team: str, name: str) -> None:
        async with _schedule(name):
            await self._handle(team, name).delete(rpc_timeout=_seconds(HANDOFF))

    async def fire(self, team: str, name: str) -> None:
        """Now. Left out where the run before is still open."""
        async with _schedule(name):
            await self._handle(team, name).trigger(rpc_timeout=_seconds(HANDOFF))

    def _handle(self, team: str, name: str) -> ScheduleHandle:
        return self._client.get_schedule_handle(schedule_id(team, name))


@asynccontextmanager
async def _schedule(name: str) -> AsyncIterator[None]:
    """Raises NoSuchSchedule, NotReached, NoReply."""
    try:
        async with hand_off(name):
            yield
    except (RunEnded, RunGone):
        raise NoSuchSchedule(name) from None


def _names(wanted: Kept) -> list[str]:
    short = wanted.goal.name
    numbered = [f"{short}-{number}" for number in range(2, NAMES + 1)]
    return [short, *numbered, f"{short}-{wanted.occasion[:8]}"]


def _of(team: str, workflow_id: str) -> bool:
    return workflow_id.startswith(schedule_id(team, ""))


async def _first(
    listed: AsyncIterator[ScheduleListDescription], most: int
) -> AsyncIterator[ScheduleListDescription]:
    async for each in listed:
        yield each
        most -= 1
        if not most:
            return


async def _listed(listed: ScheduleListDescription) -> Known | None:
    """None for one that is not ours, whatever its id says."""
    kept = await listed.memo_value(MEMO, None, type_hint=Kept)
    if kept is None or listed.schedule is None or listed.info is None:
        return None
    state = listed.schedule.state
    return Known(
        kept=kept, paused=state.paused, note=state.note or "", next=tuple(listed.info.next_action_times)
    )


async def _known(description: ScheduleDescription) -> Known:
    """Raises NoSuchSchedule for one that is not ours."""
    kept = await description.memo_value(MEMO, None, type_hint=Kept)
    if kept is None:
        raise NoSuchSchedule(description.id)
    info, state = description.info, description.schedule.state
    last = info.recent_actions[-1] if info.recent_actions else None
    fired = last.action if last is not None else None
    run = (
        run_of(kept.goal.requester.team, fired.workflow_id)
        if isinstance(fired, ScheduleActionExecutionStartWorkflow)
        else ""
    )
    return Known(
        kept=kept,
        paused=state.paused,
        note=state.note or "",
        next=tuple(info.next_action_times),
        last=last.started_at if last is not None else None,
        last_run=run,
        running=bool(info.running_actions),
        skipped=info.num_actions_skipped_overlap,
        missed=info.num_actions_missed_catchup_window,
    )


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)
