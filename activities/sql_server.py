"""A tool server that is a database, declared tool by tool in the config."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, DBAPIError

from . import sql_ledger
from .declared import Bounds, expected
from .sql_dialects import engine_of, words
from .sql_tools import SqlSettings, definitions
from .sql_transactions import Fate, Transaction, effects
from .tool_replies import NotSent, ReplyLost, ToolDefinition, ToolReply

MOST_AT_ONCE = 16
"""Calls at one database; more wait for a thread."""
Answer = TypeVar("Answer")


class SqlServer:
    """A `ToolServer`. Each call is one transaction on a connection of its own."""

    def __init__(self, settings: SqlSettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._tools = definitions(settings)
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix=f"database {settings.name}")
        self._bounds = Bounds()

    async def start(self) -> None:
        """Is the database there, and the table for keys? Raises NotSent."""
        if not await self._asked(lambda: not self._settings.changes or sql_ledger.exists(self._engine)):
            raise NotSent(
                f"the database of {self.name} has no table {sql_ledger.NAME}: `handrail ledger {self.name}` makes it"
            )

    async def create_ledger(self) -> None:
        """Raises NotSent."""
        await self._asked(lambda: sql_ledger.create(self._engine))

    async def tools(self) -> Mapping[str, ToolDefinition]:
        return self._tools

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - as in ToolServer
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        expected(self.name, self._tools, tool, as_listed)
        if self._bounds.closed:
            raise NotSent(f"{self.name} is not called any more: this worker is stopping")
        what = f"{self.name}.{tool}"
        fate = Fate()
        work = self._work(what, tool, arguments, timeout, fate)
        try:
            async with self._bounds.until(asyncio.get_running_loop().time() + timeout):
                return await self._in_a_thread(work)
        except TimeoutError:
            if fate.committing:
                raise ReplyLost(f"{what} was to be committed, and did not answer in time") from None
            raise NotSent(f"{what} was not done in time, and is undone") from None
        finally:
            fate.give_up()

    async def aclose(self) -> None:
        self._bounds.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _work(
        self, what: str, tool: str, arguments: dict[str, Any], seconds: float, fate: Fate
    ) -> Callable[[], ToolReply]:
        if tool not in self._settings.tools:
            return lambda: effects(self._engine, what, str(arguments["key"]), seconds)
        declared = self._settings.tools[tool]
        return lambda: Transaction(self._engine, what, declared, arguments, seconds, fate).run()

    async def _asked(self, question: Callable[[], Answer]) -> Answer:
        try:
            return await self._in_a_thread(question)
        except DBAPIError as error:
            raise NotSent(f"the database of {self.name} can't be asked: {words(error)}") from None

    async def _in_a_thread(self, work: Callable[[], Answer]) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except ModuleNotFoundError as error:
            raise NotSent(f"the driver of {self.name} is not installed: {error}") from None
        except ArgumentError as error:
            raise NotSent(f"the address of {self.name} can't be used: {error}") from None

    @cached_property
    def _engine(self) -> Engine:
        return engine_of(self._settings)
