"""`response_url`s: five answers within half an hour to something a person did."""

import json
import secrets
import time
from dataclasses import dataclass

from aiohttp import web

from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.message_rules import BY_BOT, parse_content, parse_metadata
from sandbox.workspace import Workspace

MOST_USES = 5  # docs.slack.dev, handling user interaction


@dataclass
class _Permit:
    channel: str
    user: str
    source: Json | None
    born: float
    uses: int = 0


class ResponseUrls:
    """Issues the addresses and answers what is posted to them; *seconds* is how long one is good."""

    def __init__(self, workspace: Workspace, base_url: str, seconds: float) -> None:
        self._workspace = workspace
        self._base_url = base_url
        self._seconds = seconds
        self._permits: dict[str, _Permit] = {}

    def issue(self, channel: str, user: str, source: Json | None) -> str:
        """An address for answering *user*; *source* is the message that was clicked, if one was."""
        key = secrets.token_urlsafe(18)
        self._permits[key] = _Permit(channel, user, source, time.monotonic())
        return f"{self._base_url}/response/{key}"

    async def serve(self, request: web.Request) -> web.Response:
        permit = self._permits.get(request.match_info["key"])
        if permit is None or time.monotonic() - permit.born > self._seconds:
            return web.Response(status=404, text="expired_url")
        if permit.uses >= MOST_USES:
            return web.Response(status=404, text="used_url")
        try:
            body = json.loads(await request.text())
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        try:
            self._answer(permit, body)
        except SlackError as refusal:
            return web.json_response(refusal.body(), status=400)
        permit.uses += 1
        return web.Response(text="ok")

    def _answer(self, permit: _Permit, body: Json) -> None:
        source = permit.source and self._current(permit)
        if source and _truth(body.get("delete_original")):
            self._delete(permit.user, source)
        elif source and _truth(body.get("replace_original", _replaces_by_default(source, body))):
            self._replace(permit.user, source, parse_content(body))
        else:
            self.answer(permit.channel, permit.user, body)

    def answer(self, channel: str, user: str, body: Json) -> Json:
        """Post *body* as the app's answer: for *user* alone, unless it says `in_channel`."""
        message = {**BY_BOT, **parse_content(body)}
        if "thread_ts" in body:
            message["thread_ts"] = body["thread_ts"]
        if body.get("response_type") != "in_channel":
            return self._workspace.whisper(channel, user, message)
        if body.get("metadata"):
            message["metadata"] = parse_metadata(body["metadata"])
        return self._workspace.post(channel, message)

    def _current(self, permit: _Permit) -> Json | None:
        source = permit.source or {}
        if source.get("is_ephemeral"):
            return self._workspace.whispered(permit.channel, source["ts"], permit.user)
        return self._workspace.message(permit.channel, source["ts"])

    def _replace(self, user: str, source: Json, content: Json) -> None:
        after = {name: value for name, value in source.items() if name != "blocks"} | content
        if source.get("is_ephemeral"):
            self._workspace.change_whisper(user, after)
        else:
            self._workspace.change(source, after)

    def _delete(self, user: str, source: Json) -> None:
        if source.get("is_ephemeral"):
            self._workspace.delete_whisper(user, source)
        else:
            self._workspace.delete(source)


def _replaces_by_default(source: Json, body: Json) -> bool:
    # Slack's guide warns that an answer with a `thread_ts` overwrites its source unless told not to; an ephemeral
    # source is replaced as well.
    return bool(source.get("is_ephemeral")) or "thread_ts" in body


def _truth(value: object) -> bool:
    return value in (True, "true", "1", 1)
