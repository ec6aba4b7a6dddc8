"""The arguments of one Web API call, from a query, a form or a JSON body."""

import json
from typing import Any

from aiohttp import web

from sandbox.errors import SlackError
from sandbox.json_types import Json


class Arguments:
    """Reads values the way Slack does: numbers, booleans and JSON may all arrive as text."""

    def __init__(self, raw: Json) -> None:
        self.raw = raw

    @classmethod
    async def of(cls, request: web.Request) -> "Arguments":
        raw: Json = dict(request.query)
        if request.content_type == "application/json":
            try:
                body = json.loads(await request.text() or "{}")
            except ValueError as error:
                raise SlackError("invalid_json") from error
            if not isinstance(body, dict):
                raise SlackError("json_not_object")
            raw |= body
        elif request.method == "POST":
            raw |= dict(await request.post())
        return cls({name: value for name, value in raw.items() if value is not None})

    def has(self, name: str) -> bool:
        return name in self.raw

    def text(self, name: str, default: str | None = None) -> str:
        """Raises `invalid_arguments` when it is missing and has no default."""
        value = self.raw.get(name, default)
        if value is None or (value == "" and default is None):
            raise SlackError("invalid_arguments", [f"missing required field: {name}"])
        if not isinstance(value, str | int | float):
            raise SlackError("invalid_arguments", [f"must provide a string [json-pointer:/{name}]"])
        return str(value)

    def flag(self, name: str) -> bool:
        return self.raw.get(name) in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.raw.get(name, default))
        except (TypeError, ValueError) as error:
            raise SlackError("invalid_arguments", [f"must be a number [json-pointer:/{name}]"]) from error

    def parsed(self, name: str, error: str) -> Any:
        """A JSON value that a form has as text; *error* is what Slack says when it is not JSON."""
        value = self.raw.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as broken:
            raise SlackError(error) from broken
