"""A tool server whose tools are Python functions, run in the worker itself: a module, or an entry point."""

import asyncio
import inspect
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from .declared import expected
from .masking import PLAIN, Masker
from .python_functions import BadFunction, PythonFunction, reply_of, reply_of_error
from .python_tools import NothingDone, Tool
from .safe import safe_text
from .tool_replies import NotSent, Refused, ReplyLost, ToolDefinition, ToolReply

GROUP = "handrail.tools"
"""Of entry points: each is a module with tools."""
THREADS = 16
"""Functions without `async` that run side by side."""
LONGEST_REASON = 2_000


class PythonServer:
    """A `ToolServer`."""

    def __init__(
        self, name: str, module: str, *, reading: frozenset[str] = frozenset(), masker: Masker = PLAIN
    ) -> None:
        """*module* is the name of an entry point, or of a module. *reading* are the tools that only read."""
        self.name = name
        self._module = module
        self._reading = reading
        self._masker = masker
        self._functions: dict[str, PythonFunction] | None = None
        self._importing = asyncio.Lock()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"tools-{name}")
        self._calls: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def start(self) -> None:
        await self._ready()

    async def tools(self) -> Mapping[str, ToolDefinition]:
        return {name: function.definition for name, function in (await self._ready()).items()}

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - as in ToolServer
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        functions = await self._ready()
        offered = {name: function.definition for name, function in functions.items()}
        expected(self.name, offered, tool, as_listed)
        function, what = functions[tool], f"{self.name}.{tool}"
        given = function.bound(arguments)
        if self._closed:
            raise NotSent(f"{what} is not called any more: this worker is stopping")
        call = asyncio.create_task(self._called(function, given))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        try:
            await asyncio.wait({call}, timeout=timeout)
        finally:
            # It may not heed this, and a thread can't: nobody waits for it any more.
            ended = call.done()
            call.cancel()
        if not ended:
            raise ReplyLost(f"{what} did not end within {timeout:g} s")
        if call.cancelled():
            raise ReplyLost(f"{what} was cancelled")
        return self._reply(tool, call)

    async def aclose(self) -> None:
        self._closed = True
        for call in self._calls:
            call.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _reply(self, tool: str, call: "asyncio.Task[Any]") -> ToolReply:
        what, (result, error) = f"{self.name}.{tool}", call.result()
        if isinstance(error, NothingDone):
            raise Refused(self._masker.quote(safe_text(str(error)), LONGEST_REASON) or f"{what} did nothing")
        return reply_of_error(error) if error is not None else reply_of(result, reads=tool in self._reading)

    async def _called(
        self, function: PythonFunction, given: dict[str, Any]
    ) -> tuple[Any, BaseException | None]:
        """What it gave back, or what it raised: nothing of it may end the worker."""
        try:
            if inspect.iscoroutinefunction(function.call):
                return await function.call(**given), None
            work = partial(function.call, **given)
            return await asyncio.get_running_loop().run_in_executor(self._threads, work), None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a tool raises is its answer
            return None, error

    async def _ready(self) -> Mapping[str, PythonFunction]:
        """Raises NotSent."""
        async with self._importing:
            if self._functions is None:
                try:
                    self._functions = await asyncio.to_thread(_functions, self._module)
                except BadFunction as problem:
                    raise NotSent(f"{self.name} can't be used: {problem}") from None
                except (Exception, SystemExit) as error:  # noqa: BLE001 - importing runs whatever stands there
                    why = self._masker.quote(safe_text(f"{type(error).__name__}: {error}"), LONGEST_REASON)
                    raise NotSent(f"{self.name} can't be imported: {why}") from None
            return self._functions


def _functions(module: str) -> dict[str, PythonFunction]:
    """Raises BadFunction, and whatever importing raises."""
    found = {
        name: PythonFunction.of(name, function, says_it_reads=reads)
        for tool in vars(_loaded(module)).values()
        if isinstance(tool, Tool)
        for name, function, reads in tool.functions()
    }
    if not found:
        raise BadFunction(f"{module} has no tools: expected functions with @tool in it")
    return found


def _loaded(name: str) -> ModuleType:
    for entry in entry_points(group=GROUP, name=name):
        loaded: ModuleType = entry.load()
        return loaded
    return import_module(name)
