"""All that a worker says to tool servers that speak MCP over stdio.

    async with McpServers([ServerSettings(name="fleet", command="python", args=("-m", "sandbox.fleet"))]) as servers:
        reply = await servers.call("fleet", "get_service", {"service": "checkout", "environment": "prod"}, timeout=30)

Errors are named after what they prove, for that decides what may be done next:

    ToolServerError
    ├── NotSent             nothing was done
    └── ReplyLost           it may have been done; nobody can know from here
        ├── ServerFailed    the server answered with a protocol error in the middle of the call
        └── AskedForInput   the server wanted something of a person or a model; it was not given

Nothing here tries twice: who calls knows whether it may.
"""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Self

from mcp import Client, ClientSession, MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    REQUEST_TIMEOUT,
    URL_ELICITATION_REQUIRED,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    InputRequiredResult,
    PaginatedRequestParams,
    Result,
    TextContent,
    Tool,
)
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from activities.mcp_stdio import (
    LETTER,
    Inbox,
    Letter,
    Outbox,
    ServerProcess,
    ServerSettings,
    running,
    safe_json,
    safe_text,
)

__all__ = [
    "AskedForInput",
    "McpServers",
    "NotSent",
    "Patience",
    "ReplyLost",
    "ServerFailed",
    "ServerSettings",
    "ToolDefinition",
    "ToolReply",
    "ToolServerError",
]

PAGE_LIMIT = 100  # pages of a listing: one that never ends is cut there
TEXT_LIMIT = 65_536  # characters of a reply's text
# What a server may ask of its client in the middle of a call. We never say that we could answer.
QUESTIONS: Final = frozenset({"elicitation/create", "sampling/createMessage"})

logger = logging.getLogger(__name__)

_REPLY: TypeAdapter[CallToolResult | InputRequiredResult | Result] = TypeAdapter(
    CallToolResult | InputRequiredResult
)


@dataclass(frozen=True)
class Patience:
    """How long a server may take for what comes before a call, in seconds."""

    start: float = 30.0
    """To be ready. Of these the SDK spends up to 10 on a server that does not know its first question."""
    listing: float = 20.0
    """To list its tools, all pages together."""
    sign_of_life: float = 5.0
    """To answer anything, after it let a call time out."""


class ToolServerError(Exception):
    """Something between us and a tool server went wrong. The text is fit for people; it may quote the server."""


class NotSent(ToolServerError):
    """Nothing was done: the server can't be started, it was gone before a byte left, or it knows no such call."""


class ReplyLost(ToolServerError):
    """The request left and no reply can be trusted: it may have been done."""


class ServerFailed(ReplyLost):
    """The server answered a call it understood with a protocol error, which says nothing of how far it got."""


class AskedForInput(ReplyLost):
    """The server asked for input in the middle of the call. It was refused; what was done before, nobody can know."""


class ToolDefinition(BaseModel):
    """A tool as its server describes it. The description and the hints are the server's claims."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    annotations: dict[str, Any]

    @classmethod
    def of(cls, tool: Tool) -> Self:
        annotations = (
            tool.annotations.model_dump(by_alias=True, exclude_none=True) if tool.annotations else {}
        )
        return cls(
            name=tool.name,
            description=safe_text(tool.description or ""),
            input_schema=safe_json(tool.input_schema),
            output_schema=safe_json(tool.output_schema),
            annotations=safe_json(annotations),
        )

    def definition(self) -> dict[str, Any]:
        """The whole of it as JSON, for a digest."""
        return self.model_dump(mode="json")


class ToolReply(BaseModel):
    """What a call gave back. It came: whether as a success or as the tool's own error."""

    model_config = ConfigDict(frozen=True)

    text: str
    """All text parts, one after the other; at most TEXT_LIMIT characters, then a note of the cut."""
    structured: dict[str, Any] | None
    is_error: bool
    other: dict[str, int]
    """How many parts of other kinds came beside: image, audio, resource, resource_link. They are not kept."""

    @classmethod
    def of(cls, result: CallToolResult) -> Self:
        structured = safe_json(result.structured_content)
        if structured is not None and not isinstance(structured, dict):
            structured = {"result": structured}
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        return cls(
            text=_cut(safe_text(text)),
            structured=structured,
            is_error=result.is_error,
            other=Counter(part.type for part in result.content if not isinstance(part, TextContent)),
        )


