"""A tool server over HTTP that does what a test tells it to, down to the bytes. It is the far end of a wire."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

TOOL = {"name": "change", "inputSchema": {"type": "object"}, "annotations": {}}


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body) if self.body.startswith(b"{") else {}

    @property
    def rpc(self) -> str:
        return str(self.message.get("method", ""))


Behaviour = Callable[["FarEnd", Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FarEnd:
    """Says hello like any other server of 2025; then each call meets the next of *behaviours*, the last one again."""

    behaviours: list[Behaviour] = field(default_factory=list)
    everything: Behaviour | None = None
    """What meets every request, the greeting too."""
    asked: list[Asked] = field(default_factory=list)
    sessions: int = 0
    url: str = ""
    tool: dict[str, Any] = field(default_factory=lambda: dict(TOOL))

    @property
    def calls(self) -> list[Asked]:
        """All that came in of calls: what may have been done."""
        return [asked for asked in self.asked if asked.rpc == "tools/call"]

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (asked := await _read(reader)) is not None:
                self.asked.append(asked)
                await (self.everything or FarEnd.answer)(self, asked, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        match asked.rpc:
            case "initialize":
                self.sessions += 1
                version = asked.message["params"]["protocolVersion"]
                me = {"name": "far-end", "version": "1"}
                hello = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": me}
                reply(writer, asked, hello, **{"mcp-session-id": f"session-{self.sessions}"})
            case "tools/list":
                reply(writer, asked, {"tools": [self.tool]})
            case "tools/call":
                behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
                await behaviour(self, asked, writer)
            case "server/discover":
                respond(writer, 404)
            case _:
                respond(writer, 202)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    first = await reader.readexactly(1)
    if not first.isalpha():
        raise ConnectionError("that is no HTTP")
    head = first + await reader.readuntil(b"\r\n\r\n")
    start, *lines = head.decode().split("\r\n")[:-2]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(start.split()[0], headers, body)


def respond(writer: asyncio.StreamWriter, status: int, body: bytes = b"", **headers: str) -> None:
    said = {"content-length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    writer.write(f"HTTP/1.1 {status} So\r\n{lines}\r\n".encode() + body)


def rpc(asked: Asked, **said: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": asked.message.get("id"), **said}).encode()


def reply(writer: asyncio.StreamWriter, asked: Asked, result: dict[str, Any], **headers: str) -> None:
    respond(writer, 200, rpc(asked, result=result), **{"content-type": "application/json", **headers})


# What may happen to a call


async def works(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
    reply(writer, asked, {"content": [{"type": "text", "text": "done"}]})


def says(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    async def behave(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
        respond(writer, status, body, **headers)
        await writer.drain()

    return behave


def refuses(status: int, code: int, message: str) -> Behaviour:
    async def behave(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
        error = {"code": code, "message": message}
        respond(writer, status, rpc(asked, error=error), **{"content-type": "application/json"})

    return behave


async def hangs_up(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
    raise ConnectionResetError


async def stops_half_way(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
    respond(writer, 200, b'{"jsonrpc"', **{"content-type": "application/json", "content-length": "5000"})
    await writer.drain()
    raise ConnectionResetError


async def cuts_its_stream(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
    """After an event with an id, from which a client might resume."""
    stream(
        writer,
        b'id: 7\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"at it"}}\n\n',
    )
    await writer.drain()
    raise ConnectionResetError


async def streams(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
    note = b'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"at it"}}\n\n'
    text = b'{"content": [{"type": "text", "text": "half a \\ud83d"}]}'
    stream(writer, note + b'data: {"jsonrpc":"2.0","id":%d,"result":%s}\n\n' % (asked.message["id"], text))
    await writer.drain()
    raise ConnectionResetError


async def asks_a_person(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
    question = b'{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"sure?","requestedSchema":{"type":"object","properties":{}}}}'
    result = rpc(asked, result={"content": [{"type": "text", "text": "done all the same"}]})
    stream(writer, b"data: " + question + b"\n\ndata: " + result + b"\n\n")
    await writer.drain()
    raise ConnectionResetError


def stream(writer: asyncio.StreamWriter, events: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + events)


async def hangs(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def never_ends(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while True:
        writer.write(b" " * 1_000_000)
        await writer.drain()


@asynccontextmanager
async def listening(far_end: FarEnd) -> AsyncIterator[FarEnd]:
    meetings: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        meetings.add(task)
        await far_end.meet(reader, writer)

    server = await asyncio.start_server(meet, "127.0.0.1")
    far_end.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
    try:
        yield far_end
    finally:
        server.close()
        for meeting in meetings:
            meeting.cancel()
        await asyncio.gather(*meetings, return_exceptions=True)
