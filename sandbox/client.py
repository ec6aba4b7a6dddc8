"""A person in the workspace, driven by code: what tests and `handrail try` do instead of a browser."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from sandbox.blocks import inside, interactive
from sandbox.json_types import Json

Result = TypeVar("Result")
Probe = Callable[[], Result | Awaitable[Result | None] | None]


class PersonError(Exception):
    """The workspace did not let the person do that; the message says what was asked and what it answered."""


class Person:
    """Use as `async with Person(base_url, "U0ALICE") as alice`. What Slack refuses comes back as `ok: False`."""

    def __init__(self, base_url: str, user_id: str) -> None:
        self.user_id = user_id
        self._base_url = base_url.rstrip("/")

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def _get(self, path: str, **query: str) -> Json:
        params = {"as": self.user_id, **query}
        async with self._http.get(f"{self._base_url}{path}", params=params) as response:
            answer: Json = await response.json()
        if response.status != 200:
            raise PersonError(f"{path} {query}: {answer.get('error', response.status)}")
        return answer

    async def _do(self, deed: str, body: Json) -> Json:
        given = {"as": self.user_id, **body}
        async with self._http.post(f"{self._base_url}/page/{deed}", json=given) as response:
            answer: Json = await response.json()
        return answer

    # --- looking ---

    async def state(self) -> Json:
        return await self._get("/page/state")

    async def messages(self, channel: str) -> list[Json]:
        """All this person sees in *channel*, replies and own ephemeral messages with it, oldest first."""
        found: list[Json] = (await self._get("/page/messages", channel=channel))["messages"]
        return found

    async def thread(self, channel: str, ts: str) -> list[Json]:
        return [each for each in await self.messages(channel) if ts in (each["ts"], each.get("thread_ts"))]

    async def views(self) -> list[Json]:
        """The modals this person has open, the one on top last."""
        stack: list[Json] = (await self.state())["views"]
        return stack

    async def home(self) -> Json | None:
        view: Json | None = (await self.state())["home"]
        return view

    # --- doing ---

    async def say(self, channel: str, text: str, thread_ts: str | None = None) -> Json:
        """Type *text*; a slash command returns once the app acknowledged it, or did not."""
        body: Json = {"channel": channel, "text": text}
        return await self._do("say", body | ({"thread_ts": thread_ts} if thread_ts else {}))

    async def click(self, where: Json, what: str, choice: str | None = None) -> Json:
        """Press an element of a message or view, named by its text or by how its action_id begins.

        *choice* is the value of an option. Raises `PersonError` when there is no such element to be seen.
        """
        block_id, element = find(where, what)
        body: Json = {"block_id": block_id, "action_id": element["action_id"]}
        if choice is not None:
            body |= {"value": choice, "selected_option": choice}
        if where.get("type") == "message":
            return await self._do("click", body | {"channel": where["channel"], "message_ts": where["ts"]})
        return await self._do("click", body | {"view_id": where["id"]})

    async def submit(self, view: Json, values: dict[str, Any] | None = None) -> Json:
        """Fill in a modal and send it; *values* go by label, block_id or action_id."""
        return await self._do(
            "submit_view", {"view_id": view["id"], "state": self._state(view, values or {})}
        )

    def _state(self, view: Json, values: dict[str, Any]) -> Json:
        state: Json = {}
        for name, value in values.items():
            block = _input(view, name)
            element = block["element"]
            state.setdefault(block["block_id"], {})[element["action_id"]] = _typed_in(element, value)
        return state

    async def close(self, view: Json) -> Json:
        return await self._do("close_view", {"view_id": view["id"]})

    async def open_home(self) -> Json:
        return await self._do("open_home", {})

    async def open_direct(self) -> Json:
        """Open one's direct messages with the bot."""
        return await self._do("open_home", {"tab": "messages"})

    async def prompts(self) -> list[Json]:
        """What is suggested above where this person types to the bot."""
        said = (await self.state())["prompts"].get(f"D{self.user_id[1:]}", {})
        found: list[Json] = said.get("prompts", [])
        return found

    async def choose(self, view: Json, name: str, value: str, typed: dict[str, Any] | None = None) -> Json:
        """Choose *value* in a field that tells the app at once, with *typed* standing in the others."""
        block = _input(view, name)
        chosen = _typed_in(block["element"], value)
        where = {"block_id": block["block_id"], "action_id": block["element"]["action_id"]}
        state = self._state(view, (typed or {}) | {name: value})
        return await self._do("click", {"view_id": view["id"], **where, **chosen, "state": state})

    async def shortcut(self, callback_id: str, message: Json | None = None) -> Json:
        body: Json = {"callback_id": callback_id}
        target = {"message": {"channel": message["channel"], "ts": message["ts"]}} if message else {}
        return await self._do("shortcut", body | target)

    async def stop_session(self, channel: str, thread_ts: str) -> Json:
        return await self._do("stop_session", {"channel": channel, "thread_ts": thread_ts})

    # --- waiting ---

    @asynccontextmanager
    async def live(self) -> AsyncIterator[AsyncIterator[Json]]:
        """What the page would be pushed from now on."""
        address = f"{self._base_url.replace('http', 'ws', 1)}/page/live"
        async with self._http.ws_connect(address, params={"as": self.user_id}) as socket:
            await socket.receive_json()  # the hello: from here on nothing is missed
            yield _pushes(socket)

    async def until(self, probe: Probe[Result], timeout: float = 10.0) -> Result:  # noqa: ASYNC109  # part of the promise
        """What *probe* returns once it returns something true; it is asked again at every change this person sees.

        Raises `TimeoutError` after *timeout* seconds.
        """
        async with asyncio.timeout(timeout), self.live() as pushes:
            while True:
                found = probe()
                result = await found if inspect.isawaitable(found) else found
                if result:
                    return result
                await anext(pushes)

    async def sees(self, channel: str, text: str, timeout: float = 10.0) -> Json:  # noqa: ASYNC109
        """The newest message in *channel* that shows *text* in its words, blocks or buttons, once there is one."""

        async def probe() -> Json | None:
            return next(
                (each for each in reversed(await self.messages(channel)) if text in words(each)), None
            )

        return await self.until(probe, timeout)

    async def modal(self, timeout: float = 10.0) -> Json:  # noqa: ASYNC109
        """The modal on top, once one is open."""

        async def probe() -> Json | None:
            return next(reversed(await self.views()), None)

        return await self.until(probe, timeout)


