"""What the workspace's page asks for, and what people do there."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

from sandbox.clicks import Clicks
from sandbox.json_types import Json
from sandbox.modal_flow import ModalFlow
from sandbox.roster import BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME, Channel
from sandbox.speech import Speech
from sandbox.world import Refused, World

Fleet: TypeAlias = Callable[[], Awaitable[Json]]
Breaker: TypeAlias = Callable[[Json], Awaitable[Json]]

_STATIC = Path(__file__).parent / "page" / "static"


async def no_fleet() -> Json:
    return {"available": False}


class PageApi:
    """Answers `{"ok": false, "error": …}` where Slack's client would not let a person go on."""

    def __init__(self, world: World, fleet: Fleet, breakers: Mapping[str, Breaker]) -> None:
        self._world = world
        self._fleet = fleet
        self._breakers = breakers
        self._speech = Speech(world)
        self._clicks = Clicks(world)
        self._modals = ModalFlow(world)
        self._parts: Json = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._index),
            web.get("/static/{path:.*}", self._static),
            web.get("/page/state", self._state),
            web.get("/page/messages", self._messages),
            web.get("/page/live", self._world.live.serve),
            web.get("/page/fleet", self._show_fleet),
            web.post("/page/break", self._break),
            *(web.post(f"/page/{name}", _handler(deed)) for name, deed in self._deeds().items()),
        ]

    def _deeds(self) -> dict[str, Callable[[Json], Awaitable[Json]]]:
        return {
            "say": self._say,
            "click": self._click,
            "submit_view": self._submit_view,
            "close_view": self._close_view,
            "open_home": self._open_home,
            "shortcut": self._shortcut,
            "stop_session": self._stop_session,
        }

    def show_parts(self, parts: Json) -> None:
        """Tell the pages which parts of the demo are up."""
        self._parts = parts
        self._world.live.tell({"type": "parts", "parts": parts})

    # --- what the page is made of ---

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return _file(_STATIC / "index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        path = (_STATIC / request.match_info["path"]).resolve()
        if not path.is_relative_to(_STATIC.resolve()):
            raise web.HTTPNotFound
        return _file(path)

    # --- what the page shows ---

    async def _state(self, request: web.Request) -> web.Response:
        world, workspace = self._world, self._world.workspace
        try:
            me = world.person(request.query.get("as", ""))
        except Refused as refusal:
            return web.json_response({"ok": False, "error": refusal.error}, status=404)
        workspace.direct_channel(me.id)
        channels = [
            _shown(channel, me.id) for channel in workspace.channels.values() if _visible(channel, me.id)
        ]
        inside = {channel["id"] for channel in channels if channel["is_member"]}
        return web.json_response(
            {
                "team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN},
                "me": me.to_slack(),
                "users": [user.to_slack() for user in workspace.users.values()],
                "channels": channels,
                "groups": [group.to_slack(with_users=True) for group in workspace.groups.values()],
                "command": world.settings.commands[0],
                "commands": list(world.settings.commands),
                "bot": {"user_id": BOT_USER_ID, "name": workspace.users[BOT_USER_ID].name},
                "shortcuts": [each.model_dump() for each in world.settings.shortcuts],
                "prompts": {name: said for name, said in workspace.prompts.items() if name in inside},
                "home": workspace.homes.get(me.id),
                "views": world.modals.stack(me.id),
                "agent_sessions": [each for each in workspace.sessions.values() if each["channel"] in inside],
                "parts": self._parts,
                "breakers": sorted(self._breakers),
            }
        )

    async def _messages(self, request: web.Request) -> web.Response:
        world = self._world
        try:
            me = world.person(request.query.get("as", ""))
            channel = world.channel_of(me, request.query.get("channel", ""))
        except Refused as refusal:
            return web.json_response({"ok": False, "error": refusal.error}, status=404)
        seen = [*world.workspace.messages(channel.id), *world.workspace.whispers(channel.id, me.id)]
        seen.sort(key=lambda message: str(message["ts"]))
        return web.json_response({"messages": [world.workspace.signed(message) for message in seen]})

    async def _show_fleet(self, _request: web.Request) -> web.Response:
        return web.json_response(await self._fleet())

    async def _break(self, request: web.Request) -> web.Response:
        body = await request.json()
        breaker = self._breakers.get(str(body.get("what")))
        if breaker is None:
            there = ", ".join(sorted(self._breakers)) or "nothing"
            words = f"{body.get('what')} can't be broken here; what can be: {there}"
            return web.json_response({"ok": False, "error": words}, status=404)
        return web.json_response({"ok": True, **await breaker(body)})

    # --- what people do ---

    async def _say(self, body: Json) -> Json:
        return await self._speech.say(body["as"], body["channel"], body["text"], body.get("thread_ts"))

    async def _click(self, body: Json) -> Json:
        return await self._clicks.click(body["as"], body)

    async def _submit_view(self, body: Json) -> Json:
        return await self._modals.submit(body["as"], body["view_id"], body.get("state", {}))

    async def _close_view(self, body: Json) -> Json:
        return await self._modals.close(body["as"], body["view_id"])

    async def _open_home(self, body: Json) -> Json:
        """The App Home, or with the tab `messages` one's direct messages with the bot."""
        user = self._world.person(body["as"])
        self._world.events.home_opened(user.id, body.get("tab", "home"))
        return {"ok": True, "home": self._world.workspace.homes.get(user.id)}

    async def _shortcut(self, body: Json) -> Json:
        return await self._clicks.shortcut(body["as"], body["callback_id"], body.get("message"))

    async def _stop_session(self, body: Json) -> Json:
        return self._clicks.stop_session(body["as"], body["channel"], body["thread_ts"])


class _Given(dict[str, Any]):
    """The body of a request; what it lacks is said to whoever sent it."""

    def __missing__(self, name: str) -> Any:
        raise Refused(f"missing: {name}")


def _handler(deed: Callable[[Json], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            given = _Given(await request.json())
        except (ValueError, TypeError):
            return web.json_response({"ok": False, "error": "the body is not a JSON object"}, status=400)
        try:
            return web.json_response(await deed(given))
        except Refused as refusal:
            return web.json_response({"ok": False, "error": refusal.error})

    return handle


def _visible(channel: Channel, viewer: str) -> bool:
    return viewer in channel.members or not channel.is_private


def _shown(channel: Channel, viewer: str) -> Json:
    return {
        "id": channel.id,
        "name": "handrail" if channel.is_im else channel.name,
        "is_im": channel.is_im,
        "is_private": channel.is_private,
        "is_member": viewer in channel.members,
        "bot_is_member": BOT_USER_ID in channel.members,
    }


def _file(path: Path) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound(text="the page is not there")
    # What runs and models say is shown there: only the page's own scripts may run.
    policy = "script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    return web.FileResponse(path, headers={"Cache-Control": "no-store", "Content-Security-Policy": policy})
