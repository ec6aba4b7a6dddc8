"""The sandbox as one server on loopback: a Slack workspace for an app that does not know it from Slack."""

import asyncio
import errno
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from aiohttp import web

from sandbox.arguments import Arguments
from sandbox.control_api import ControlApi
from sandbox.deliveries import Carrier, Deliveries
from sandbox.faults import Faults
from sandbox.guard import loopback_only
from sandbox.http_delivery import HttpDelivery
from sandbox.json_types import Json
from sandbox.live import Live
from sandbox.methods.agents import AgentsMethods
from sandbox.methods.chat import ChatMethods
from sandbox.methods.conversations import ConversationsMethods
from sandbox.methods.files import FilesMethods
from sandbox.methods.method import Method
from sandbox.methods.people import PeopleMethods
from sandbox.methods.views import ViewsMethods
from sandbox.modals import Modals
from sandbox.outgoing_events import OutgoingEvents
from sandbox.page_api import Breaker, Fleet, PageApi, no_fleet
from sandbox.response_urls import ResponseUrls
from sandbox.settings import SandboxSettings
from sandbox.socket_mode import SocketMode
from sandbox.triggers import Triggers
from sandbox.web_api import WebApi
from sandbox.workspace import Workspace
from sandbox.world import World

__all__ = ["PortTakenError", "Sandbox", "SandboxSettings", "serve"]

# An upload of a diff, or a view of 250 kB, is well below this.
_MOST_BYTES = 32 * 1024 * 1024


class PortTakenError(RuntimeError):
    """Somebody else listens there already."""


class Sandbox:
    """Started by `async with`, or by `start` and `stop`; the addresses are known once it runs."""

    def __init__(
        self,
        settings: SandboxSettings | None = None,
        *,
        fleet: Fleet = no_fleet,
        breakers: Mapping[str, Breaker] | None = None,
    ) -> None:
        self.settings = settings or SandboxSettings()
        self.faults = Faults()
        self.socket_mode = SocketMode(self.settings)
        self._fleet = fleet
        self._breakers = breakers or {}

    @property
    def base_url(self) -> str:
        return self._base_url

    @property
    def api_url(self) -> str:
        """What an app is given as `SLACK_API_URL`."""
        return f"{self._base_url}/api/"

    @property
    def page_url(self) -> str:
        return f"{self._base_url}/"

    @property
    def bot_token(self) -> str:
        return self.settings.bot_token

    @property
    def app_token(self) -> str:
        return self.settings.app_token

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises `PortTakenError` when the port is not free."""
        listener = _listen(self.settings.host, self.settings.port)
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        self._base_url = f"http://{host}:{listener.getsockname()[1]}"
        self._build()
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        if self.settings.fleet_watch is not None:
            self.world.deliveries.in_background(self.world.live.watch_file(self.settings.fleet_watch))

    async def stop(self) -> None:
        await self.world.deliveries.stop()
        await self.world.live.close()
        await self.socket_mode.close()
        if self._http is not None:
            await self._http.close()
        await self._runner.cleanup()
        self.world.workspace.close()

    def notify_fleet(self) -> None:
        """Tell the pages that the fleet looks different now."""
        self.world.live.tell({"type": "fleet"})

    def notify_parts(self, parts: Json) -> None:
        """Tell the pages which parts of the demo are up, for as long as nothing newer is said."""
        self._page.show_parts(parts)

    def _build(self) -> None:
        settings = self.settings
        workspace = Workspace(settings.state)
        self._http = HttpDelivery(settings, settings.request_url) if settings.request_url else None
        carrier: Carrier = self._http or self.socket_mode
        deliveries = Deliveries(carrier, self.faults, settings)
        live = Live(workspace)
        self.world = World(
            settings=settings,
            workspace=workspace,
            modals=Modals(live.tell_one),
            triggers=Triggers(settings.trigger_seconds),
            response_urls=ResponseUrls(workspace, self._base_url, settings.response_url_seconds),
            deliveries=deliveries,
            events=OutgoingEvents(workspace, deliveries),
            live=live,
        )
        self._page = PageApi(self.world, self._fleet, self._breakers)
        self._app = web.Application(middlewares=[loopback_only], client_max_size=_MOST_BYTES)
        self._app.add_routes(self._routes())

    def _routes(self) -> list[web.RouteDef]:
        world = self.world
        files = FilesMethods(world.workspace, self._base_url)
        web_api = WebApi(self.settings, world.workspace, self.faults, self._methods(files))
        return [
            web.route("*", "/api/{method}", web_api.serve),
            web.get("/socket", self.socket_mode.serve),
            web.post("/response/{key}", world.response_urls.serve),
            web.post("/upload/{file_id}", files.receive),
            web.get("/files/{file_id}", files.send),
            *self._page.routes(),
            *ControlApi(world, self.faults, self.socket_mode).routes(),
        ]

    def _methods(self, files: FilesMethods) -> dict[str, Method]:
        workspace, settings = self.world.workspace, self.settings
        agents = AgentsMethods(
            workspace,
            is_agent="assistant:write" in settings.scopes,
            stop_heard="agent_session_stopped" in settings.events,
        )
        return {
            **ChatMethods(workspace).methods(),
            **ConversationsMethods(workspace, self.settings.scopes).methods(),
            **PeopleMethods(workspace).methods(),
            **ViewsMethods(
                workspace, self.world.modals, self.world.triggers, home_tab=self.settings.home_tab
            ).methods(),
            **agents.methods(),
            **files.methods(),
            "apps.connections.open": Method(self._open_connection, 3, token="app"),  # noqa: S106
        }

    def _open_connection(self, _args: Arguments) -> Json:
        address = self._base_url.replace("http://", "ws://", 1)
        return {"url": f"{address}/socket?ticket={self.socket_mode.issue_ticket()}&app_id=sandbox"}


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(
                f"port {port} on {host} is taken: stop what listens there, or choose another"
            ) from error
        raise
    return listener


async def serve(
    settings: SandboxSettings, fleet: Fleet = no_fleet, breakers: Mapping[str, Breaker] | None = None
) -> None:
    """Run the sandbox until cancelled."""
    async with Sandbox(settings, fleet=fleet, breakers=breakers):
        await asyncio.Event().wait()
