"""A server that is less than Slack: some blocks it does not know, and it forgets metadata. It stands before the sandbox."""

from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web


class LesserSlack:
    def __init__(self, api_url: str, unknown_blocks: frozenset[str] = frozenset({"plan"})) -> None:
        self._api_url = api_url
        self._unknown_blocks = unknown_blocks
        self.refused = 0

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._pass_on)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        [address] = self._runner.addresses
        self.api_url = f"http://127.0.0.1:{address[1]}/api/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        await self._http.close()

    async def _pass_on(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        headers = {"Authorization": request.headers.get("Authorization", "")}
        if request.method == "GET":
            asked: Any = self._http.get(f"{self._api_url}{method}", params=request.query, headers=headers)
        elif request.content_type == "application/json":
            body = await request.json()
            if any(block["type"] in self._unknown_blocks for block in body.get("blocks", [])):
                self.refused += 1
                return web.json_response({"ok": False, "error": "invalid_blocks"})
            body.pop("metadata", None)
            asked = self._http.post(f"{self._api_url}{method}", json=body, headers=headers)
        else:
            form = await request.post()
            asked = self._http.post(f"{self._api_url}{method}", data=dict(form), headers=headers)
        try:
            async with asked as answer:
                return web.Response(
                    status=answer.status, body=await answer.read(), content_type=answer.content_type
                )
        except aiohttp.ClientError:
            if request.transport is not None:
                request.transport.close()
            raise
