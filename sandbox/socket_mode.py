"""Socket Mode: the web sockets over which the app receives envelopes and acknowledges them."""

import asyncio
import secrets
import time
import uuid
from collections.abc import Mapping

from aiohttp import WSMsgType, web

from sandbox.deliveries import Delivery, Receipt
from sandbox.json_types import Json
from sandbox.roster import APP_ID
from sandbox.settings import SandboxSettings

MOST_CONNECTIONS = 10
CONNECTION_SECONDS = 3600
# How long a socket stays open after its `disconnect` frame; about 10 s for a warning (docs.slack.dev, Socket Mode).
GRACE_SECONDS = {"warning": 10.0, "refresh_requested": 2.0}
_HOST = "applink-sandbox"


class Connection:
    """One open socket. It is *leaving* from the moment the app was told to go elsewhere."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.leaving = False
        self.waiting: dict[str, asyncio.Future[Receipt]] = {}
        self.closing: asyncio.Future[bool] | None = None
        self._transport = request.transport

    def acknowledge(self, ack: Mapping[str, object]) -> None:
        waiter = self.waiting.pop(str(ack.get("envelope_id")), None)
        if waiter is not None and not waiter.done():
            answer = ack.get("payload")
            waiter.set_result(Receipt(acknowledged=True, answer=answer if isinstance(answer, dict) else None))

    def lose(self) -> None:
        """Whoever waits for an acknowledgement on this socket will not get it."""
        for waiter in self.waiting.values():
            if not waiter.done():
                waiter.set_result(Receipt(acknowledged=False, reason="connection_failed"))
        self.waiting.clear()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def close_soon(self) -> None:
        self.closing = asyncio.ensure_future(self.socket.close())


class SocketMode:
    """A carrier: any open connection may get an envelope, each takes its turn."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []
        self._changed = asyncio.Condition()
        self._turn = 0

    def issue_ticket(self) -> str:
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    async def carry(self, delivery: Delivery) -> Receipt:
        open_now = [each for each in self._connections if not each.leaving]
        if not open_now:
            return Receipt(acknowledged=False, reason="connection_failed")
        self._turn += 1
        connection = open_now[self._turn % len(open_now)]
        envelope = _envelope(delivery)
        waiter: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope["envelope_id"]] = waiter
        try:
            await connection.socket.send_json(envelope)
            receipt = await asyncio.wait_for(waiter, self._settings.ack_seconds)
        except TimeoutError:
            return Receipt(acknowledged=False, reason="timeout")
        except ConnectionError:
            return Receipt(acknowledged=False, reason="connection_failed")
        finally:
            connection.waiting.pop(envelope["envelope_id"], None)
        return receipt if delivery.takes_answer else Receipt(receipt.acknowledged, reason=receipt.reason)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The handler of the address that `apps.connections.open` gave away; its ticket is good once."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPUnauthorized(text="unknown or used ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        connection = Connection(socket, request)
        if len(self._connections) >= MOST_CONNECTIONS:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        await socket.send_json(_hello(len(self._connections) + 1))
        await self._enter(connection)
        try:
            await self._listen(connection)
        finally:
            await self._leave(connection)
        return socket

    async def _enter(self, connection: Connection) -> None:
        self._connections.append(connection)
        async with self._changed:
            self._changed.notify_all()

    async def _leave(self, connection: Connection) -> None:
        self._connections.remove(connection)
        connection.lose()
        async with self._changed:
            self._changed.notify_all()

    async def _listen(self, connection: Connection) -> None:
        async for frame in connection.socket:
            if frame.type == WSMsgType.TEXT:
                ack = frame.json()
                if isinstance(ack, dict):
                    connection.acknowledge(ack)

    async def connected(self, count: int = 1) -> None:
        """Return once *count* connections are open that will take envelopes."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.open_count >= count)

    @property
    def open_count(self) -> int:
        return sum(not each.leaving for each in self._connections)

    async def disconnect(self, reason: str) -> int:
        """Tell every app connection to go; a `warning` leaves it open for some seconds. Returns how many."""
        leaving = [each for each in self._connections if not each.leaving]
        for connection in leaving:
            connection.leaving = True
            await connection.socket.send_json(_disconnect(reason))
            loop = asyncio.get_running_loop()
            loop.call_later(GRACE_SECONDS.get(reason, 0.0), connection.close_soon)
        return len(leaving)

    def hang_up(self) -> int:
        """Cut every connection without a word. Returns how many."""
        for connection in self._connections:
            connection.leaving = True
            connection.abort()
        return len(self._connections)

    async def close(self) -> None:
        for connection in list(self._connections):
            await connection.socket.close()


def _envelope(delivery: Delivery) -> Json:
    envelope: Json = {
        "envelope_id": str(uuid.uuid4()),
        "type": delivery.type,
        "payload": delivery.payload,
        "accepts_response_payload": delivery.takes_answer,
    }
    if delivery.type == "events_api":
        envelope["retry_attempt"] = delivery.retry_attempt
        envelope["retry_reason"] = delivery.retry_reason
    return envelope


def _hello(count: int) -> Json:
    return {
        "type": "hello",
        "num_connections": count,
        "connection_info": {"app_id": APP_ID},
        "debug_info": {
            "host": _HOST,
            "started": time.strftime("%Y-%m-%d %H:%M:%S.000", time.gmtime()),
            "build_number": 1,
            "approximate_connection_time": CONNECTION_SECONDS,
        },
    }


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}}
