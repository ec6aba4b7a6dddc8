"""What waits for somebody: what they may decide, answer or settle in the runs that are under way."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from temporalio.exceptions import ApplicationError

from workflows.rules import policy
from workflows.values.approval import ApprovalState
from workflows.values.people import People, PeopleQuestion, Person, PersonFacts, Standing
from workflows.values.view import ApprovalView, Question, RunState, RunView, UnknownOutcome

from .errors import BotError, RunGone
from .found import Found, Thing, Waiting, WaitingFor
from .people import PeopleFinder
from .runs import Runs
from .settings import BotSettings

log = logging.getLogger(__name__)

LOOKED_AT = 150
"""Runs that are asked at once for what they wait for. Those that say of themselves that they wait come first."""
AT_ONCE = 8
GIVE_UP = 3
"""So many runs in a row without an answer: no worker is up."""
FRESH = 15.0
"""Seconds for which what a run said is believed. What this process announces is known at once."""
MOST_VIEWS = 300
MOST_ENDED = 2000
ASKING = timedelta(seconds=2)
_LONG_AGO = datetime.fromtimestamp(0, UTC)


class Waits:
    def __init__(
        self,
        runs: Runs,
        people: PeopleFinder,
        settings: BotSettings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runs = runs
        self._people = people
        self._settings = settings
        self._now = now
        self._views: OrderedDict[str, tuple[float, RunView]] = OrderedDict()
        self._ended: OrderedDict[str, RunState] = OrderedDict()

    def saw(self, view: RunView) -> None:
        """Views may be big, so only fresh ones are kept; that a run has ended stays true."""
        now, known = self._now(), self._latest(view.run_id)
        if known is not None and known.revision > view.revision:
            return
        if view.state.ended:
            self._ended[view.run_id] = view.state
        self._views[view.run_id] = (now, view)
        self._views.move_to_end(view.run_id)
        while now - next(iter(self._views.values()))[0] >= FRESH or len(self._views) > MOST_VIEWS:
            self._views.popitem(last=False)
        while len(self._ended) > MOST_ENDED:
            self._ended.popitem(last=False)

    def as_it_is(self, run: Found) -> Found:
        """Temporal's record follows what a run says of itself a little later; what this process knows is newer."""
        view = self._latest(run.run_id)
        state = view.state if view is not None else self._ended.get(run.run_id)
        if run.summary is None or state is None:
            return run
        doing = view.doing if view is not None else ""
        summary = run.summary.model_copy(update={"state": state, "doing": doing})
        return run.model_copy(update={"summary": summary, "open": run.open and not state.ended})

    def _latest(self, run_id: str) -> RunView | None:
        at, view = self._views.get(run_id, (0.0, None))
        return view if self._now() - at < FRESH else None

    async def of(self, person: Person, under_way: Sequence[Found]) -> WaitingFor:
        """Raises nothing that Slack or Temporal could cause."""
        asked = sorted(under_way, key=lambda run: not _says_it_waits(run))
        views, complete = await self._ask(asked[:LOOKED_AT])
        groups = sorted({group for view in views for group in self.may_act(view).groups})
        facts, known = await self._facts(person, tuple(groups))
        things = [Waiting(run=view, what=what) for view in views for what in self._for(view, facts)]
        return WaitingFor(
            things=_in_order(things),
            named=tuple(groups) if known else (),
            groups=facts.groups,
            complete=complete,
            left=max(0, len(asked) - LOOKED_AT),
            known=known,
        )

    def may_act(self, view: RunView) -> People:
        """All whom something in that run waits for."""
        people = People()
        for what in open_things(view):
            people = people | self._who(view, what)
        return people

    def _for(self, view: RunView, facts: PersonFacts) -> list[Thing]:
        return [
            what
            for what in open_things(view)
            if self._who(view, what).includes(facts) and not _out_of_it(what, facts)
        ]

    def _who(self, view: RunView, what: Thing) -> People:
        if isinstance(what, ApprovalView):
            return what.rule.approvers
        if isinstance(what, Question) and what.claim:
            return what.to
        # Whoever may steer the run. Its own agent is pinned; who is named now is who looks after it now.
        spec = self._settings.agent(view.agent)
        return People(users=(view.requester.user,)) | (policy.stewards(spec) if spec else People())

    async def _facts(self, person: Person, groups: tuple[str, ...]) -> tuple[PersonFacts, bool]:
        """Who they are; what they may do counts only when they do it, and is looked up again then."""
        for asked in (groups, ()):
            try:
                [facts] = (await self._people.people(PeopleQuestion(people=(person,), groups=asked))).facts
            except ApplicationError as error:
                log.warning("it could not be looked up who %s is: %s", person.user, error)
            else:
                return facts, asked == groups
        return PersonFacts(person=person, standing=Standing.MEMBER, looked_up_at=_LONG_AGO), False

    async def _ask(self, runs: Iterable[Found]) -> tuple[list[RunView], bool]:
        """Their views; False when some did not answer."""
        turn, silent, gave_up = asyncio.Semaphore(AT_ONCE), 0, False

        async def ask(run: Found) -> RunView | None:
            nonlocal silent, gave_up
            async with turn:
                if (known := self._latest(run.run_id)) is not None:
                    return known
                if gave_up:
                    return None
                try:
                    view = await self._runs.view(run.run_id, ASKING)
                except RunGone:
                    return None
                except BotError:
                    silent += 1
                    gave_up = silent >= GIVE_UP
                    return None
                self.saw(view)
                return view

        found = await asyncio.gather(*map(ask, runs))
        return [view for view in found if view is not None and not view.state.ended], not silent


def fingerprint(view: RunView) -> tuple[object, ...]:
    """What of a run a home shows: while it stays the same, no home has to be drawn again."""
    approvals = [(each.id, each.gate, each.state, len(each.votes), each.held) for each in view.approvals]
    unknowns = [each.id for each in view.unknowns if not each.said]
    questions = [each.id for each in view.questions if not each.answered]
    return view.state, view.goal, view.place, tuple(approvals), tuple(unknowns), tuple(questions)


def open_things(view: RunView) -> list[Thing]:
    return [
        *(each for each in view.unknowns if not each.said),
        *(each for each in view.questions if not each.answered),
        *(each for each in view.approvals if each.state is ApprovalState.OPEN),
    ]


def _out_of_it(what: Thing, facts: PersonFacts) -> bool:
    """They have decided already, or may not: a guest decides on nothing, nor under four-eyes whoever asked for it."""
    person, standing = facts.person, facts.standing
    if not isinstance(what, ApprovalView):
        return standing not in {Standing.MEMBER, Standing.GUEST}
    if standing is not Standing.MEMBER:
        return True
    asked = what.rule.four_eyes and person.user in {each.user for each in what.requesters}
    return asked or person.user in {vote.person.user for vote in what.votes}


def _in_order(things: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """The run that waits longest comes first, and what waits in it in the order of its calls."""
    since: dict[str, datetime] = {}
    for each in things:
        run = each.run.run_id
        since[run] = min(_since(each), since.get(run, _since(each)))

    def place(each: Waiting) -> tuple[datetime, str, int]:
        run = each.run.run_id
        return since[run], run, int(each.what.id.partition(".")[0])

    return tuple(sorted(things, key=place))


def _since(waiting: Waiting) -> datetime:
    match waiting.what:
        case ApprovalView(opened_at=at) | UnknownOutcome(sent_at=at):
            return at
        case Question():
            return waiting.run.started_at


def _says_it_waits(run: Found) -> bool:
    return run.summary is not None and run.summary.state is RunState.WAITING
