"""What Slack takes as the content of a message, whoever brings it: a Web API call, an answer, a response_url."""

import json
from typing import Any

from sandbox.blocks import MARKDOWN_TOTAL, parse_message_blocks
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.roster import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID

UPDATE_TEXT = 4_000
POST_TEXT = 40_000
EVENT_TYPE = 50
# Slack does not publish the size at which it answers `metadata_too_large`; this is a careful guess.
METADATA_BYTES = 8_000

BY_BOT: Json = {
    "user": BOT_USER_ID,
    "bot_id": BOT_ID,
    "app_id": APP_ID,
    "team": TEAM_ID,
}


def parse_content(given: Json) -> Json:
    """`text` and `blocks` of *given*, checked; raises `no_text` when it holds neither."""
    if given.get("attachments"):
        raise SlackError("invalid_attachments", ["this sandbox draws no attachments: send blocks"])
    if "markdown_text" in given:
        return _from_markdown(given)
    text, blocks = given.get("text") or "", given.get("blocks")
    if not isinstance(text, str):
        raise SlackError("invalid_arguments", ["must provide a string [json-pointer:/text]"])
    if not blocks and not text.strip():
        raise SlackError("no_text")
    # Slack cuts a longer text off without a word, so this does too.
    content: Json = {"text": text[:POST_TEXT]}
    return content | ({"blocks": parse_message_blocks(blocks)} if blocks else {})


def _from_markdown(given: Json) -> Json:
    markdown = given["markdown_text"]
    if given.get("text") or given.get("blocks"):
        raise SlackError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_TOTAL:
        raise SlackError("msg_too_long")
    return {"text": markdown, "blocks": parse_message_blocks([{"type": "markdown", "text": markdown}])}


def parse_metadata(metadata: Any) -> Json:
    """`{event_type, event_payload}`; a payload's values are plain, one-level objects, or lists of those."""
    if (
        not isinstance(metadata, dict)
        or set(metadata) - {"event_type", "event_payload", "entities"}
        or not isinstance(metadata.get("event_type"), str)
        or not 0 < len(metadata["event_type"]) <= EVENT_TYPE
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise SlackError("invalid_metadata_format")
    if not all(_is_plain(value, depth=2) for value in metadata["event_payload"].values()):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata


def _is_plain(value: Any, depth: int) -> bool:
    if isinstance(value, str | bool | int | float):
        return True
    if depth and isinstance(value, dict):
        return all(_is_plain(inner, 0) for inner in value.values())
    return bool(depth) and isinstance(value, list) and all(_is_plain(inner, depth - 1) for inner in value)


def as_app_sees(message: Json) -> Json:
    """The message without what only this workspace notes beside it."""
    return {name: value for name, value in message.items() if name not in ("channel", "is_ephemeral")}


def shown_metadata(message: Json, *, whole: bool) -> Json:
    """The message as the history methods give it: without `include_all_metadata` only the event type is seen."""
    message = as_app_sees(message)
    if whole or "metadata" not in message:
        return message
    return message | {"metadata": {"event_type": message["metadata"]["event_type"]}}
