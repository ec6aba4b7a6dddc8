"""The whole of Handrail as a stranger runs it, and the people in front of it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from handrail.home import Home, free_ports, read_pid
from sandbox.client import Person, words
from sandbox.fleet.panel import snapshot

OPS = "C0OPS"
PATIENCE = 40.0
"""Seconds, for what comes after a process was killed and has to start again."""
Message = dict[str, Any]


class Thread:
    """A run's thread, as alice sees it."""

    def __init__(self, stage: "Stage", ts: str, channel: str = OPS) -> None:
        self.stage = stage
        self.channel = channel
        self.ts = ts

    async def messages(self, seen_by: Person | None = None) -> list[Message]:
        return await (seen_by or self.stage.alice).thread(self.channel, self.ts)

    async def shows(self, text: str, to: Person | None = None, at_least: int = 1) -> Message:
        """The newest message that shows *text*, once there are as many."""

        async def probe() -> Message | None:
            found = [message for message in await self.messages(to) if text in words(message)]
            return found[-1] if len(found) >= at_least else None

        return await self._until(probe, f"the thread shows {text!r}", to)

    async def press(self, what: str, by: Person) -> dict[str, Any]:
        """Press the newest button called *what*, once somebody sees one."""

        async def probe() -> Message | None:
            return next(
                (each for each in reversed(await self.messages(by)) if what in button_names(each)), None
            )

        async def pressed() -> dict[str, Any]:
            return await by.click(await self._until(probe, f"there is a button {what!r}", by), what)

        return await self.stage.heard(pressed)

    async def root(self) -> Message:
        return (await self.messages())[0]

    async def ends(self, how: str = "done") -> Message:
        """The root card, once its header says how the run ended."""

        async def probe() -> Message | None:
            root = await self.root()
            return root if f": {how}" in words(root).lower().splitlines()[0] else None

        return await self._until(probe, f"the run ends as {how!r}", None)

    async def _until(
        self, probe: Callable[[], Awaitable[Message | None]], what: str, by: Person | None
    ) -> Message:
        try:
            return await (by or self.stage.alice).until(probe, PATIENCE)
        except TimeoutError:
            thread = "\n---\n".join(words(message) for message in await self.messages(by))
            raise AssertionError(f"never: {what}. The thread:\n{thread}") from None


def button_names(message: Message) -> list[str]:
    rows = [block["elements"] for block in message.get("blocks") or [] if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row if "text" in element]


class Stage:
    """A running demo."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url

    alice: Person
    bob: Person
    carol: Person

    async def ask(self, goal: str, by: Person | None = None, shows: str = "") -> Thread:
        """Type the command in #ops; the thread of the run that starts, by what it *shows* where that is not all of it."""
        who = by or self.alice
        before = {message["ts"] for message in await who.messages(OPS)}
        await self.heard(lambda: who.say(OPS, f"/handrail {goal}"))

        async def probe() -> str | None:
            for message in await who.messages(OPS):
                new = (
                    message["ts"] not in before
                    and message.get("thread_ts", message["ts"]) == message["ts"]
                    and not message.get("is_ephemeral")
                )
                if new and (shows or goal) in words(message):
                    return str(message["ts"])
            return None

        return Thread(self, await who.until(probe, PATIENCE))

    async def heard(self, deed: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Do it; where Slack says that the app did not answer, do it again as a person would, once the bot is back."""
        for _ in range(5):
            answer = await deed()
            if answer["ok"]:
                return answer
            await self.control("connected")
        raise AssertionError(answer)

    async def answer(self, to: Person, text: str) -> Message:
        """The newest message in #ops, for this person's eyes only, that shows *text*."""

        async def probe() -> Message | None:
            seen = [message for message in await to.messages(OPS) if message.get("is_ephemeral")]
            return next((message for message in reversed(seen) if text in words(message)), None)

        return await to.until(probe, PATIENCE)

    def made(self) -> list[tuple[str, str]]:
        """What truly happened, newest first, as the fleet's own database says: (service, version)."""
        latest = snapshot(self.home / "fleet.sqlite")["deployments"]["latest"]
        return [(each["service"], each["version"]) for each in latest if each["by"] == "handrail"]

    def runs(self, service: str, environment: str) -> set[str]:
        """The versions that the instances of a service run now."""
        [found] = [
            each
            for each in snapshot(self.home / "fleet.sqlite")["environments"]
            if each["name"] == environment
        ]
        [instances] = [each["instances"] for each in found["services"] if each["name"] == service]
        return {instance["version"] for instance in instances}

    def count(self) -> tuple[int, int]:
        """Deployments that happened, and how many a plain retry would have made."""
        fleet = snapshot(self.home / "fleet.sqlite")
        return fleet["deployments"]["count"], fleet["would_have"]["count"]

    async def kill(self, part: str) -> None:
        """kill -9, once it runs. The supervisor starts it again."""

        # The page is told of every part that comes and goes.
        def killed() -> bool:
            pid = read_pid(self.home / "pids" / part)
            # One that has just ended is still named there: then its successor is meant.
            with suppress(ProcessLookupError):
                if pid:
                    os.kill(pid, signal.SIGKILL)
                    return True
            return False

        await self.alice.until(killed, PATIENCE)

    async def control(self, deed: str, body: Any = None) -> Any:
        """The sandbox's fault controls."""
        how = "GET" if body is None else "POST"
        address = f"{self.url}control/{deed}"
        async with aiohttp.ClientSession() as http, http.request(how, address, json=body) as response:
            return await response.json()

    async def break_it(self, what: str) -> Any:
        """One of the page's three buttons."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.url}page/break", json={"what": what}) as response,
        ):
            return await response.json()

    async def calls(self, method: str) -> list[Any]:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{self.url}control/log", params={"method": method}) as response,
        ):
            return list((await response.json())["calls"])


@asynccontextmanager
async def raised(home: Path, environ: Mapping[str, str] | None = None) -> AsyncIterator[Stage]:
    """`handrail demo` in *home*, from its start to Ctrl-C."""
    # Ports of its own: two demos that start together would both take the usual ones.
    ports = free_ports()
    Home(home).write_ports(ports)
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "handrail", "demo"),
        env={**os.environ, "HANDRAIL_HOME": str(home), "COLUMNS": "200", **(environ or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert demo.stdout is not None
    try:
        said = b""
        async with asyncio.timeout(80):
            while b"Ctrl-C stops everything" not in said:
                line = await demo.stdout.readline()
                said += line
                assert line, said.decode()
        stage = Stage(home, f"http://127.0.0.1:{ports.page}/")
        async with AsyncExitStack() as people:
            stage.alice = await people.enter_async_context(Person(stage.url, "U0ALICE"))
            stage.bob = await people.enter_async_context(Person(stage.url, "U0BOB"))
            stage.carol = await people.enter_async_context(Person(stage.url, "U0CAROL"))
            yield stage
    finally:
        demo.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            await demo.stdout.read()
            await demo.wait()
