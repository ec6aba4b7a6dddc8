"""What every card carries so that an uncertain post can be found before it is repeated.

Slack has no idempotency key for messages. A key goes into the message's metadata, and, for a server that drops
metadata, into the id of its first block.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from .views.blocks import Block, Message

EVENT_TYPE = "handrail_card"
PREFIX = "handrail-"


def metadata(key: str) -> dict[str, Any]:
    """Ids only: everybody in the workspace can read it."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def marker(key: str) -> str:
    """The start of the first block's id in a card: what finds it on a server that drops metadata."""
    return f"{PREFIX}{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def marked(card: Message, key: str) -> list[Block]:
    """The card's blocks, the first with the marker in its id; new ids with every content, as Slack asks."""
    if not card.blocks:
        return []
    first, *others = card.blocks
    content = card.digest[:8]
    named = [{**block, "block_id": f"{content}-{number}"} for number, block in enumerate(others)]
    return [{**first, "block_id": f"{marker(key)}-{content}"}, *named]


def names(message: Mapping[str, Any]) -> Sequence[str]:
    """The key in its metadata, and the marker in its first block's id."""
    metadata = message.get("metadata") or {}
    key = (
        (metadata.get("event_payload") or {}).get("key") if metadata.get("event_type") == EVENT_TYPE else None
    )
    names = [key] if isinstance(key, str) else []
    for block in message.get("blocks") or []:
        block_id = str(block.get("block_id", ""))
        if block_id.startswith(PREFIX):
            names.append(block_id.rpartition("-")[0])
    return names
