"""The Web API: who asks, may they, not too often, and then the method itself."""

import asyncio
import secrets
from collections.abc import Mapping

from aiohttp import web

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.faults import CallFault, Faults
from sandbox.json_types import Json
from sandbox.methods.method import Method
from sandbox.rate_limits import RateLimits
from sandbox.settings import SandboxSettings
from sandbox.workspace import Workspace


class WebApi:
    def __init__(
        self, settings: SandboxSettings, workspace: Workspace, faults: Faults, methods: Mapping[str, Method]
    ) -> None:
        self._settings = settings
        self._workspace = workspace
        self._faults = faults
        self._methods = methods
        self._limits = RateLimits(on=settings.rate_limits)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, with the faults that were planned for it."""
        name = request.match_info["method"]
        fault = self._faults.next_call(name)
        try:
            args = await Arguments.of(request)
            token = _token(request, args)
        except SlackError as refusal:
            return self._answer(name, {}, refusal.body())
        if fault is not None and (spoilt := await self._spoil(request, name, args, fault)):
            return spoilt
        method = self._methods.get(name)
        wait = self._limits.wait_for(name, method.tier, str(args.raw.get("channel"))) if method else 0
        if wait:
            return self._limited(name, args, wait)
        answer = self._perform(method, token, args)
        if fault is not None and fault.kind == "reply_lost":
            self._faults.log_call(name, args.raw, "reply_lost", answer)
            return _cut(request)
        return self._answer(name, args.raw, answer)

    async def _spoil(
        self, request: web.Request, name: str, args: Arguments, fault: CallFault
    ) -> web.StreamResponse | None:
        """Carry out a fault that comes before the call; None lets the call go on."""
        match fault.kind:
            case "ratelimited":
                return self._limited(name, args, fault.retry_after)
            case "server_error":
                self._faults.log_call(name, args.raw, f"server_error {fault.status}", None)
                return web.Response(status=fault.status, text="upstream connect error")
            case "not_performed":
                self._faults.log_call(name, args.raw, "not_performed", None)
                return _cut(request)
            case "slow":
                await asyncio.sleep(fault.seconds)
        return None

    def _perform(self, method: Method | None, token: str, args: Arguments) -> Json:
        try:
            method = self._known(method)
            self._check_token(method, token)
            self._check_scope(method, args)
            return {"ok": True, **method.call(args)}
        except SlackError as refusal:
            return refusal.body()

    def _known(self, method: Method | None) -> Method:
        if method is None:
            raise SlackError("unknown_method")
        return method

    def _check_token(self, method: Method, token: str) -> None:
        if method.token == "none":  # noqa: S105
            return
        if not token:
            raise SlackError("not_authed")
        known = {self._settings.bot_token: "bot", self._settings.app_token: "app"}
        if token not in known:
            raise SlackError("invalid_auth")
        if known[token] != method.token:
            raise SlackError("not_allowed_token_type")

    def _check_scope(self, method: Method, args: Arguments) -> None:
        needed = method.scope
        if method.scopes_by_type:
            channel = self._workspace.channels.get(str(args.raw.get("channel")))
            needed = method.scopes_by_type[channel.channel_type if channel else "channel"]
        if needed and needed not in self._settings.scopes:
            provided = ",".join(self._settings.scopes)
            raise SlackError("missing_scope", extra={"needed": needed, "provided": provided})

    def _limited(self, name: str, args: Arguments, seconds: int) -> web.Response:
        self._faults.log_call(name, args.raw, "ratelimited", None)
        body = {"ok": False, "error": "ratelimited"}
        return web.json_response(body, status=429, headers={"Retry-After": str(seconds)})

    def _answer(self, name: str, args: Json, answer: Json) -> web.Response:
        self._faults.log_call(name, args, "ok" if answer["ok"] else answer["error"], answer)
        headers = {
            "X-OAuth-Scopes": ",".join(self._settings.scopes),
            "X-Slack-Req-Id": secrets.token_hex(16),
        }
        return web.json_response(answer, headers=headers)


def _token(request: web.Request, args: Arguments) -> str:
    """The caller's token, taken out of the arguments so that no log ever holds it."""
    given = args.raw.pop("token", "")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else str(given)


def _cut(request: web.Request) -> web.Response:
    """Break the connection: the caller can't know what became of the call."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
