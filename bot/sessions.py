"""Agent sessions: what Slack itself shows beside a run's thread, and its Stop button.

docs.slack.dev/ai/agent-sessions: `processing` ends by itself after an hour, `suspended` says that a person is waited
for. They are a courtesy: a workspace without them, or a failure, never holds up a card.
"""

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

from workflows.values.approval import ApprovalState
from workflows.values.signals import Cancel
from workflows.values.view import RunState, RunView

from .afterwards import Afterwards
from .errors import BotError, Refused, RunEnded, RunGone, SlackError
from .payloads import Payload, SessionStop
from .runs import Runs, within
from .slack import Slack, Status

log = logging.getLogger(__name__)

RENEWAL = timedelta(minutes=25)
"""Twice within the hour after which Slack takes a run for idle."""
MOST = 2000


class Told(NamedTuple):
    channel: str
    thread: str
    status: Status


class Sessions:
    """One for the process. What it remembers only spares calls: Slack takes the same status twice."""

    def __init__(self, slack: Slack, runs: Runs, later: Afterwards) -> None:
        self._slack = slack
        self._runs = runs
        self._later = later
        self._due: dict[str, tuple[RunView, str]] = {}
        """Views whose status is still to be said, and their threads: of each run the latest."""
        self._busy = False
        self._told: OrderedDict[str, Told] = OrderedDict()
        """By run."""
        self._offered = True

    def tell(self, view: RunView, thread: str | None) -> None:
        """Say how the run stands, if that is news: soon, and without anybody waiting for it."""
        if thread is None or not self._offered or self._told.get(view.run_id) == _told(view, thread):
            return
        self._due[view.run_id] = (view, thread)
        if not self._busy:
            self._busy = True
            self._later.do(self._say_all())

    async def _say_all(self) -> None:
        try:
            while self._due and self._offered:
                await self._say(*self._due.pop(next(iter(self._due))))
        finally:
            self._busy = False

    async def _say(self, view: RunView, thread: str) -> None:
        try:
            await self._set(view, thread)
        except Refused as refused:
            self._offered = refused.channel_lost
            if not self._offered:
                self._slack.once("sessions", "threads show no agent sessions here: %s", refused.code)
        except SlackError as error:
            log.info("the session of run %s is not up to date: %s", view.run_id, error)
        else:
            self._told[view.run_id] = _told(view, thread)
            self._told.move_to_end(view.run_id)
            while len(self._told) > MOST:
                self._told.popitem(last=False)

    async def _set(self, view: RunView, thread: str) -> None:
        told = _told(view, thread)
        try:
            await self._slack.set_session(*told, view.name, view.requester.user)
        except Refused as refused:
            if refused.code != "user_not_in_channel":
                raise
            await self._slack.set_session(*told, view.name)

    async def renew(self) -> None:
        """Say of every run that works that it still does. Raises BotError.

        Those that wait for a time or an event do too: Temporal's index tells them not from those that wait for a person,
        so of these it is known only what was told.
        """
        at_work = [found.run_id for found in await self._runs.at_work()]
        told = [run for run, told in self._told.items() if told.status == "processing"]
        for run in dict.fromkeys([*at_work, *told]):
            try:
                view = await self._runs.view(run)
            except BotError as error:
                log.info("the session of run %s is not renewed: %r", run, error)
                continue
            self._told.pop(view.run_id, None)
            root = view.cards.get("root")
            self.tell(view, view.place.thread_ts or (root.ts if root else None))

    async def keep_renewing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(RENEWAL.total_seconds())
            try:
                await self.renew()
            except BotError as error:
                log.info("sessions are not renewed now: %r", error)

    async def stopped(self, body: Payload) -> None:
        """Somebody pressed Stop: each run in that thread judges whether they may. Raises BotError, BadPayload."""
        stop = SessionStop.from_slack(body)
        async with within():
            for run in await self._in_thread(stop.channel, stop.thread_ts):
                with suppress(RunEnded, RunGone):
                    await self._runs.cancel(run, Cancel(delivery=stop.delivery, by=stop.person))

    async def _in_thread(self, channel: str, thread: str) -> set[str]:
        """Temporal's index knows a run's thread a moment later than the thread shows the run."""
        lately = {run for run, told in self._told.items() if told[:2] == (channel, thread)}
        found = await self._runs.in_thread(channel, thread)
        return {run.run_id for run in found} | {run for run in lately if self._told[run].status != "closed"}


def _told(view: RunView, thread: str) -> Told:
    return Told(view.place.channel, thread, status(view))


def status(view: RunView) -> Status:
    """Where it is suspended Slack has no Stop button: only a run that a person can bring on is."""
    if view.state.ended:
        return "closed"
    return "suspended" if view.state is RunState.WAITING and _waits_for_people(view) else "processing"


def _waits_for_people(view: RunView) -> bool:
    return (
        any(approval.state is ApprovalState.OPEN for approval in view.approvals)
        or any(not question.answered for question in view.questions)
        or any(not unknown.said for unknown in view.unknowns)
    )