def _cut(text: str) -> str:
    if len(text) <= TEXT_LIMIT:
        return text
    return f"{text[:TEXT_LIMIT]}… [cut: {TEXT_LIMIT} of {len(text)} characters shown]"


class McpServers:
    """The tool servers of one worker process: one connection to each, shared by everything that runs here.

    A server is started when it is first needed, and again when it has died. Calls run side by side. Everything must
    be used from one event loop.
    """

    def __init__(
        self, servers: Iterable[ServerSettings], *, path: str = os.defpath, patience: Patience | None = None
    ) -> None:
        """*path* is the PATH of every server whose settings name none."""
        self._settings = {settings.name: settings for settings in servers}
        self._path = path
        self._patience = patience or Patience()
        self._connections: dict[str, _Connection] = {}
        self._replaced: set[_Connection] = set()
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
    ) -> ToolReply:
        """Call a tool, once.

        *timeout* seconds bound all of it: where they run out before the request has left it is NotSent, afterwards
        ReplyLost. If the caller is cancelled the server is told so, and may or may not stop.

        Raises NotSent, ReplyLost, ServerFailed or AskedForInput.
        """
        until = asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout_at(until):
                connection = await self._ready(server)
                await connection.expect_tool(tool)
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

    async def _ready(self, server: str) -> "_Connection":
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
            found = self._connections[server] = _Connection(
                self._settings[server], self._path, self._patience
            )
        await found.ready()
        return found


@dataclass(eq=False)
class _Call(Letter):
    """A call in flight."""

    asked: bool = False
    """Whether the server asked for something meanwhile."""


