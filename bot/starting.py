"""The form that starts a run: opened by the command alone and by shortcuts, redrawn for another agent, sent."""

import hashlib
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from slack_bolt.context.ack.async_ack import AsyncAck

from workflows.rules.phrases import understood
from workflows.rules.visible import visible
from workflows.values.people import Person, Place
from workflows.values.spec import AgentSpec, Runbook

from . import words
from .afterwards import Afterwards
from .commands import StartRun, goal_of, normalised
from .errors import BotError, SlackError
from .payloads import Click, Command, Filled, Payload, Shortcut
from .remembered import Remembered
from .runs import Goal, Runs, within
from .settings import BotSettings
from .slack import Slack
from .start_form import (
    AGENT,
    CHANNEL,
    INPUT_LIMIT,
    MATERIAL,
    PARAMETER,
    Field,
    Order,
    Wrong,
    fields_of,
    kept,
    ordered,
)
from .start_policy import IN_FORM, Refusal, StartPolicy
from .views.lists import sentence
from .views.modals import View, said_modal
from .views.refs import StartRef
from .views.start import selectable, start_modal
from .views.text import shortened

log = logging.getLogger(__name__)


class Starting:
    """It opens from what is at hand: a trigger is good for 3 seconds."""

    def __init__(
        self, runs: Runs, slack: Slack, policy: StartPolicy, settings: BotSettings, later: Afterwards
    ) -> None:
        self._runs = runs
        self._slack = slack
        self._policy = policy
        self._settings = settings
        self._later = later
        self._opened = Remembered()

    # Opening it

    async def by_command(self, command: Command) -> bool:
        """False: it could not be opened."""
        return await self._open(command.trigger_id, StartRef(agent="", channel=command.spot.channel), {})

    async def by_shortcut(self, ack: AsyncAck, body: Payload) -> None:
        chosen = Shortcut.from_slack(body)
        await self._open_or_tell(chosen.person, chosen.trigger_id, StartRef(agent=""), {})
        await ack()

    async def by_button(self, ack: AsyncAck, body: Payload) -> None:
        """For the place where the button stands; on the App Home the form asks for the channel."""
        click = Click.from_slack(body, datetime.now(UTC))
        about = StartRef(agent="", channel=click.spot.channel, thread=click.thread)
        await self._open_or_tell(click.person, click.trigger_id, about, {})
        await ack()

    async def about_message(self, ack: AsyncAck, body: Payload) -> None:
        """Runs in the message's thread. What the message says is quoted, unless it is a goal word for word."""
        chosen = Shortcut.from_slack(body)
        said = normalised(chosen.text)
        spec = self._knows(said)
        about = StartRef(
            agent=spec.name if spec is not None else "",
            channel=chosen.spot.channel,
            thread=chosen.spot.thread_ts or "",
            author=chosen.author,
            quotes=True,
        )
        typed = {MATERIAL: shortened(visible(said), INPUT_LIMIT, words.MATERIAL_CUT)}
        if spec is not None:
            found = understood(spec.planner, said) or {}
            typed |= {PARAMETER + name: value for name, value in found.items()}
        await self._open_or_tell(chosen.person, chosen.trigger_id, about, typed)
        await ack()

    def _knows(self, text: str) -> AgentSpec | None:
        """The agent that knows *text* as a goal, else the one that takes any goal."""
        meant = goal_of(text, self._settings)
        return self._settings.agent(meant.agent) if isinstance(meant, StartRun) else None

    async def _open_or_tell(
        self, person: Person, trigger: str, about: StartRef, typed: Mapping[str, str]
    ) -> None:
        if await self._open(trigger, about, typed):
            return
        sorry = sentence(words.NO_FORM)
        # Not in the thread: where nobody has replied yet, Slack shows it to nobody.
        self._later.do(
            self._slack.whisper(about.channel, person.user, sorry)
            if about.channel
            else self._slack.direct(person.user, sorry)
        )

    async def _open(self, trigger: str, about: StartRef, typed: Mapping[str, str]) -> bool:
        if trigger in self._opened:
            return True  # delivered again: a trigger works once
        self._opened.add(trigger)
        try:
            await self._slack.open_modal(trigger, self._drawn(about, typed))
        except SlackError as error:
            log.warning("the form could not be opened: %s", error)
            return False
        return True

    def _drawn(self, about: StartRef, typed: Mapping[str, str]) -> View:
        spec = self._settings.agent(about.agent)
        if spec not in selectable(self._settings.agents):
            spec = self._first(about.channel)
        if spec is None:
            return said_modal(words.NO_AGENTS, words.START_TITLE)
        starting = self._settings.starting_of(spec.name)
        agents = self._settings.agents
        return start_modal(about, agents, spec, starting, typed, self._settings.command)

    def _first(self, channel: str) -> AgentSpec | None:
        """The one that takes any goal, else one with a model, else the first: of those that may be started there."""
        known = selectable(self._settings.agents)
        places = {agent.name: self._settings.starting_of(agent.name).channels for agent in known}
        here = [agent for agent in known if channel in places[agent.name] or not places[agent.name]]

        def order(agent: AgentSpec) -> tuple[bool, bool]:
            return agent.name != self._settings.default_agent, isinstance(agent.planner, Runbook)

        return min(here or known, key=order, default=None)

    # Filling it in

    async def choose(self, ack: AsyncAck, body: Payload) -> None:
        """Another agent: other fields. What was typed stays where it fits, or comes back with its field."""
        filled = Filled.from_slack(body)
        self._later.do(self._slack.update_modal(filled.view_id, self._redrawn(filled), filled.seen))
        await ack()

    def _redrawn(self, filled: Filled) -> View:
        about, typed = filled.ref(StartRef), {CHANNEL: filled.values.get(CHANNEL, "")}
        if (before := self._settings.agent(about.agent)) is not None:
            typed |= kept(filled.values, self._fields(before, about))
        chosen = about.model_copy(update={"agent": filled.values.get(AGENT) or about.agent})
        return self._drawn(chosen, about.kept | typed)

    async def submit(self, ack: AsyncAck, body: Payload) -> None:
        filled = Filled.from_slack(body)
        about, spec = filled.ref(StartRef), self._settings.agent(filled.values.get(AGENT, ""))
        fields = self._fields(spec, about) if spec is not None else ()
        if spec is None or any(field.block not in filled.values for field in fields):
            # Sent before it was redrawn, or the config has changed.
            await ack(response_action="update", view=self._redrawn(filled))
            return
        try:
            await self._start(
                spec, ordered(spec, fields, filled.values, about.author), filled, _place(filled, about)
            )
        except Wrong as wrong:
            await ack(response_action="errors", errors=wrong.fields)
        else:
            await ack()

    def _fields(self, spec: AgentSpec, about: StartRef) -> tuple[Field, ...]:
        return fields_of(spec, self._settings.starting_of(spec.name), material=about.quotes)

    async def _start(self, spec: AgentSpec, wanted: Order, filled: Filled, place: Place) -> None:
        """The same form sent twice is the same run. Raises Wrong."""
        goal = Goal(
            text=wanted.goal,
            by=filled.person,
            place=place,
            occasion=f"form/{filled.view_id}/{_digest(spec, wanted, place)}",
            plan_only=wanted.plan_only,
        )
        try:
            async with within():
                refusal = await self._policy.refusal(spec, filled.person, place.channel)
                if refusal is None:
                    await self._runs.start(goal, spec.model_copy(update={"limits": wanted.limits}))
        except BotError as error:
            log.warning("the form of %s started nothing: %r", filled.person.user, error)
            raise Wrong({AGENT: error.text}) from error
        if refusal is not None:
            there = refusal is Refusal.NOT_HERE and CHANNEL in filled.values
            raise Wrong({CHANNEL if there else AGENT: IN_FORM[refusal]})


def _place(filled: Filled, about: StartRef) -> Place:
    """Raises Wrong."""
    channel = about.channel or filled.values.get(CHANNEL, "")
    if not channel:
        raise Wrong({CHANNEL: words.FILL_IN})
    return Place(channel=channel, thread_ts=about.thread or None)


def _digest(spec: AgentSpec, wanted: Order, place: Place) -> str:
    said = f"{spec.name}\n{wanted.model_dump_json()}\n{place.model_dump_json()}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
