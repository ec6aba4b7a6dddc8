"""A refusal, in Slack's words."""

from collections.abc import Sequence

from sandbox.json_types import Json


class SlackError(Exception):
    """What Slack answers instead of doing what was asked: `{"ok": false, "error": …}` with HTTP 200.

    *messages* go into `response_metadata.messages`, with the `[ERROR]` mark that Slack puts before each.
    """

    def __init__(self, error: str, messages: Sequence[str] = (), extra: Json | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.messages = list(messages)
        self.extra = extra or {}

    def body(self) -> Json:
        body: Json = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            body["errors"] = self.messages
            body["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return body
