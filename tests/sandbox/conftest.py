"""A workspace, the people in it, and an app built with slack_bolt that takes it for Slack."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.client import Person
from sandbox.server import Sandbox, SandboxSettings

Json = dict[str, Any]
Start = Callable[..., Awaitable[Sandbox]]
Connect = Callable[..., Awaitable[AsyncSocketModeHandler]]
Control = Callable[..., Awaitable[Json]]

PROMPTLY = 10


class Heard:
    """What a listener of the app was given, in order; `next` waits for it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    def add(self, thing: Any) -> None:
        self._queue.put_nowait(thing)

    async def next(self) -> Any:
        return await asyncio.wait_for(self._queue.get(), PROMPTLY)

    def empty(self) -> bool:
        return self._queue.empty()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts a sandbox with other settings than the usual."""
    async with AsyncExitStack() as stack:

        async def go(**settings: Any) -> Sandbox:
            return await stack.enter_async_context(Sandbox(SandboxSettings(**settings)))

        yield go


@pytest.fixture
async def slack(start: Start) -> Sandbox:
    return await start()


def new_app(sandbox: Sandbox, **options: Any) -> AsyncApp:
    """An app as anybody would write it: only the address of Slack is another."""
    client = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])
    return AsyncApp(client=client, **options)


@pytest.fixture
def make_app() -> Callable[..., AsyncApp]:
    return new_app


@pytest.fixture
def app(slack: Sandbox) -> AsyncApp:
    return new_app(slack)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects an app by Socket Mode, and returns once envelopes can reach it."""
    handlers = []

    async def go(sandbox: Sandbox, app: AsyncApp, count: int = 1) -> AsyncSocketModeHandler:
        handler = AsyncSocketModeHandler(app, sandbox.app_token, ping_interval=0.05)
        handlers.append(handler)
        await handler.connect_async()
        await asyncio.wait_for(sandbox.socket_mode.connected(count), PROMPTLY)
        return handler

    yield go
    for handler in handlers:
        await handler.close_async()


@asynccontextmanager
async def person(sandbox: Sandbox, user: str) -> AsyncIterator[Person]:
    async with Person(sandbox.base_url, user) as one:
        yield one


@pytest.fixture
async def alice(slack: Sandbox) -> AsyncIterator[Person]:
    async with person(slack, "U0ALICE") as one:
        yield one


@pytest.fixture
async def bob(slack: Sandbox) -> AsyncIterator[Person]:
    async with person(slack, "U0BOB") as one:
        yield one


@pytest.fixture
async def meet() -> AsyncIterator[Callable[[Sandbox, str], Awaitable[Person]]]:
    """Somebody in a sandbox that the test started itself."""
    async with AsyncExitStack() as stack:

        async def go(sandbox: Sandbox, user: str = "U0ALICE") -> Person:
            return await stack.enter_async_context(Person(sandbox.base_url, user))

        yield go


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def control(http: aiohttp.ClientSession) -> Control:
    async def ask(sandbox: Sandbox, what: str, body: Any = None, method: str = "POST") -> Json:
        async with http.request(method, f"{sandbox.base_url}/control/{what}", json=body) as response:
            answer: Json = await response.json()
            return answer

    return ask


@pytest.fixture
def client(slack: Sandbox) -> AsyncWebClient:
    """The app's own client, without the SDK's retries."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
