"""The far ends of the bot's two wires, where it would show if anything came through its door."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

ME = {"ok": True, "team_id": "T0HOME", "user_id": "UB", "bot_id": "BB", "user": "handrail", "team": "home"}


class Witness:
    def __init__(self) -> None:
        self.slack: Counter[str] = Counter()
        """Calls, by their method; not who the bot is, which it asks once."""
        self.temporal = 0
        """Connections."""
        self.slack_url = ""
        self.temporal_address = ""

    @property
    def saw_nothing(self) -> bool:
        return not self.slack and not self.temporal

    async def hear_slack(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "auth.test":
            return web.json_response(ME)
        self.slack[method] += 1
        return web.json_response({"ok": True, "channel": "C0OPS", "ts": "1.1"})

    async def hear_temporal(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.temporal += 1
        writer.close()


@asynccontextmanager
async def watching() -> AsyncIterator[Witness]:
    witness = Witness()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", witness.hear_slack)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    witness.slack_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    server = await asyncio.start_server(witness.hear_temporal, "127.0.0.1", 0)
    witness.temporal_address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield witness
    finally:
        server.close()
        await server.wait_closed()
        await runner.cleanup()
