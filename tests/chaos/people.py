"""The people of the workspace: they ask, decide, change their minds, click twice, and answer for what nobody knows.

What each of them will do about a goal is drawn from the seed and the goal's name, before anything happens. When it
happens is up to the machine.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import aiohttp

from sandbox.client import Person
from tests.chaos.deployment import ALICE, BOB, BRIEF, CAROL, GUS, Goal
from tests.chaos.truth import AT_MOST_ONCE, Truth
from tests.chaos.waiting import until

Json = dict[str, Any]
Where = tuple[str, str]
"""Channel and time stamp of a message."""

TRIES = 20
LOOKS_AGAIN = 12.0
"""Seconds after which somebody whose click changed nothing clicks again."""
DIALOG = 4.0
"""Seconds in which a dialog opens, or never does."""
ITEM = re.compile(r"item-\d{5}")
APPROVE, REJECT, LEAVE = "approve", "reject", "leave"
LOOK, GUESS, STOP = "look", "guess", "stop"


class Plan(NamedTuple):
    """What people will do about one goal."""

    way: str
    patience: float
    """Seconds before they do anything."""
    wrong: tuple[str, ...]
    """Who presses Approve first, and may not."""
    twice: bool
    late: bool
    """They press the old button once more, after it is over."""
    cancel_after: float | None
    unknown: str
    """How they know what became of a change that nobody could know."""

    @classmethod
    def of(cls, goal: Goal, seed: str) -> "Plan":
        chance = random.Random(f"{seed}/people/{goal.item}")
        strangers = [who for who in (ALICE, CAROL, GUS) if who not in goal.room.may_decide(goal.by)]
        [way] = chance.choices((APPROVE, REJECT, LEAVE), (85, 11, 4))
        return cls(
            way=LEAVE if goal.room is BRIEF else way,
            patience=chance.uniform(0.0, 1.5),
            wrong=(chance.choice(strangers),) if chance.random() < 0.2 else (),
            twice=chance.random() < 0.15,
            late=chance.random() < 0.15,
            cancel_after=chance.uniform(0.0, 4.0) if chance.random() < 0.07 else None,
            unknown=chance.choices((LOOK, GUESS, STOP), (70, 20, 10))[0]
            if goal.effect_class == AT_MOST_ONCE
            else LOOK,
        )


@dataclass
class Story:
    """A goal and what came of it, as people see it."""

    goal: Goal
    plan: Plan
    acknowledged: bool = False
    """Slack said that the command arrived."""
    given_up: bool = False
    """It said that it did not; a run may have started all the same."""
    shown: bool = False
    ended: bool = False
    left: bool = False
    """Its card is up, and nobody will press anything."""
    handled: set[str] = field(default_factory=set)

    @property
    def settled(self) -> bool:
        return self.ended or self.left or (self.given_up and not self.shown)


class Crowd:
    """Everybody at once. Start it with `async with`; `ask` returns when Slack has taken the command, or has not."""

    def __init__(self, page: str, seed: str, truth: Path) -> None:
        self.stories: dict[str, Story] = {}
        self.counts: Counter[str] = Counter()
        self.answered: set[str] = set()
        """Dialogs that were answered with an error to whoever sent them."""
        self._page = page
        self._seed = seed
        self._truth = Truth(truth)
        self._threads: dict[Where, Story] = {}
        self._latest: dict[Where, Json] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        self._people = {
            who: await self._stack.enter_async_context(Person(self._page, who))
            for who in (ALICE, BOB, CAROL, GUS)
        }
        self._dialogs = {who: asyncio.Lock() for who in self._people}
        self._opened: dict[str, asyncio.Queue[Json]] = {who: asyncio.Queue() for who in self._people}
        for who in (ALICE, BOB, CAROL):
            self._do(self._follow(who))
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()
        self._truth.close()

    @property
    def asked(self) -> int:
        """Commands that arrived."""
        return sum(story.acknowledged for story in self.stories.values())

    @property
    def open(self) -> int:
        """Goals that still keep somebody busy."""
        return sum(not story.settled for story in self.stories.values())

    async def ask(self, goal: Goal) -> None:
        story = self.stories[goal.item] = Story(goal, Plan.of(goal, self._seed))
        await self._app_is_there()
        answer = await self._people[goal.by].say(goal.channel, f"/handrail {goal.text}")
        story.acknowledged, story.given_up = answer["ok"], not answer["ok"]

    def failure(self) -> BaseException | None:
        """What ended one of them unasked: a mistake in this file."""
        done = [task for task in self._tasks if task.done() and not task.cancelled()]
        return next((error for task in done if (error := task.exception())), None)

    def _do(self, deed: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(deed))
        self._tasks -= {task for task in self._tasks if task.done() and not task.exception()}

    # What they see

    async def _follow(self, who: str) -> None:
        async with self._people[who].live() as pushes:
            async for push in pushes:
                if push["type"] == "view_opened":
                    self._opened[who].put_nowait(push["view"])
                elif push["type"] == "ephemeral":
                    self._whispered(who, push["message"])
                # All of them see the same; one of them looks.
                elif push["type"] in ("message", "message_changed") and who == BOB:
                    self._see(push["message"])

    def _see(self, message: Json) -> None:
        at: Where = (message["channel"], message["ts"])
        root = message.get("thread_ts", message["ts"])
        if root == message["ts"] and (named := ITEM.search(message["text"])):
            self._threads[at] = self.stories[named[0]]
        story = self._threads.get((message["channel"], root))
        if story is None:
            return
        self._latest[at] = message
        buttons = _buttons(message)
        if root == message["ts"]:
            self._see_root(story, at, buttons)
        if "approve" in buttons:
            self._once(story, buttons["approve"]["gate"], self._decide(story, at, buttons["approve"]["gate"]))
        if "resolve_happened" in buttons:
            effect = buttons["resolve_happened"]["effect"]
            self._once(story, effect, self._resolve(story, at, effect))

    def _see_root(self, story: Story, at: Where, buttons: dict[str, Json]) -> None:
        story.shown = True
        story.ended = "cancel_run" not in buttons
        if not story.ended and story.plan.cancel_after is not None:
            self._once(story, "cancel", self._cancel(story, at))

    def _once(self, story: Story, what: str, deed: Coroutine[Any, Any, None]) -> None:
        if what in story.handled:
            deed.close()
        else:
            story.handled.add(what)
            self._do(deed)

    def _whispered(self, who: str, message: Json) -> None:
        """The bot could not start it, and offers to try again."""
        if "try_again" in _buttons(message):
            at = (message["channel"], message["ts"])
            self._latest[at] = message
            self._do(self._press_until_taken(who, at, "try_again"))

    # What they do

    async def _decide(self, story: Story, at: Where, gate: str) -> None:
        plan, room = story.plan, story.goal.room
        await asyncio.sleep(plan.patience)
        for who in plan.wrong:
            await self._press(who, at, "approve")
        if plan.way == LEAVE:
            story.left = room is not BRIEF
            return
        old = _element(self._latest[at], "approve")
        deciders = list(room.may_decide(story.goal.by))
        if plan.way == REJECT:
            await self._dialog(deciders[0], at, "reject", gate)
        else:
            await asyncio.gather(
                *(
                    self._press_until_taken(who, at, "approve", twice=plan.twice)
                    for who in deciders[: room.quorum]
                )
            )
        if plan.late and old is not None:
            await asyncio.sleep(plan.patience * 4)
            await self._press_old(deciders[0], at, old)

    async def _resolve(self, story: Story, at: Where, effect: str) -> None:
        await asyncio.sleep(story.plan.patience)
        who = story.goal.by if story.plan.twice else BOB
        match story.plan.unknown:
            case "look":
                # What they say is the truth of this moment.
                happened = self._truth.happened(story.goal.item) > 0
                said = "resolve_happened" if happened else "resolve_did_not"
            case "guess":
                said = "resolve_happened"
            case _:
                said = "resolve_stop"
        self.counts[f"asked {story.plan.unknown}"] += 1
        await self._dialog(who, at, said, effect)

    async def _cancel(self, story: Story, at: Where) -> None:
        assert story.plan.cancel_after is not None
        await asyncio.sleep(story.plan.cancel_after)
        await self._press_until_taken(story.goal.by, at, "cancel_run")

    # How they do it

    async def _app_is_there(self) -> None:
        """While the app is away nobody gets anything done: they wait for it."""
        async with self._http.get(f"{self._page}/control/connected") as response:
            await response.read()

    async def _press(self, who: str, at: Where, action: str) -> bool:
        """Once, if the button is there. Whether Slack says that it arrived."""
        message = self._latest[at]
        if action not in _buttons(message):
            return False
        answer = await self._people[who].click(message, action)
        # A button that was redrawn under the finger was not pressed at all.
        return answer.get("error") != "element_not_found" and self._counted(answer)

    def _counted(self, answer: Json) -> bool:
        self.counts["sent"] += 1
        self.counts["acknowledged"] += bool(answer["ok"])
        return bool(answer["ok"])

    async def _press_until_taken(self, who: str, at: Where, action: str, *, twice: bool = False) -> None:
        """Again where it did not arrive, and again where it did and nothing came of it."""
        for attempt in range(TRIES):
            if action not in _buttons(self._latest[at]):
                return
            arrived = await self._press(who, at, action)
            if twice and not attempt:
                await self._press(who, at, action)
            await self._gone(at, action, LOOKS_AGAIN if arrived else 0.5)
            await self._app_is_there()

    async def _dialog(self, who: str, at: Where, action: str, about: str) -> None:
        """Press a button that opens a dialog, and send the dialog; again where nothing comes of it."""
        for _ in range(TRIES):
            async with self._dialogs[who]:
                if action not in _buttons(self._latest[at]):
                    return
                sent = await self._press(who, at, action) and await self._send(who, about)
            await self._gone(at, action, LOOKS_AGAIN if sent else 0.5)
            await self._app_is_there()

    async def _send(self, who: str, about: str) -> bool:
        """The dialog that opens, with a reason in it."""
        opened = self._opened[who]
        try:
            async with asyncio.timeout(DIALOG):
                while about not in (view := await opened.get())["private_metadata"]:
                    pass
        except TimeoutError:
            return False
        answer = await self._people[who].submit(view, {"Reason": "I looked"})
        if not answer["ok"] and answer["error"] == "invalid_input":
            self.answered.add(view["id"])
        return self._counted(answer)

    async def _press_old(self, who: str, at: Where, element: Json) -> None:
        """A slow client still shows the button."""
        body = {"as": who, "channel": at[0], "message_ts": at[1], "action": element}
        async with self._http.post(f"{self._page}/control/click_stale", json=body) as response:
            self._counted(await response.json())

    async def _gone(self, at: Where, action: str, patience: float) -> None:
        """Wait until the button is gone, and not longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await until(lambda: action not in _buttons(self._latest[at]), every=0.25)


def _elements(message: Json) -> list[Json]:
    return [
        element | {"block_id": block["block_id"]}
        for block in message.get("blocks") or []
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def _element(message: Json, action: str) -> Json | None:
    """As a click's payload has it."""
    kept = ("action_id", "block_id", "text", "value")
    found = (each for each in _elements(message) if each["action_id"] == action)
    return next(({name: each[name] for name in kept} for each in found), None)


def _buttons(message: Json) -> dict[str, Json]:
    """What the message's buttons carry, by action."""
    return {
        each["action_id"]: json.loads(each["value"])
        for each in _elements(message)
        if each.get("value", "").startswith("{")
    }
