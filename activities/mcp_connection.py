"""One life of one tool server, and the calls in flight on it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

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
)
from pydantic import TypeAdapter, ValidationError

from activities.masking import Masker
from activities.mcp_line import LETTER, Inbox, Letter, Line, Outgoing, Overhear
from activities.safe import safe_text
from activities.tool_replies import (
    AskedForInput,
    NotSent,
    Patience,
    Refused,
    ReplyLost,
    ServerFailed,
    ToolDefinition,
    ToolReply,
)

LAST_WORDS_LIMIT = 300  # characters of the last line on stderr, told when a server does not start
SAID_LIMIT = 2_000  # characters of a protocol error
PAGE_LIMIT = 100  # pages of a listing: one that never ends is cut there
# What a server may ask of its client in the middle of a call. We never say that we could answer.
QUESTIONS: Final = frozenset({"elicitation/create", "sampling/createMessage"})
# SDKs for TypeScript and Swift say “invalid params” of what a tool answered, too: then it was called.
OF_ITS_ANSWER: Final = "structured content"

logger = logging.getLogger(__name__)

_REPLY: TypeAdapter[CallToolResult | InputRequiredResult | Result] = TypeAdapter(
    CallToolResult | InputRequiredResult
)


Opening = Callable[[Overhear], AbstractAsyncContextManager[Line]]
"""Makes the way to a server, from start to end."""


@dataclass(eq=False)
class _Call(Letter):
    """A call in flight."""

    asked: bool = False
    """Whether the server asked for something meanwhile."""


class Connection:
    """One life of one server, held open by a task of its own.

    The SDK's task groups must be left by the task that entered them; the session itself may be used from any.
    """

    def __init__(self, name: str, opening: Opening, patience: Patience, masker: Masker) -> None:
        self._name = name
        self._opening = opening
        self._masker = masker
        self._patience = patience
        self._line: Line | None = None
        self._session: ClientSession | None = None
        self._failure: NotSent | None = None
        self._settled = asyncio.Event()
        self._closing = asyncio.Event()
        self._suspect = False
        self._calls: set[_Call] = set()
        self._tools: dict[str, ToolDefinition] = {}
        self._on_death: Callable[[], None] = lambda: None
        self._grown_up_after = 0.0
        self._life = asyncio.create_task(self._live(), name=f"tool server {name}")

    def when_it_dies(self, do: Callable[[], None], grown_up_after: float) -> None:
        """*do* is called when the server dies unasked after having lived so many seconds."""
        self._on_death, self._grown_up_after = do, grown_up_after

    @property
    def over(self) -> bool:
        gone = self._line is not None and self._line.gone
        return gone or self._closing.is_set() or self._life.done()

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left: a process is gone and swept up after."""
        return self._life.done()

    async def ready(self) -> None:
        """Raises NotSent where the server can't be started or reached."""
        await self._settled.wait()
        if self._session is None:
            raise self._failure or self._not_started("it ended")

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
        with _written(Letter()) as letter:
            try:
                async with asyncio.timeout(self._patience.listing):
                    self._tools = await self._listed()
            except TimeoutError:
                raise NotSent(
                    f"{self._name} did not list its tools within {self._patience.listing:g} s"
                ) from None
            except MCPError as error:
                if isinstance(letter.fate, NotSent):
                    raise letter.fate from None
                raise NotSent(f"{self._name} did not list its tools: {self._quoted(error.message)}") from None
            except ValueError:
                raise NotSent(f"{self._name} lists its tools in no form the protocol knows") from None
        return self._tools

    async def _listed(self) -> dict[str, ToolDefinition]:
        assert self._session is not None
        listed: dict[str, ToolDefinition] = {}
        cursor: str | None = None
        for _ in range(PAGE_LIMIT):
            page = await self._session.list_tools(params=PaginatedRequestParams(cursor=cursor))
            for tool in page.tools:
                listed.setdefault(tool.name, ToolDefinition.of(tool))
            cursor = page.next_cursor
            if cursor is None:
                break
        return listed

    async def expect_tool(self, tool: str, as_listed: ToolDefinition | None) -> None:
        """Raises NotSent where the server has no such tool, or describes it differently, by its latest listing."""
        known = self._tools.get(tool) or (await self.list_tools()).get(tool)
        if known is None:
            raise NotSent(f"{self._name} has no tool {tool}")
        if as_listed is not None and not known.same_as(as_listed):
            raise NotSent(f"{self._name} describes {tool} differently than a moment ago")

    async def call(self, tool: str, arguments: dict[str, Any], until: float) -> ToolReply:
        assert self._session is not None
        patience = until - asyncio.get_running_loop().time()
        if patience <= 0:
            raise NotSent(f"no time was left to call {self._name}.{tool}")
        call = _Call()
        self._calls.add(call)
        try:
            with _written(call):
                return await self._answer(tool, arguments, patience, call)
        finally:
            self._calls.discard(call)

    async def _answer(self, tool: str, arguments: dict[str, Any], patience: float, call: _Call) -> ToolReply:
        assert self._session is not None
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

    async def aclose(self) -> None:
        self._closing.set()
        if not self._settled.is_set():
            self._failure = self._not_started("it was stopped first")
            self._life.cancel()
        await asyncio.wait([self._life])

    def _asked(self, tool: str) -> NoReturn:
        raise AskedForInput(f"{self._name} asked for input in the middle of {tool}; it was given none")

    def _explain(self, error: MCPError, call: _Call, tool: str) -> NoReturn:
        """Say what a protocol error proves."""
        what = f"{self._name}.{tool}"
        if isinstance(call.fate, NotSent):
            raise call.fate from None
        if not call.left:
            raise NotSent(f"{what} was not sent: the connection to the server is down") from None
        if call.asked or error.code in (URL_ELICITATION_REQUIRED, MISSING_REQUIRED_CLIENT_CAPABILITY):
            self._asked(tool)
        if call.fate is not None:
            raise call.fate from None
        if error.code in (METHOD_NOT_FOUND, INVALID_PARAMS) and OF_ITS_ANSWER not in error.message.lower():
            raise Refused(f"{self._name} refused to call {tool}: {self._quoted(error.message)}") from None
        if error.code == CONNECTION_CLOSED and self.over:
            lost = f"the connection to {self._name} was lost in the middle of {tool}"
            raise ReplyLost(f"{lost}: {self._end}") from None
        if error.code == REQUEST_TIMEOUT:
            self._suspect = True
            raise ReplyLost(f"{what} did not answer in time") from None
        said = f"{what} failed: {self._quoted(error.message)} (code {error.code})"
        if error.code == CONNECTION_CLOSED:  # so the SDK calls its own breakdown, too
            raise ReplyLost(said) from None
        raise ServerFailed(said, ToolReply.of_error(error.code, error.message)) from None

    @property
    def _end(self) -> str:
        if self._closing.is_set() or self._line is None or not self._line.ending:
            return "we closed it"
        return self._line.ending

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
            with _written(Letter()) as greeting:
                await self._live_once()
        except TimeoutError:
            self._failure = self._not_started(f"it was not ready within {self._patience.start:g} s")
        except Exception as error:  # noqa: BLE001 - whatever a server makes the SDK raise: it is not there
            fate = greeting.fate
            self._failure = fate if isinstance(fate, NotSent) else self._not_started(self._why(error))
        finally:
            self._settled.set()
            logger.info("%s: ended%s", self._name, f": {self._failure}" if self._failure else "")

    async def _live_once(self) -> None:
        client = Client(
            self._transport(), cache=None, client_info=Implementation(name="handrail", version="1")
        )
        async with asyncio.timeout(self._patience.start) as starting, client:
            starting.reschedule(None)
            self._session = client.session
            assert self._line is not None
            logger.info("%s: ready", self._name)
            self._settled.set()
            born = asyncio.get_running_loop().time()
            await self._until_over(self._line)
        age = asyncio.get_running_loop().time() - born
        if not self._closing.is_set() and age >= self._grown_up_after:
            self._on_death()

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[tuple[Inbox, Outgoing]]:
        async with self._opening(self._on_request) as line:
            self._line = line
            yield line.inbox, line.outbox

    async def _until_over(self, line: Line) -> None:
        waits = [asyncio.ensure_future(line.over.wait()), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _not_started(self, why: str) -> NotSent:
        return NotSent(f"{self._name} could not be started: {why}")

    def _why(self, error: Exception) -> str:
        if self._line is None or not self._line.ending:
            return self._quoted(str(error))
        said = self._quoted(self._line.last_words, LAST_WORDS_LIMIT)
        return f"{self._line.ending}{' and said: ' if said else ''}{said}"

    def _quoted(self, said: str, longest: int = SAID_LIMIT) -> str:
        """What the server says of what went wrong, fit for people."""
        return self._masker.quote(safe_text(said), longest)


Written = TypeVar("Written", bound=Letter)


@contextmanager
def _written(letter: Written) -> Iterator[Written]:
    """While what is sent is this letter. Afterwards nobody waits for it, and nothing of it may leave."""
    token = LETTER.set(letter)
    try:
        yield letter
    finally:
        letter.withdrawn = True
        LETTER.reset(token)
