"""A tool server somewhere on the network, and the protocol's messages over HTTP (MCP's “streamable HTTP”).

The SDK has a transport of its own. This one differs where it matters to an effect: it knows whether a request's body has
begun to leave, and what the answer's status proves; one request that fails takes no other with it; nothing is followed
to another address; and nothing is sent again but what the server refused for want of a fresh token. It does not resume
a stream that was cut: that reply is lost, which is said.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import anyio
import httpx2
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ConfigDict, Field

from .masking import Masker
from .mcp_answers import LARGEST_REASON, fate_of, is_rpc_error
from .mcp_line import FRAME_LIMIT, LETTER, Inbox, Letter, Overhear, parsed
from .mcp_oauth import Credentials, Tokens
from .safe import safe_text
from .tool_replies import NotSent, ReplyLost, SessionEnded, ToolServerError

CONNECTING = 10.0  # seconds for an address, a connection and TLS
TELLING = 5.0  # seconds for what has no answer: a server that never takes it holds nobody up
LEAVING = 2.0  # seconds to end a session
LONGEST_FAULT = 300  # characters of what a library says of a connection
SESSION = "mcp-session-id"
VERSION = "mcp-protocol-version"

logger = logging.getLogger(__name__)


class UrlSettings(BaseModel):
    """Where one tool server is, and what it knows us by."""

    model_config = ConfigDict(frozen=True)

    name: str
    url: str
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    bearer: str = Field("", repr=False)
    oauth: Credentials | None = None
    proxy: str | None = Field(None, repr=False)


class _Withdrawn(Exception):
    """Nobody waits for it any more, and it has not left yet."""


class HttpLine:
    """One session with a server. Each request is a connection's business of its own, and fails for itself."""

    ending = last_words = ""

    def __init__(
        self, settings: UrlSettings, client: httpx2.AsyncClient, masker: Masker, on_request: Overhear
    ) -> None:
        self.inbox = Inbox()
        self.over = asyncio.Event()
        self._settings = settings
        self._client = client
        self._on_request = on_request
        self._masker = masker
        self._tokens = (
            None if settings.oauth is None else Tokens(settings.name, settings.url, settings.oauth, masker)
        )
        self._session = self._version = ""
        self._forgotten = False
        self._asking: dict[RequestId, asyncio.Task[None]] = {}
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def outbox(self) -> Self:
        return self

    @property
    def gone(self) -> bool:
        return self._forgotten or self.over.is_set()

    # What it is told

    async def send(self, item: SessionMessage, /) -> None:
        """Raises anyio.ClosedResourceError where no byte could leave."""
        if self.gone:
            raise anyio.ClosedResourceError
        message = item.message
        own = item.metadata.headers if isinstance(item.metadata, ClientMessageMetadata) else None
        headers = self._headers(message, own or {})
        if isinstance(message, JSONRPCRequest):
            asking = asyncio.create_task(self._ask(message, headers, LETTER.get() or Letter()))
            self._asking[message.id] = asking
            asking.add_done_callback(lambda _: self._asked(message.id))
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            self._cancel(message, headers)
        else:
            await self._tell(message, headers)

    def _asked(self, request: RequestId) -> None:
        self._asking.pop(request, None)
        if self._forgotten and not self._asking:
            self._over()

    def _over(self) -> None:
        self.over.set()
        self.inbox.end()

    async def aclose(self) -> None:
        """It is ended by who began it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _headers(self, message: JSONRPCMessage, own: Mapping[str, str]) -> dict[str, str]:
        named = {name.lower(): value for name, value in own.items()}
        if isinstance(message, JSONRPCRequest) and message.method == "initialize":
            self._version = ""
        self._version = named.get(VERSION, self._version)
        said = {SESSION: self._session, VERSION: self._version}
        return {name: value for name, value in said.items() if value} | named

    def _cancel(self, message: JSONRPCNotification, headers: Mapping[str, str]) -> None:
        """Nobody waits for that answer any more. Later versions of the protocol take the hanging up for it."""
        which = (message.params or {}).get("requestId")
        if which in self._asking:
            self._asking[which].cancel()
        if self._version not in MODERN_PROTOCOL_VERSIONS:
            telling = asyncio.create_task(self._tell(message, headers))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)

    async def _tell(self, message: JSONRPCMessage, headers: Mapping[str, str]) -> None:
        with suppress(TimeoutError, httpx2.HTTPError, NotSent):
            async with asyncio.timeout(TELLING), self._posted(message, headers):
                pass

    async def _ask(self, message: JSONRPCRequest, headers: Mapping[str, str], letter: Letter) -> None:
        try:
            await self._answered(message, headers, letter)
        except _Withdrawn:
            pass
        except ToolServerError as error:
            self._fail(message, letter, error)
        except Exception as error:  # noqa: BLE001 - whatever a far end makes a library raise
            why = self._masker.quote(safe_text(str(error) or type(error).__name__), LONGEST_FAULT)
            self._fail(message, letter, self._lost(why) if letter.left else self._unreachable(why))

    async def _answered(self, message: JSONRPCRequest, headers: Mapping[str, str], letter: Letter) -> None:
        """Raises ToolServerError, _Withdrawn and whatever the HTTP client does."""
        for last in (False, True):
            token = await self._token()
            async with self._posted(message, headers, letter, token) as response:
                if response.status_code == 401 and self._tokens is not None and not last:
                    # It was not called for want of a token that is still good, so it may be sent once more.
                    self._tokens.refused(token)
                    continue
                await self._heard(message, response)
                return

    @asynccontextmanager
    async def _posted(
        self,
        message: JSONRPCMessage,
        headers: Mapping[str, str],
        letter: Letter | None = None,
        token: str | None = None,
    ) -> AsyncIterator[httpx2.Response]:
        async def on_the_way(event: str, info: dict[str, Any]) -> None:
            if letter is None or getattr(info.get("request"), "method", b"") != b"POST":
                return
            if event == "http11.send_request_headers.started":
                letter.left = False  # an earlier one was refused
            elif event == "http11.send_request_body.started":
                if letter.withdrawn:
                    raise _Withdrawn
                letter.left = True

        bearer = await self._token() if token is None else token
        async with self._client.stream(
            "POST",
            self._settings.url,
            content=message.model_dump_json(by_alias=True, exclude_unset=True).encode(),
            headers={
                **self._settings.headers,
                **({"authorization": f"Bearer {bearer}"} if bearer else {}),
                **headers,
                "accept": "application/json, text/event-stream",
                "accept-encoding": "identity",
                "content-type": "application/json",
            },
            extensions={"trace": on_the_way},
        ) as response:
            yield response

    async def _token(self) -> str:
        """Raises NotSent."""
        return await self._tokens.token(self._client) if self._tokens else self._settings.bearer

    # What it says

    async def _heard(self, message: JSONRPCRequest, response: httpx2.Response) -> None:
        """Raises ToolServerError where it is no answer."""
        if response.status_code != 200:
            await self._refused(message, response)
            return
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._lost("it answered in an encoding that was not asked for")
        if message.method == "initialize":
            self._session = response.headers.get(SESSION, "")
        match _kind(response):
            case "text/event-stream":
                await self._streamed(message, response)
            case "application/json":
                body = await _body(response, FRAME_LIMIT + 1)
                if len(body) > FRAME_LIMIT:
                    raise self._lost(f"it said more than {FRAME_LIMIT:,} bytes at once")
                if not self._take(body, message):
                    raise self._lost("it answered unreadably, or something else")
            case kind:
                raise self._lost(f"it answered with {kind or 'nothing that says what it is'}")

    async def _streamed(self, message: JSONRPCRequest, response: httpx2.Response) -> None:
        async for event in httpx2.EventSource(response, max_event_size=FRAME_LIMIT):
            if event.data and self._take(event.data.encode(errors="surrogatepass"), message):
                return
        raise self._lost("it ended its answer in the middle")

    async def _refused(self, message: JSONRPCRequest, response: httpx2.Response) -> None:
        body, in_session = await _body(response, LARGEST_REASON), bool(self._session)
        if is_rpc_error(response.status_code, body, in_session=in_session):
            self._take(body, message)
        else:
            raise fate_of(response, body, self._settings.name, self._masker, in_session=in_session)

    def _take(self, said: bytes, asked: JSONRPCRequest) -> bool:
        """Whether that was the answer to what was *asked*."""
        heard = parsed(said)
        if heard is None:
            logger.warning("%s: said %d bytes that are no message", self._settings.name, len(said))
            return False
        if isinstance(heard, JSONRPCRequest):
            self._on_request(heard.method)
        if isinstance(heard, JSONRPCError) and heard.id is None:
            heard = heard.model_copy(update={"id": asked.id})
        self.inbox.put(SessionMessage(heard))
        return isinstance(heard, JSONRPCResponse | JSONRPCError) and heard.id == asked.id

    def _fail(self, message: JSONRPCRequest, letter: Letter, error: ToolServerError) -> None:
        letter.fate = error
        # No new request goes over it; those under way may still be answered.
        self._forgotten = self._forgotten or isinstance(error, SessionEnded)
        told = JSONRPCError(
            jsonrpc="2.0", id=message.id, error=ErrorData(code=INTERNAL_ERROR, message=str(error))
        )
        self.inbox.put(SessionMessage(told))

    def _unreachable(self, why: str) -> NotSent:
        return NotSent(f"{self._settings.name} could not be reached: {why}")

    def _lost(self, why: str) -> ReplyLost:
        return ReplyLost(f"the reply of {self._settings.name} was lost: {why}")

    async def end(self) -> None:
        """End the session, in a moment or not at all."""
        self._over()
        left = [*self._asking.values(), *self._telling]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._session:
            headers = {**self._settings.headers, SESSION: self._session, VERSION: self._version}
            with suppress(TimeoutError, httpx2.HTTPError, NotSent):
                async with asyncio.timeout(LEAVING):
                    token = await self._token()
                    if token:
                        headers["authorization"] = f"Bearer {token}"
                    await self._client.delete(self._settings.url, headers=headers)


def _kind(response: httpx2.Response) -> str:
    kind: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind


async def _body(response: httpx2.Response, most: int) -> bytes:
    """Its first bytes, about as many as *most*."""
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) >= most:
            break
    return bytes(body)


@asynccontextmanager
async def speaking(settings: UrlSettings, masker: Masker, on_request: Overhear) -> AsyncIterator[HttpLine]:
    """A session with the server, from start to end. Nothing of ours is used but what the settings name: no proxy of the
    environment, no .netrc.
    """
    client = httpx2.AsyncClient(
        verify=ssl.create_default_context(),
        trust_env=False,
        follow_redirects=False,
        proxy=settings.proxy,
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=30.0),
        timeout=httpx2.Timeout(None, connect=CONNECTING),
    )
    async with client:
        line = HttpLine(settings, client, masker, on_request)
        try:
            yield line
        finally:
            await line.end()
