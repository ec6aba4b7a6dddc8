"""`handrail try`: the whole story in the sandbox, without a browser, told on the terminal as it happens."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession
from rich.console import Console
from rich.text import Text
from temporalio.client import Client, WorkflowHandle

from sandbox.client import Person, PersonError, find
from sandbox.json_types import Json
from sandbox.roster import PEOPLE, USERS
from workflows import attributes
from workflows.agent_run import AgentRun
from workflows.values.run import RunResult
from workflows.values.view import RunState

from . import blobs, temporal
from .config import Config
from .demo.parts import embedded_temporal
from .demo.run import Demo
from .home import Home, free_ports
from .thread_text import NAMES, lines
from .trouble import Misused

CHANNEL = "C0OPS"
IDS = {user.name: user.id for user in USERS if user.id in PEOPLE}
APPROVE, REJECT = "Approve", "Reject"
REDRAWN = "element_not_found"
"""The sandbox's word for a button that is not there any more."""
REASON = "Not now: rejected by `handrail try`"


@dataclass(frozen=True)
class Story:
    """Who asks for what, and who decides."""

    goal: str
    asker: str
    approver: str
    rejecter: str
    timeout: float

    def people(self) -> list[str]:
        """Everybody in it. Raises `Misused` for somebody who is not in the workspace."""
        named = [name for name in (self.asker, self.approver, self.rejecter) if name]
        strangers = [name for name in named if name not in IDS]
        if strangers:
            raise Misused(f"{strangers[0]} is not in the sandbox's workspace; there are {', '.join(IDS)}.")
        if self.approver and self.rejecter:
            raise Misused("--approve-as and --reject-as: one of them, not both.")
        return named


async def tell(story: Story, config: Config, environ: Mapping[str, str], console: Console) -> bool:
    """Play it, and print the thread as it grows. True when the run did what was asked. Raises `Trouble`."""
    people = story.people()
    if environ.get("SLACK_BOT_TOKEN"):
        raise Misused(
            "`handrail try` plays in the sandbox only, and SLACK_BOT_TOKEN names a real workspace: unset it."
        )
    async with AsyncExitStack() as stack:
        home, page = await stack.enter_async_context(_stage(config, environ, console))
        kept = blobs.store(config, {**environ, "HANDRAIL_HOME": str(home.path)})
        client = await temporal.connect(embedded_temporal(home.ports(), environ), kept)
        actors = {name: await stack.enter_async_context(Person(page, IDS[name])) for name in people}
        play = _Play(story, actors, _Transcript(console), client)
        try:
            async with asyncio.timeout(story.timeout):
                await _bot_listens(page)
                state = await play.act(f"{config.command} {story.goal}")
        except TimeoutError:
            console.print(Text(f"It was not over after {story.timeout:g} s.", style="red"))
            return False
        except PersonError as error:
            console.print(Text(str(error), style="red"))
            return False
    console.print(Text(f"It ended as: {state.value}", style="green" if state is RunState.DONE else "red"))
    return state is RunState.DONE


@asynccontextmanager
async def _stage(
    config: Config, environ: Mapping[str, str], console: Console
) -> AsyncIterator[tuple[Home, str]]:
    """The demo that runs already, else one of our own with everything new."""
    home = Home.named_by(environ)
    if home.in_use():
        console.print(Text(f"In the demo that runs at {home.page_url()}", style="dim"))
        yield home, home.page_url()
        return
    with tempfile.TemporaryDirectory(prefix="handrail-try-") as folder:
        home = Home(Path(folder))
        home.open()
        home.write_ports(free_ports())
        demo = Demo(home, home.ports(), config, {**environ, "HANDRAIL_HOME": folder}, Console(quiet=True))
        console.print(Text("Starting a demo of its own …", style="dim"))
        try:
            await demo.start()
            yield home, home.page_url()
        finally:
            await demo.stop()
            home.close()


async def _bot_listens(page: str) -> None:
    """Wait until the bot is connected: after a restart it takes a moment to notice."""
    async with ClientSession() as http, http.get(f"{page}control/connected") as answer:
        answer.raise_for_status()


