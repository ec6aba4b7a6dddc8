"""Faults on purpose, old clicks again, and the record of what happened: for tests and for the curious."""

from aiohttp import web
from pydantic import ValidationError

from sandbox.clicks import Clicks
from sandbox.deliveries import Deliveries
from sandbox.faults import Faults
from sandbox.json_types import Json
from sandbox.socket_mode import SocketMode
from sandbox.world import Refused, World

DISCONNECT_REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")


class ControlApi:
    def __init__(self, world: World, faults: Faults, socket_mode: SocketMode) -> None:
        self._faults = faults
        self._socket_mode = socket_mode
        self._deliveries: Deliveries = world.deliveries
        self._clicks = Clicks(world)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/control/faults", self._plan_faults),
            web.post("/control/clear_faults", self._clear_faults),
            web.post("/control/drop_sockets", self._drop_sockets),
            web.post("/control/hang_up", self._hang_up),
            web.get("/control/connected", self._connected),
            web.get("/control/log", self._show_log),
            web.delete("/control/log", self._reset_log),
            web.get("/control/deliveries", self._show_deliveries),
            web.post("/control/replay_click", self._replay_click),
            web.post("/control/click_stale", self._click_stale),
        ]

    async def _plan_faults(self, request: web.Request) -> web.Response:
        given = await request.json()
        try:
            self._faults.plan(given if isinstance(given, list) else [given])
        except ValidationError as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        return web.json_response({"ok": True})

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({"ok": True})

    async def _drop_sockets(self, request: web.Request) -> web.Response:
        """Send every app connection a `disconnect` with a reason; `refresh_requested` unless one is given."""
        body = await request.json() if request.can_read_body else {}
        reason = body.get("reason", "refresh_requested")
        if reason not in DISCONNECT_REASONS:
            return web.json_response({"ok": False, "error": f"unknown reason: {reason}"}, status=400)
        return web.json_response({"ok": True, "connections": await self._socket_mode.disconnect(reason)})

    async def _hang_up(self, _request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "connections": self._socket_mode.hang_up()})

    async def _connected(self, _request: web.Request) -> web.Response:
        """Answers once an app is connected over Socket Mode."""
        await self._socket_mode.connected()
        return web.json_response({"ok": True, "connections": self._socket_mode.open_count})

    async def _show_log(self, request: web.Request) -> web.Response:
        method = request.query.get("method")
        calls = [call for call in self._faults.calls if method in (None, call["method"])]
        return web.json_response({"ok": True, "calls": calls})

    async def _reset_log(self, _request: web.Request) -> web.Response:
        self._faults.calls.clear()
        self._faults.deliveries.clear()
        return web.json_response({"ok": True})

    async def _show_deliveries(self, _request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "deliveries": list(self._faults.deliveries)})

    async def _replay_click(self, request: web.Request) -> web.Response:
        """Deliver an earlier payload again: the last of its `type`, or the one at `index` from the first."""
        body = await request.json() if request.can_read_body else {}
        kind, index = body.get("type", "interactive"), body.get("index", -1)
        found: list[Json] = [entry for entry in self._faults.deliveries if entry["type"] == kind]
        if not -len(found) <= index < len(found):
            return web.json_response({"ok": False, "error": "no such delivery"}, status=404)
        receipt = await self._deliveries.replay(found[index])
        return web.json_response({"ok": receipt.acknowledged, "error": receipt.reason or None})

    async def _click_stale(self, request: web.Request) -> web.Response:
        body = await request.json()
        try:
            return web.json_response(
                await self._clicks.click_stale(
                    body["as"], body["channel"], body["message_ts"], body["action"]
                )
            )
        except Refused as refusal:
            return web.json_response({"ok": False, "error": refusal.error})
