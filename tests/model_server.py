"""A language model's far end: a server that speaks OpenAI's protocol and says what a test wants it to, well or badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Heard = dict[str, Any]
"""The body of a request: `messages`, `tools`, `model`."""


def says(text: str, *, finish: str = "stop", tokens: int = 10) -> web.Response:
    return _completion({"role": "assistant", "content": text}, finish, tokens)


def calls(
    *wanted: tuple[str, str], said: str = "", finish: str = "tool_calls", tokens: int = 10
) -> web.Response:
    """Each a tool's name and its arguments, as the model spelled them."""
    made = [
        {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(wanted)
    ]
    return _completion({"role": "assistant", "content": said or None, "tool_calls": made}, finish, tokens)


def refuses(status: int, message: str = "no", **headers: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": "error"}}, status=status, headers=headers)


def garbles() -> web.Response:
    return web.Response(text='{"choices": [{"mess', content_type="application/json")


def _completion(message: dict[str, Any], finish: str, tokens: int) -> web.Response:
    usage = {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    return web.json_response(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "small",
            "choices": [choice],
            "usage": usage,
        }
    )


class ModelServer:
    """Answers one request after the other with what *says_next* makes of it; keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.keys: list[str] = []
        self.says_next: Callable[[Heard], web.StreamResponse | None] = lambda _: says("Done.")
        """None: the connection is lost before a word."""
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        reply = self.says_next(self.heard[-1])
        if reply is None:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
            return web.Response()
        return reply

    def then(self, *replies: web.StreamResponse | None) -> None:
        """In this order; the last one from then on."""
        left = list(replies)
        self.says_next = lambda _: left.pop(0) if len(left) > 1 else left[0]

    def told(self, number: int = -1) -> str:
        """All that a request said."""
        return json.dumps(self.heard[number]["messages"], ensure_ascii=False)


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    made = ModelServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/chat/completions", made.answer)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/v1"))
        yield made
