"""A tool server that is an HTTP API, declared tool by tool in the config.

One connection a call, and one request a connection: a connection that is kept can die while it is used again, and then
nobody knows what the request did.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from functools import cached_property
from typing import Any, NoReturn

import httpcore2

from .declared import Bounds, expected
from .http_addresses import LONGEST_CONNECT, ForbiddenAddress, GuardedNetwork
from .http_replies import LARGEST_ANSWER, Answer, reply_of
from .http_requests import Request, request_of
from .http_tools import HttpSettings, definition
from .tool_replies import NotSent, ReplyLost, ToolDefinition, ToolReply

BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError)
"""All that a connection can come to."""


class HttpServer:
    """A `ToolServer`. No proxy, no redirect, no cookie; TLS is verified."""

    def __init__(self, settings: HttpSettings, *, tls: ssl.SSLContext | None = None) -> None:
        """*tls* stands in for the system's authorities."""
        self.name = settings.name
        self._settings = settings
        self._given_tls = tls
        self._tools = {name: definition(settings, name) for name in settings.tools}
        self._bounds = Bounds()

    async def start(self) -> None:
        """Can it be reached, and is it who it says? Nothing is asked of it. Raises NotSent."""
        base, network = httpcore2.URL(self._settings.base), self._new_network()
        host = base.host.decode()
        try:
            async with asyncio.timeout(LONGEST_CONNECT):
                stream = await network.connect_tcp(host, base.origin.port)
                if base.scheme == b"https":
                    await stream.start_tls(self._tls, server_hostname=host)
        except (*BROKEN, TimeoutError) as error:
            self._explain(error, self.name, left=False)
        finally:
            await network.aclose()

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
        declared = self._settings.tools[tool]
        request = request_of(self._settings, declared, arguments)
        what = f"{self.name}.{tool}"
        async with AsyncExitStack() as connection:
            answer = await self._exchange(what, request, timeout, connection)
        return reply_of(what, declared, answer)

    async def aclose(self) -> None:
        self._bounds.close()

    async def _exchange(
        self,
        what: str,
        request: Request,
        timeout: float,  # noqa: ASYNC109 - as in ToolServer
        connection: AsyncExitStack,
    ) -> Answer:
        until = asyncio.get_running_loop().time() + timeout
        left = asyncio.Event()
        try:
            async with self._bounds.until(until):
                response = await self._send(request, left, connection)
        except (*BROKEN, TimeoutError) as error:
            self._explain(error, what, left=left.is_set())
        body, unread = await self._body(response, until)
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
        }
        return Answer(response.status, headers, body, unread)

    async def _send(
        self, request: Request, left: asyncio.Event, connection: AsyncExitStack
    ) -> httpcore2.Response:
        """*left* is set just before the first byte of the request is written."""

        async def see(event: str, _: object) -> None:
            if event == "http11.send_request_headers.started":
                left.set()

        network = self._new_network()
        connection.push_async_callback(network.aclose)
        pool = await connection.enter_async_context(
            httpcore2.AsyncConnectionPool(ssl_context=self._tls, network_backend=network)
        )
        base = httpcore2.URL(self._settings.base)
        return await connection.enter_async_context(
            pool.stream(
                request.method,
                httpcore2.URL(scheme=base.scheme, host=base.host, port=base.port, target=request.target),
                headers=request.headers,
                content=request.content,
                extensions={"trace": see},
            )
        )

    async def _body(self, response: httpcore2.Response, until: float) -> tuple[bytes, str]:
        """What came of it, and why that is not all."""
        coded = [value for name, value in response.headers if name.lower() == b"content-encoding"]
        if any(value.strip().lower() != b"identity" for value in coded):
            return b"", "it is compressed, and nobody asked for that"
        body = bytearray()
        try:
            async with self._bounds.until(until), aclosing(response.aiter_stream()) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        return b"", f"it is larger than {LARGEST_ANSWER / 1e6:g} MB"
        except TimeoutError:
            return b"", "it did not come in time"
        except BROKEN:
            return b"", "the connection broke"
        return bytes(body), ""

    def _explain(self, error: Exception, what: str, *, left: bool) -> NoReturn:
        """Say what proves what: before the first byte left, nothing was done."""
        late = isinstance(error, TimeoutError | httpcore2.TimeoutException)
        if left:
            raise ReplyLost(
                f"{what} did not answer in time" if late else f"the connection broke in the middle of {what}"
            ) from None
        if isinstance(error, ForbiddenAddress):
            raise NotSent(f"{self.name} is not called: {error}") from None
        why = "it did not answer in time" if late else str(error) or type(error).__name__
        raise NotSent(f"{self.name} can't be reached: {why}") from None

    def _new_network(self) -> GuardedNetwork:
        return GuardedNetwork(private=self._settings.private)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or httpcore2.default_ssl_context()
