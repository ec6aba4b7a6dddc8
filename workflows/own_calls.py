"""Calls of Handrail's own tools: the run itself carries them out, by waiting. What it waits for lies in its memory."""

from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from . import outside, words
from .case import Known, reason
from .docket import Docket
from .journal import Journal, Stopped
from .rules import own_tools
from .rules.policy import may_answer
from .values.calls import CallResult, Ended
from .values.durations import words as spelled
from .values.events import SubscribeOrder, Subscription
from .values.run import Wait
from .values.view import Question, StepState, WaitKind
from .values.waits import LONGEST, AskPerson, WaitForEvent, WaitUntil


class OwnCall:
    """One of them. It begins, or goes on where an earlier execution of this run left it."""

    def __init__(self, journal: Journal, number: int) -> None:
        self._journal = journal
        self._memory = journal.memory
        self._known = Known(journal, number)

    async def settle(self) -> CallResult:
        """Raises nothing that a person or a planner could cause."""
        call = self._known.call
        try:
            wish = own_tools.wish(call.tool, call.arguments)
        except own_tools.BadArguments as bad:
            return self._known.ended(Ended.FAILED, str(bad))
        try:
            match wish:
                case WaitUntil():
                    return await self._wait_until(wish)
                case WaitForEvent():
                    return await self._wait_for_event(wish)
                case AskPerson():
                    return await self._ask_person(wish)
        except Stopped:
            why = self._journal.stopped_because
            return self._known.ended(Ended.WITHDRAWN, words.NO_LONGER_AWAITED.format(why=why))
        except ActivityError as error:
            return self._known.ended(Ended.FAILED, words.NOT_AWAITABLE.format(why=reason(error)))

    # A time

    async def _wait_until(self, wish: WaitUntil) -> CallResult:
        """Raises Stopped."""
        wait = self._known.open.wait
        if wait is None:
            now = workflow.now()
            at = wish.at or now + (wish.for_ or timedelta(0))
            if at <= now:
                text = words.PAST_ALREADY.format(at=at.isoformat())
                return self._ok(text, now=now.isoformat(), waited=False)
            if at > now + LONGEST:
                text = words.TOO_FAR_AWAY.format(at=at.isoformat(), days=LONGEST.days)
                return self._known.ended(Ended.FAILED, text)
            wait = self._begin(Wait(kind=WaitKind.TIME, since=now, until=at))
        await self._over(wait, lambda: False)
        text = words.IT_IS.format(at=words.clock(workflow.now()))
        return self._ok(text, now=workflow.now().isoformat(), waited=True)

    # An event

    async def _wait_for_event(self, wish: WaitForEvent) -> CallResult:
        """Raises Stopped, ActivityError."""
        about = f"{wish.source}: {wish.key}"
        wait = self._known.open.wait
        if wait is None:
            now = workflow.now()
            until = now + wish.patience
            wait = self._begin(Wait(kind=WaitKind.EVENT, about=about, since=now, until=until), about)
        try:
            await self._subscribe(wish, wait)
            await self._over(wait, lambda: self._wait.event is not None)
        except (Stopped, ActivityError):
            # An event that was had is told: no later wait is sent it again.
            if self._wait.event is None:
                raise
        event = self._wait.event
        if event is None:
            text = words.NOT_HEARD_OF.format(about=about, patience=spelled(wish.patience))
            return self._ok(text, happened=False, facts={})
        return self._ok(words.HAPPENED.format(about=about), happened=True, facts=event.facts)

    async def _subscribe(self, wish: WaitForEvent, wait: Wait) -> None:
        """Raises Stopped, ActivityError. A second time does no harm: the mailbox knows this run already."""
        if wait.subscribed or wait.until is None:
            return
        subscription = Subscription(run_id=workflow.info().workflow_id, until=wait.until)
        order = SubscribeOrder(source=wish.source, key=wish.key, subscription=subscription)
        summary = words.EVENTS_OF.format(source=wish.source)
        await self._journal.unless_stopped(outside.subscribe(order, summary=summary))
        self._known.remember(wait=self._wait.model_copy(update={"subscribed": True}))

    # A person

    async def _ask_person(self, wish: AskPerson) -> CallResult:
        """Raises Stopped."""
        wait = self._known.open.wait
        if wait is None:
            question = self._put(wish)
            began = Wait(kind=WaitKind.ANSWER, question=question.id, since=workflow.now())
            wait = self._begin(began, words.AN_ANSWER)
        name, questions = wait.question, self._memory.questions
        if wait.until is None:
            await self._posted(name)
            until = workflow.now() + wish.patience
            wait = self._remember(wait.model_copy(update={"until": until}))
            questions[name] = questions[name].model_copy(update={"until": until})
            self._journal.touch()
        await self._over(wait, lambda: questions[name].answered_by is not None)
        question = questions[name]
        if question.answered_by is None:
            questions[name] = question.model_copy(update={"answered": words.NOT_ANSWERED_IN_TIME})
            text = words.NOT_ANSWERED.format(patience=spelled(wish.patience))
            expired = self._known.ended(Ended.EXPIRED, text)
            return expired.model_copy(update={"structured": {"answered": False}})
        by, answer = question.answered_by, question.answered
        text = words.ANSWERED.format(who=by.user, answer=answer)
        told = self._ok(text, answered=True, answer=answer, by=by.user)
        return told.model_copy(update={"by": by})

    def _put(self, wish: AskPerson) -> Question:
        question = Docket(self._journal).ask(
            wish.question,
            choices=tuple((str(number), option) for number, option in enumerate(wish.options, 1)),
            claim=True,
            to=may_answer(self._journal.spec, self._journal.ask.requester, wish.who),
        )
        self._journal.audit("asked", question.text, call=str(self._known.call.number))
        return question

    async def _posted(self, question: str) -> None:
        """The time to answer runs from when people could see it. Raises Stopped."""
        memory = self._memory
        await workflow.wait_condition(
            lambda: (
                f"question/{question}" in memory.cards
                or memory.questions[question].answered_by is not None
                or self._journal.stopped
            )
        )

    # What they have in common

    @property
    def _wait(self) -> Wait:
        """As it is now."""
        wait = self._known.open.wait
        assert wait is not None
        return wait

    def _begin(self, wait: Wait, note: str = "") -> Wait:
        """How long, the view says as a time that Slack shows in everybody's own zone; a note is plain text."""
        self._remember(wait)
        self._known.step(StepState.WAITING, note)
        return wait

    def _remember(self, wait: Wait) -> Wait:
        self._known.remember(wait=wait)
        return wait

    async def _over(self, wait: Wait, happened: Callable[[], bool]) -> None:
        """Until it *happened*, or its time is up. Raises Stopped. None of it counts as working time."""
        assert wait.until is not None
        try:
            await workflow.wait_condition(
                lambda: happened() or self._journal.stopped,
                timeout=max(wait.until - workflow.now(), timedelta(0)),
                timeout_summary=words.WAIT_OF_CALL.format(
                    number=self._known.call.number, kind=wait.kind.value
                ),
            )
        except TimeoutError:
            # What people said in time may have come in together with the timer: it is judged first.
            await self._journal.inbox.judged_so_far()
        if self._journal.stopped and not happened():
            raise Stopped

    def _ok(self, text: str, **structured: object) -> CallResult:
        return self._known.ended(Ended.OK, text).model_copy(update={"structured": structured})
