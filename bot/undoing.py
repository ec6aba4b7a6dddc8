"""A change of a run that has ended is taken back by another run, with its own preview and approval."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from slack_bolt.context.ack.async_ack import AsyncAck

from workflows.rules.names import run_id
from workflows.values.people import Person
from workflows.values.spec import UndoPlanner
from workflows.values.view import Change, RunView

from .afterwards import Afterwards
from .cards import draw
from .errors import BotError, Refused, RunGone, looking_up
from .found import Found
from .payloads import Click, Payload
from .runs import Goal, Runs
from .settings import BotSettings
from .slack import Posted, Slack
from .start_policy import StartPolicy
from .views.lists import sentence
from .views.look import Look
from .views.refs import UndoRef
from .views.text import code, one_line, shortened
from .words import ending as said

log = logging.getLogger(__name__)

ENDS = ("root", "result")
"""The cards that say how a run ended."""
LONGEST = 300
"""Characters of what the change was, and of what it was made to, in the goal."""
TRIES = 20
"""Runs that may be started to undo one change, one after the other."""


class Attempt(NamedTuple):
    """The last run that was to undo a change; the first that could be, where *found* is None."""

    run: str
    found: Found | None
    undone: bool = False

    @property
    def name(self) -> str:
        summary = self.found and self.found.summary
        return summary.name if summary else self.run


class Undoing:
    def __init__(
        self, runs: Runs, slack: Slack, policy: StartPolicy, settings: BotSettings, later: Afterwards
    ) -> None:
        self._runs = runs
        self._slack = slack
        self._policy = policy
        self._settings = settings
        self._later = later

    async def clicked(self, ack: AsyncAck, body: Payload) -> None:
        """A run that has ended may be slow to say what it changed, so Slack has its answer first."""
        click = Click.from_slack(body, datetime.now(UTC))
        self._later.do(self._answer(click, click.ref(UndoRef)))
        await ack()

    async def _answer(self, click: Click, ref: UndoRef) -> None:
        try:
            answer = await self._begin(ref, click.person)
        except BotError as error:
            log.warning("an undo by %s of %s was not started: %r", click.person.user, ref.run, error)
            answer = error.text
        await self._slack.whisper(
            click.spot.channel, click.person.user, sentence(answer), click.spot.thread_ts
        )

    async def _begin(self, ref: UndoRef, by: Person) -> str:
        """Starts it, once; what to say. Raises BotError."""
        with looking_up():
            view = await self._runs.view(ref.run)
        change = next((each for each in view.changes if each.call == ref.call and each.undo), None)
        spec = self._settings.agent(view.agent)
        contract = next((each for each in self._settings.tools if change and each.name == change.undo), None)
        if change is None or spec is None or contract is None:
            return said.NO_UNDO
        if why := await self._policy.refusal(spec, by, view.place.channel):
            return self._policy.said(why, spec)
        with looking_up():
            last = await self._last(view, ref.call)
        if last.undone:
            return said.UNDONE_ALREADY.format(name=code(last.name))
        if last.found is not None:
            return said.UNDO_UNDER_WAY.format(name=code(last.name))
        planner = UndoPlanner(run=ref.run, call=ref.call)
        goal = Goal(
            text=said.UNDO_GOAL.format(
                what=shortened(one_line(change.text or change.tool), LONGEST),
                tool=change.tool,
                target=shortened(one_line(change.target), LONGEST),
                name=view.name,
            ),
            by=by,
            place=view.place,
            occasion=last.run,
            run=last.run,
        )
        update = {"planner": planner, "tools": (contract,), "own_tools": ()}
        await self._runs.start(goal, spec.model_copy(update=update))
        return said.UNDO_BEGUN

    async def _last(self, view: RunView, call: int) -> Attempt:
        """The run that undid it or is about to; else the place for one. Whoever clicks, and however often, it is the same."""
        for number in range(1, TRIES):
            name = run_id(view.requester.team, f"undo/{view.run_id}/{call}/{number}")
            try:
                found = await self._runs.describe(name)
            except RunGone:
                return Attempt(name, None)
            result = None if found.open else await self._runs.result(name)
            if found.open or (result is not None and result.changes):
                certain = result is not None and any(change.certain for change in result.changes)
                return Attempt(name, found, undone=certain)
        return Attempt(name, found)

    async def redraw(self, undo: RunView, look: Look) -> None:
        """The cards of the run whose change *undo* took back say so. Raises SlackError, BotError."""
        assert undo.undoes is not None
        try:
            view = await self._runs.view(undo.undoes.run)
        except RunGone:
            return
        undone = {each.call: await self._name_of_undo(view, each) for each in view.changes if each.undo}
        undone[undo.undoes.call] = undo.name
        look = replace(look, undone={call: name for call, name in undone.items() if name})
        for slot in ENDS:
            card, known = draw(view, slot, look), view.cards.get(slot)
            if card is None or known is None:
                continue
            await self._slack.turn_to_redraw(known.channel, known.ts)
            try:
                at = Posted(channel=known.channel, ts=known.ts)
                await self._slack.redraw(at, card, f"{view.run_id}/{slot}")
            except Refused as refused:
                log.warning("a card of %s does not say that it was undone: %s", view.run_id, refused)

    async def _name_of_undo(self, view: RunView, change: Change) -> str:
        last = await self._last(view, change.call)
        return last.name if last.undone else ""
