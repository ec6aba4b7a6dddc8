"""A tool server that speaks MCP, over one connection after the other."""

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from .masking import PLAIN, Masker
from .mcp_connection import Connection, Opening
from .mcp_http import UrlSettings, speaking
from .mcp_stdio import ServerSettings, running
from .tool_replies import NotSent, Patience, SessionEnded, ToolDefinition, ToolReply

GROWN_UP = 30.0  # seconds; a server that was revived and dies sooner would die again and again

logger = logging.getLogger(__name__)


class McpServer:
    """One connection, shared by everything that runs here: made when it is first needed, and again when it has died.

    Over a new connection it is asked once more where it proved that it did nothing, for it had forgotten the old one.

    A `ToolServer`. If a caller is cancelled the server is told so, and may or may not stop.
    """

    def __init__(
        self,
        settings: ServerSettings | UrlSettings,
        *,
        path: str = os.defpath,
        patience: Patience | None = None,
        masker: Masker = PLAIN,
    ) -> None:
        """*path* is its PATH where the settings name none. Errors are masked; what tools answer is not."""
        self.name = settings.name
        self._opening: Opening = (
            partial(running, settings, path)
            if isinstance(settings, ServerSettings)
            else partial(speaking, settings, masker)
        )
        self._patience = patience or Patience()
        self._masker = masker
        self._connection: Connection | None = None
        self._replaced: set[Connection] = set()
        self._revivals: set[asyncio.Task[Connection]] = set()
        self._closed = False

    async def start(self) -> None:
        await self._ready()

    async def tools(self) -> Mapping[str, ToolDefinition]:
        with suppress(SessionEnded):
            return await (await self._ready()).list_tools()
        return await (await self._ready()).list_tools()

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - as in ToolServer
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        until = asyncio.get_running_loop().time() + timeout
        try:
            with suppress(SessionEnded):
                return await (await self._expecting(tool, as_listed, until)).call(tool, arguments, until)
            return await (await self._expecting(tool, as_listed, until)).call(tool, arguments, until)
        except TimeoutError:
            raise NotSent(f"{self.name} was not ready within {timeout:g} s") from None

    async def _expecting(self, tool: str, as_listed: ToolDefinition | None, until: float) -> Connection:
        """A connection to a server that has that tool. Raises NotSent, TimeoutError."""
        async with asyncio.timeout_at(until):
            connection = await self._ready()
            await connection.expect_tool(tool, as_listed)
            return connection

    async def aclose(self) -> None:
        self._closed = True
        await asyncio.gather(*(each.aclose() for each in (self._connection, *self._replaced) if each))

    async def _ready(self, *, grown_up_after: float = 0.0) -> Connection:
        found = self._connection
        if found is not None and not found.over and not await found.answers():
            await found.aclose()
        # From here to the new connection there is no await: two callers can't start the server twice.
        found = self._connection
        if found is None or found.over:
            if self._closed:
                raise NotSent(f"{self.name} is not started any more: this worker is stopping")
            self._replaced = {
                each for each in (*self._replaced, found) if each is not None and not each.ended
            }
            found = self._connection = Connection(self.name, self._opening, self._patience, self._masker)
            found.when_it_dies(self._revive, grown_up_after)
        await found.ready()
        return found

    def _revive(self) -> None:
        """A server that died is started again at once: it may have something to recover."""
        if not self._closed:
            revival = asyncio.create_task(self._ready(grown_up_after=GROWN_UP))
            self._revivals.add(revival)
            revival.add_done_callback(self._revived)

    def _revived(self, revival: "asyncio.Task[Connection]") -> None:
        self._revivals.discard(revival)
        if not revival.cancelled() and isinstance(error := revival.exception(), NotSent):
            logger.warning("%s; it is started again when it is needed", error)
