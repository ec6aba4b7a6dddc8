"""All that a worker says to tool servers that speak MCP over stdio.

    async with McpServers([ServerSettings(name="fleet", command="python", args=("-m", "sandbox.fleet"))]) as servers:
        reply = await servers.call("fleet", "get_service", {"service": "checkout", "environment": "prod"}, timeout=30)

Errors are named after what they prove (`mcp_replies`), for that decides what may be done next. Nothing here tries twice:
who calls knows whether it may.
"""

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from typing import Any, Self

from activities.masking import PLAIN, Masker
from activities.mcp_connection import Connection
from activities.mcp_replies import (
    AskedForInput,
    NotSent,
    Patience,
    Refused,
    ReplyLost,
    ServerFailed,
    ToolDefinition,
    ToolReply,
    ToolServerError,
)
from activities.mcp_stdio import ServerSettings

__all__ = [
    "AskedForInput",
    "McpServers",
    "NotSent",
    "Patience",
    "Refused",
    "ReplyLost",
    "ServerFailed",
    "ServerSettings",
    "ToolDefinition",
    "ToolReply",
    "ToolServerError",
]

GROWN_UP = 30.0  # seconds; a server that was revived and dies sooner would die again and again

logger = logging.getLogger(__name__)


class McpServers:
    """The tool servers of one worker process: one connection to each, shared by everything that runs here.

    A server is started when it is first needed, and again when it has died. Calls run side by side. Everything must
    be used from one event loop.
    """

    def __init__(
        self,
        servers: Iterable[ServerSettings],
        *,
        path: str = os.defpath,
        patience: Patience | None = None,
        masker: Masker = PLAIN,
    ) -> None:
        """*path* is the PATH of every server whose settings name none. Errors are masked; what tools answer is not."""
        self._settings = {settings.name: settings for settings in servers}
        self._path = path
        self._patience = patience or Patience()
        self._masker = masker
        self._connections: dict[str, Connection] = {}
        self._replaced: set[Connection] = set()
        self._revivals: set[asyncio.Task[Connection]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def start(self) -> None:
        """Start every server now rather than when it is needed. Raises NotSent, naming one that does not start."""
        await asyncio.gather(*(self._ready(name) for name in self._settings))

    async def tools(self, server: str) -> Mapping[str, ToolDefinition]:
        """What the server offers at this moment. Raises NotSent where it can't be asked."""
        connection = await self._ready(server)
        return await connection.list_tools()

    async def call(
        self,
        server: str,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - when it strikes decides which error it is
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        """Call a tool, once.

        Who looked at its definition hands it in: the server may have been started again since, with another one.
        Then nothing is sent.

        *timeout* seconds bound all of it: where they run out before the request has left it is NotSent, afterwards
        ReplyLost. If the caller is cancelled the server is told so, and may or may not stop.

        Raises NotSent, Refused, ReplyLost, ServerFailed or AskedForInput.
        """
        until = asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout_at(until):
                connection = await self._ready(server)
                await connection.expect_tool(tool, as_listed)
        except TimeoutError:
            raise NotSent(f"{server} was not ready within {timeout:g} s") from None
        try:
            reply = await connection.call(tool, arguments, until)
        except ToolServerError as error:
            logger.info("%s.%s: %s", server, tool, type(error).__name__)
            raise
        logger.info("%s.%s: answered%s", server, tool, " with an error" if reply.is_error else "")
        return reply

    async def aclose(self) -> None:
        """Stop every server and all it started. Calls under way end with ReplyLost."""
        self._closed = True
        await asyncio.gather(*(each.aclose() for each in (*self._connections.values(), *self._replaced)))

    async def _ready(self, server: str, *, grown_up_after: float = 0.0) -> "Connection":
        if server not in self._settings:
            raise NotSent(f"no tool server is called {server}")
        found = self._connections.get(server)
        if found is not None and not found.over and not await found.answers():
            await found.aclose()
        # From here to the new connection there is no await: two callers can't start the server twice.
        found = self._connections.get(server)
        if found is None or found.over:
            if self._closed:
                raise NotSent(f"{server} is not started any more: this worker is stopping")
            self._replaced = {
                each for each in (*self._replaced, found) if each is not None and not each.ended
            }
            found = self._connections[server] = Connection(
                self._settings[server], self._path, self._patience, self._masker
            )
            found.when_it_dies(lambda: self._revive(server), grown_up_after)
        await found.ready()
        return found

    def _revive(self, server: str) -> None:
        """A server that died is started again at once: it may have something to recover."""
        if not self._closed:
            revival = asyncio.create_task(self._ready(server, grown_up_after=GROWN_UP))
            self._revivals.add(revival)
            revival.add_done_callback(self._revived)

    def _revived(self, revival: "asyncio.Task[Connection]") -> None:
        self._revivals.discard(revival)
        if not revival.cancelled() and isinstance(error := revival.exception(), NotSent):
            logger.warning("%s; it is started again when it is needed", error)
