"""What the page is told while it looks: every change that the person looking may see."""

import asyncio
from pathlib import Path

from aiohttp import WSMsgType, web

from sandbox.json_types import Json
from sandbox.workspace import Change, Workspace

_WATCH_SECONDS = 0.25


class Live:
    """The pages that are open, each seen through one person's eyes."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._pages: dict[web.WebSocketResponse, tuple[str, asyncio.Queue[Json]]] = {}
        workspace.watch(self._on_change)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=30)
        queue: asyncio.Queue[Json] = asyncio.Queue()
        await socket.prepare(request)
        self._pages[socket] = (request.query.get("as", ""), queue)
        await socket.send_json({"type": "hello"})
        sender = asyncio.create_task(_send(socket, queue))
        try:
            async for frame in socket:
                if frame.type == WSMsgType.ERROR:
                    break
        finally:
            del self._pages[socket]
            sender.cancel()
        return socket

    async def close(self) -> None:
        for socket in list(self._pages):
            await socket.close()

    def tell(self, push: Json) -> None:
        """Push to every page."""
        for _, queue in self._pages.values():
            queue.put_nowait(push)

    def tell_one(self, user: str, push: Json) -> None:
        for viewer, queue in self._pages.values():
            if viewer == user:
                queue.put_nowait(push)

    def _on_change(self, change: Change) -> None:
        push = self._push_of(change)
        if change.viewer is not None:
            self.tell_one(change.viewer, push)
            return
        members = self._workspace.channels[change.channel].members if change.channel else None
        for viewer, queue in self._pages.values():
            if members is None or viewer in members:
                queue.put_nowait(push)

    def _push_of(self, change: Change) -> Json:
        match change.kind:
            case "home":
                return {"type": "home", "home": change.body}
            case "channel":
                return {"type": "channel", "channel": change.body}
            case "prompts":
                return {"type": "prompts", "channel": change.channel, "prompts": change.body}
            case "agent_session":
                return {"type": "agent_session", "session": change.body}
            case "message_deleted":
                ephemeral = bool(change.body.get("is_ephemeral"))
                return {
                    "type": change.kind,
                    "channel": change.channel,
                    "ts": change.body["ts"],
                    "is_ephemeral": ephemeral,
                }
            case _:
                return {
                    "type": change.kind,
                    "channel": change.channel,
                    "message": self._workspace.signed(change.body),
                }

    async def watch_file(self, path: Path) -> None:
        """Say `fleet` whenever *path* changes, looking only while somebody else does."""
        seen = _stamp(path)
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if self._pages and (now := _stamp(path)) != seen:
                seen = now
                self.tell({"type": "fleet"})


async def _send(socket: web.WebSocketResponse, queue: asyncio.Queue[Json]) -> None:
    while True:
        push = await queue.get()
        try:
            await socket.send_json(push)
        except ConnectionError:
            return


def _stamp(path: Path) -> tuple[float, ...]:
    # SQLite in WAL mode leaves the file itself alone until a checkpoint.
    beside = (path, path.with_name(path.name + "-wal"))
    return tuple(each.stat().st_mtime if each.exists() else 0.0 for each in beside)