async def _pushes(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Json]:
    async for frame in socket:
        if frame.type == aiohttp.WSMsgType.TEXT:
            yield frame.json()
    raise PersonError("the workspace closed the page")


def words(value: Any) -> str:
    """Every text in a message or view, joined by newlines."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(words, value)))
    if not isinstance(value, dict):
        return ""
    own = [inner if isinstance(inner, str) else words(inner) for key, inner in value.items() if key in _SHOWN]
    return "\n".join(filter(None, own))


_SHOWN = (
    "text",
    "title",
    "subtitle",
    "rich_text_title",
    "blocks",
    "child_blocks",
    "elements",
    "fields",
    "accessory",
    "element",
    "label",
    "hint",
    "placeholder",
    "options",
    "tasks",
    "details",
    "output",
    "rows",
    "positive_button",
    "negative_button",
    "submit",
    "close",
    "alt_text",
)


def find(where: Json, what: str) -> tuple[str, Json]:
    """The block_id and element that *what* names; raises `PersonError` with what there is instead."""
    seen = [
        (block["block_id"], element)
        for block in inside(where.get("blocks", []))
        for element in interactive(block)
    ]
    for block_id, element in seen:
        if what == element.get("text", {}).get("text"):
            return block_id, element
    for block_id, element in seen:
        if element["action_id"].startswith(what):
            return block_id, element
    there = ", ".join(element.get("text", {}).get("text") or element["action_id"] for _, element in seen)
    raise PersonError(f"nothing called {what!r} to press here; there is: {there or 'nothing'}")


def _input(view: Json, name: str) -> Json:
    for block in inside(view["blocks"]):
        if block["type"] == "input" and name in (
            block["label"]["text"],
            block["block_id"],
            block["element"]["action_id"],
        ):
            return block
    raise PersonError(f"no input called {name!r}")


def _typed_in(element: Json, value: Any) -> Json:
    kind = element["type"]
    if kind in ("static_select", "radio_buttons"):
        [chosen] = [option for option in element["options"] if option["value"] == value]
        return {"type": kind, "selected_option": chosen}
    if kind in ("checkboxes", "multi_static_select"):
        return {
            "type": kind,
            "selected_options": [each for each in element["options"] if each["value"] in value],
        }
    if kind == "conversations_select":
        return {"type": kind, "selected_conversation": value}
    return {"type": kind, "value": value}