class _Connection:
    """One life of one server, held open by a task of its own.

    The SDK's task groups must be left by the task that entered them; the session itself may be used from any.
    """

    def __init__(self, settings: ServerSettings, path: str, patience: Patience) -> None:
        self._settings = settings
        self._path = path
        self._patience = patience
        self._process: ServerProcess | None = None
        self._session: ClientSession | None = None
        self._failure = ""
        self._settled = asyncio.Event()
        self._closing = asyncio.Event()
        self._suspect = False
        self._calls: set[_Call] = set()
        self._tools: frozenset[str] = frozenset()
        self._life = asyncio.create_task(self._live(), name=f"tool server {settings.name}")

    @property
    def _name(self) -> str:
        return self._settings.name

    @property
    def over(self) -> bool:
        gone = self._process is not None and self._process.gone
        return gone or self._closing.is_set() or self._life.done()

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left: the process is gone and swept up after."""
        return self._life.done()

    async def ready(self) -> None:
        """Raises NotSent where the server can't be started."""
        await self._settled.wait()
        if self._session is None:
            raise NotSent(f"{self._name} could not be started: {self._failure}")

    async def answers(self) -> bool:
        """Whether the server still answers, asked only after it let a call time out.

        One that does not is not worth keeping; and ending it ends whatever it may still be at, so that a call whose
        reply was lost can't take effect long after people have looked.
        """
        if not self._suspect or self._calls:
            return True
        try:
            async with asyncio.timeout(self._patience.sign_of_life):
                await self.list_tools()
        except (TimeoutError, NotSent):
            logger.warning("%s: does not answer any more; starting it again", self._name)
            return False
        self._suspect = False
        return True

    async def list_tools(self) -> dict[str, ToolDefinition]:
        """Raises NotSent where there is no answer: to be asked is not to do anything."""
        assert self._session is not None
        listed: dict[str, ToolDefinition] = {}
        cursor: str | None = None
        try:
            async with asyncio.timeout(self._patience.listing):
                for _ in range(PAGE_LIMIT):
                    page = await self._session.list_tools(params=PaginatedRequestParams(cursor=cursor))
                    for tool in page.tools:
                        listed.setdefault(tool.name, ToolDefinition.of(tool))
                    cursor = page.next_cursor
                    if cursor is None:
                        break
        except TimeoutError:
            raise NotSent(
                f"{self._name} did not list its tools within {self._patience.listing:g} s"
            ) from None
        except MCPError as error:
            raise NotSent(f"{self._name} did not list its tools: {safe_text(error.message)}") from None
        except ValueError:
            raise NotSent(f"{self._name} lists its tools in no form the protocol knows") from None
        self._tools = frozenset(listed)
        return listed

    async def expect_tool(self, tool: str) -> None:
        """Raises NotSent where the server has no such tool, by its latest listing."""
        if tool not in self._tools and tool not in await self.list_tools():
            raise NotSent(f"{self._name} has no tool {tool}")

    async def call(self, tool: str, arguments: dict[str, Any], until: float) -> ToolReply:
        assert self._session is not None
        patience = until - asyncio.get_running_loop().time()
        if patience <= 0:
            raise NotSent(f"no time was left to call {self._name}.{tool}")
        call = _Call()
        self._calls.add(call)
        token = LETTER.set(call)
        try:
            # Not session.call_tool: it would judge the reply by the tool's schema and raise away one that is true.
            result = await self._session.send_request(
                CallToolRequest(params=CallToolRequestParams(name=tool, arguments=arguments)),
                _REPLY,
                request_read_timeout_seconds=patience,
            )
            if call.asked or isinstance(result, InputRequiredResult):
                self._asked(tool)
            assert isinstance(result, CallToolResult)
            return ToolReply.of(result)
        except MCPError as error:
            self._explain(error, call, tool)
        except ValueError as error:
            if not call.left:
                raise NotSent(f"the arguments of {self._name}.{tool} can't be written as JSON") from None
            what = "in no form the protocol knows" if isinstance(error, ValidationError) else "unreadably"
            raise ReplyLost(f"{self._name} answered {tool} {what}") from None
        finally:
            LETTER.reset(token)
            self._calls.discard(call)

    async def aclose(self) -> None:
        self._closing.set()
        if not self._settled.is_set():
            self._failure = "it was stopped first"
            self._life.cancel()
        await asyncio.wait([self._life])

    def _asked(self, tool: str) -> NoReturn:
        raise AskedForInput(f"{self._name} asked for input in the middle of {tool}; it was given none")

    def _explain(self, error: MCPError, call: _Call, tool: str) -> NoReturn:
        """Say what a protocol error proves."""
        what = f"{self._name}.{tool}"
        if not call.left:
            raise NotSent(f"{what} was not sent: the connection to the server is down") from None
        if call.asked or error.code in (URL_ELICITATION_REQUIRED, MISSING_REQUIRED_CLIENT_CAPABILITY):
            self._asked(tool)
        if error.code in (METHOD_NOT_FOUND, INVALID_PARAMS):
            raise NotSent(f"{self._name} refused to call {tool}: {_cut(safe_text(error.message))}") from None
        if error.code == CONNECTION_CLOSED and self.over:
            lost = f"the connection to {self._name} was lost in the middle of {tool}"
            raise ReplyLost(f"{lost}: {self._end}") from None
        if error.code == REQUEST_TIMEOUT:
            self._suspect = True
            raise ReplyLost(f"{what} did not answer in time") from None
        raise ServerFailed(f"{what} failed: {_cut(safe_text(error.message))} (code {error.code})") from None

    @property
    def _end(self) -> str:
        if self._closing.is_set() or self._process is None:
            return "we closed it"
        return self._process.ending

    def _on_request(self, method: str) -> None:
        if method not in QUESTIONS:
            return
        # The protocol does not say which call a question belongs to, so it casts its doubt on all of them. Only a
        # server that asks what its client never offered gets here.
        logger.warning("%s: asked %s in the middle of a call; refused", self._name, method)
        for call in self._calls:
            call.asked = True

    async def _live(self) -> None:
        try:
            client = Client(
                self._transport(), cache=None, client_info=Implementation(name="handrail", version="1")
            )
            async with asyncio.timeout(self._patience.start) as starting, client:
                starting.reschedule(None)
                self._session = client.session
                assert self._process is not None
                logger.info("%s: started, process %d", self._name, self._process.pid)
                self._settled.set()
                await self._until_over(self._process)
        except TimeoutError:
            self._failure = f"it was not ready within {self._patience.start:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a server makes the SDK raise: it is not there
            self._failure = self._why(error)
        finally:
            self._settled.set()
            logger.info("%s: ended%s", self._name, f": {self._failure}" if self._failure else "")

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[tuple[Inbox, Outbox]]:
        async with running(self._settings, self._path, self._on_request) as process:
            self._process = process
            yield process.inbox, process.outbox

    async def _until_over(self, process: ServerProcess) -> None:
        waits = [asyncio.ensure_future(process.over.wait()), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _why(self, error: Exception) -> str:
        if self._process is None:
            return f"{error}"
        said = f" and said: {self._process.last_words}" if self._process.last_words else ""
        return f"{self._process.ending}{said}"
