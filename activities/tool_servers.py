"""Where tools come from. Each server of the config is a `ToolServer`, whatever it speaks; a worker has one of each.

    async with ToolServers([McpServer(ServerSettings(name="fleet", command="python", args=("-m", "sandbox.fleet")))]) as servers:
        reply = await servers.call("fleet", "get_service", {"service": "checkout", "environment": "prod"}, timeout=30)

Errors are named after what they prove (`tool_replies`), for that decides what may be done next. Nothing here tries
twice: who calls knows whether it may.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any, Protocol, Self

from .tool_replies import NotSent, ToolDefinition, ToolReply, ToolServerError

logger = logging.getLogger(__name__)


run_called_for: ContextVar[str] = ContextVar("run_called_for", default="")
"""Workflow id of the run that calls, for a tool that tells the world whom it hears from."""


class ToolServer(Protocol):
    """One server. Calls run side by side; everything is used from one event loop."""

    @property
    def name(self) -> str: ...

    async def start(self) -> None:
        """Be ready now rather than when it is needed. Raises NotSent."""

    async def tools(self) -> Mapping[str, ToolDefinition]:
        """What it offers at this moment. Raises NotSent where it can't be asked."""

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - when it strikes decides which error it is
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        """Call a tool, once.

        Who looked at its definition hands it in: it may be another one by now. Then nothing is sent.

        *timeout* seconds bound all of it: where they run out before the request has left it is NotSent, afterwards
        ReplyLost. Raises NotSent, Refused, ReplyLost, ServerFailed or AskedForInput.
        """

    async def aclose(self) -> None:
        """Stop it and all it started. Calls under way end with ReplyLost."""


class ToolServers:
    """The tool servers of one worker process, by name."""

    def __init__(self, servers: Iterable[ToolServer]) -> None:
        self._servers = {server.name: server for server in servers}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def start(self, *names: str) -> None:
        """Start these servers, or all, now rather than when needed. Raises NotSent, naming one that does not start."""
        await asyncio.gather(*(self._named(name).start() for name in names or self._servers))

    async def tools(self, server: str) -> Mapping[str, ToolDefinition]:
        """What the server offers at this moment. Raises NotSent where it can't be asked."""
        return await self._named(server).tools()

    async def call(
        self,
        server: str,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - as in ToolServer
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        """`ToolServer.call` of that server."""
        try:
            reply = await self._named(server).call(tool, arguments, timeout, as_listed=as_listed)
        except ToolServerError as error:
            logger.info("%s.%s: %s", server, tool, type(error).__name__)
            raise
        logger.info("%s.%s: answered%s", server, tool, " with an error" if reply.is_error else "")
        return reply

    async def aclose(self) -> None:
        """Stop every server and all it started. Calls under way end with ReplyLost."""
        await asyncio.gather(*(server.aclose() for server in self._servers.values()))

    def _named(self, server: str) -> ToolServer:
        found = self._servers.get(server)
        if found is None:
            raise NotSent(f"no tool server is called {server}")
        return found
