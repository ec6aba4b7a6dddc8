"""A new message notifies whomever it mentions; one that is only redrawn notifies nobody (docs.slack.dev, chat.update).

So what is posted mentions those alone whom it is for, and names everybody once it is redrawn.
"""

import re
from collections.abc import Collection
from typing import Any

from .blocks import Block, Message

_MENTION = re.compile(r"<@([A-Z0-9_]+)>|<!subteam\^([A-Z0-9_]+)>")


def quiet(card: Message, keep: Collection[str] = ()) -> Message:
    """*card* with ids in place of mentions, but of those whose user or group ids it is to *keep*."""
    blocks: tuple[Block, ...] = tuple(_quiet(block, keep) for block in card.blocks)
    return Message(_in_markup(card.text, keep), blocks)


def _quiet(value: Any, keep: Collection[str]) -> Any:
    if isinstance(value, list):
        return [_quiet(each, keep) for each in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"type": "mrkdwn", "text": str(text)}:
            return {**value, "text": _in_markup(text, keep)}
        case {"type": "user", "user_id": str(name)} | {"type": "usergroup", "usergroup_id": str(name)}:
            return value if name in keep else {"type": "text", "text": name, "style": {"code": True}}
    return {name: _quiet(inner, keep) for name, inner in value.items()}


def _in_markup(text: str, keep: Collection[str]) -> str:
    def named(mention: re.Match[str]) -> str:
        name = mention[1] or mention[2]
        return mention[0] if name in keep else f"`{name}`"

    return _MENTION.sub(named, text)
