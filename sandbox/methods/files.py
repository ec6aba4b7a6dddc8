"""Slack's two-step upload: ask for an address, send the bytes there, then complete."""

import secrets

from aiohttp import web

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.message_rules import BY_BOT
from sandbox.methods.method import Method, channel_of
from sandbox.roster import BOT_USER_ID
from sandbox.workspace import Workspace


class FilesMethods:
    """Files live as long as the process; the message that shared one is kept with its name and size."""

    def __init__(self, workspace: Workspace, base_url: str) -> None:
        self._workspace = workspace
        self._base_url = base_url
        self._files: dict[str, Json] = {}
        self._contents: dict[str, bytes] = {}

    def methods(self) -> dict[str, Method]:
        return {
            "files.getUploadURLExternal": Method(self.get_upload_url, 4, "files:write"),
            "files.completeUploadExternal": Method(self.complete_upload, 4, "files:write"),
        }

    def get_upload_url(self, args: Arguments) -> Json:
        file_id = f"F0{secrets.token_hex(5).upper()}"
        name, size = args.text("filename"), args.number("length", 0)
        if size < 1:
            raise SlackError("invalid_arguments", ["must be more than 0 [json-pointer:/length]"])
        link = f"{self._base_url}/files/{file_id}"
        self._files[file_id] = {
            "id": file_id,
            "name": name,
            "title": name,
            "size": size,
            "user": BOT_USER_ID,
            "url_private": link,
        }
        return {"file_id": file_id, "upload_url": f"{self._base_url}/upload/{file_id}"}

    async def receive(self, request: web.Request) -> web.Response:
        """The upload address: takes the bytes as a body or as the `file` field of a form."""
        file_id = request.match_info["file_id"]
        if file_id not in self._files:
            return web.Response(status=404, text="file_not_found")
        content = await request.read()
        if request.content_type == "multipart/form-data":
            field = (await request.post()).get("file")
            content = field.file.read() if isinstance(field, web.FileField) else b""
        if len(content) != self._files[file_id]["size"]:
            return web.Response(status=400, text="length_mismatch")
        self._contents[file_id] = content
        return web.Response(text=f"OK - {len(content)}")

    async def send(self, request: web.Request) -> web.Response:
        content = self._contents.get(request.match_info["file_id"])
        if content is None:
            return web.Response(status=404, text="file_not_found")
        # A file is what an app sent: never let a browser run it.
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return web.Response(body=content, content_type="text/plain", charset="utf-8", headers=headers)

    def complete_upload(self, args: Arguments) -> Json:
        """Share what was uploaded in a channel or a thread; without a channel it stays private."""
        given = args.parsed("files", "invalid_arguments")
        if not isinstance(given, list) or not given:
            raise SlackError("invalid_arguments", ["missing required field: files"])
        files = [self._completed(each) for each in given]
        if args.has("channel_id"):
            channel = channel_of(self._workspace, args, "channel_id")
            if BOT_USER_ID not in channel.members:
                raise SlackError("not_in_channel")
            body: Json = {**BY_BOT, "text": args.text("initial_comment", ""), "files": files}
            if args.has("thread_ts"):
                body["thread_ts"] = args.text("thread_ts")
            self._workspace.post(channel.id, body)
        return {"files": files}

    def _completed(self, given: Json) -> Json:
        file_id = given.get("id", "")
        if file_id not in self._contents:
            raise SlackError("file_not_found")
        self._files[file_id]["title"] = given.get("title") or self._files[file_id]["name"]
        return self._files[file_id]