class _Play:
    def __init__(
        self, story: Story, actors: Mapping[str, Person], transcript: "_Transcript", client: Client
    ) -> None:
        self._story = story
        self._actors = actors
        self._asker = actors[story.asker]
        self._transcript = transcript
        self._client = client
        self._clicked: set[tuple[str, str]] = set()

    async def act(self, typed: str) -> RunState:
        """From what is typed to how the run ended. Raises `PersonError` where nothing comes of it."""
        before = {message["ts"] for message in await self._asker.messages(CHANNEL)}
        self._transcript.say(self._story.asker, typed)
        said = await self._asker.say(CHANNEL, typed)
        if not said["ok"]:
            raise PersonError(f"The bot did not take it: {said['error']}")

        async def root_there() -> str | None:
            return await self._root(before)

        root: str = await self._asker.until(root_there, self._story.timeout)
        ending = asyncio.ensure_future((await self._run(root)).result())
        following = asyncio.create_task(self._follow(root))
        try:
            await asyncio.wait({ending, following}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            result = await ending
        finally:
            following.cancel()
            ending.cancel()
        self._transcript.show(await self._asker.thread(CHANNEL, root))
        return result.state

    async def _root(self, before: set[str]) -> str | None:
        """The thread that the run opened. An answer to the asker alone means that there is no run."""
        for message in await self._asker.messages(CHANNEL):
            if message["ts"] in before or message.get("user") == self._asker.user_id:
                continue
            self._transcript.show([message])
            if message.get("is_ephemeral"):
                raise PersonError("No run came of it.")
            return str(message["ts"])
        return None

    async def _run(self, root: str) -> WorkflowHandle[AgentRun, RunResult]:
        """The workflow of the thread: it notes the thread as soon as it is posted."""
        query = f'{attributes.THREAD.name}="{CHANNEL}/{root}"'
        async with self._asker.live() as pushes:
            while True:
                async for found in self._client.list_workflows(query):
                    return self._client.get_workflow_handle_for(AgentRun.run, found.id)
                await anext(pushes)

    async def _follow(self, root: str) -> None:
        """Print the thread at every change, and press what the story says."""

        async def look() -> None:
            thread = await self._asker.thread(CHANNEL, root)
            self._transcript.show(thread)
            for message in thread:
                await self._decide(message)

        async with self._asker.live() as pushes:
            await look()
            async for _ in pushes:
                await look()

    async def _decide(self, message: Json) -> None:
        decider = self._story.approver or self._story.rejecter
        button = APPROVE if self._story.approver else REJECT
        if not decider or not _has(message, button):
            return
        block_id, element = find(message, button)
        click = (message["ts"], element.get("value") or block_id)
        if click in self._clicked:
            return
        person = self._actors[decider]
        answer = await person.click(message, button)
        if answer.get("error") == REDRAWN:
            return  # the card changed under the finger; that change is told next
        self._clicked.add(click)
        self._transcript.say(decider, f"[{button}]")
        _insist(answer, button)
        if button == REJECT:
            view = await person.modal()
            [first, *_] = [block for block in view["blocks"] if block["type"] == "input"]
            _insist(await person.submit(view, {first["block_id"]: REASON}), "the reason")


def _insist(answer: Json, what: str) -> None:
    if not answer.get("ok"):
        raise PersonError(f"{what} did not go through: {answer.get('error', answer)}")


def _has(message: Json, button: str) -> bool:
    try:
        find(message, button)
    except PersonError:
        return False
    return True


class _Transcript:
    """Prints what is new: of a message that changed, only the lines it did not have before."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._printed: dict[str, set[str]] = {}

    def say(self, name: str, text: str) -> None:
        self._console.print(Text.assemble((f"{name:>9}  ", "bold cyan"), text))

    def show(self, messages: list[Json]) -> None:
        for message in messages:
            printed = self._printed.setdefault(message["ts"], set())
            new = [line for line in lines(message) if line not in printed]
            printed.update(new)
            name = NAMES.get(message.get("user", ""), "handrail")
            for place, line in enumerate(new):
                self._console.print(
                    Text.assemble((f"{name if place == 0 else '':>9}  ", "bold magenta"), line)
                )
