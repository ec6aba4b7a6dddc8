"""The few blocks and elements we use, and the size of what they make.

Limits: Slack's Block Kit reference (docs.slack.dev/reference/block-kit).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.rules.visible import visible

from .text import SLACK_ID, one_line, shortened

Block = dict[str, Any]

HEADER_LIMIT = 150
SECTION_LIMIT = 3000
BUTTON_LIMIT = 75
TEXT_LIMIT = 3900
"""Of a message's top-level text: chat.update takes 4,000."""
ELEMENT_LIMIT = 2800
"""Of one rich text element: Slack states none, other text objects have 3,000."""
MESSAGE_BLOCKS = 50
MESSAGE_LIMIT = 12_000
"""Of all text in a message; `msg_blocks_too_long` is reported from 13,172 on (slackapi/bolt-js#2509)."""
HOPELESS = 3 * MESSAGE_LIMIT
"""Characters of a change, both its versions counted, that no way of drawing it makes fit."""
DIVIDER: Block = {"type": "divider"}


@dataclass(frozen=True)
class Message:
    """What one card shows: blocks, and a text for notifications and screen readers that says the same."""

    text: str
    blocks: tuple[Block, ...]

    @property
    def digest(self) -> str:
        content = json.dumps([self.text, self.blocks], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


def message(text: str, *blocks: Block | None) -> Message:
    return Message(shortened(text, TEXT_LIMIT), tuple(block for block in blocks if block is not None))


def header(text: str) -> Block:
    return {"type": "header", "text": plain(shortened(one_line(text), HEADER_LIMIT))}


def section(mrkdwn: str) -> Block:
    """Trusted mrkdwn: whatever is untrusted in it was escaped."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn[:SECTION_LIMIT], "verbatim": True}}


def context(*mrkdwn: str) -> Block:
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": each[:2000], "verbatim": True} for each in mrkdwn],
    }


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text or " ", "emoji": False}


def button(action: str, label: str, value: str, style: str = "", confirm: Block | None = None) -> Block:
    """*value* carries ids, never authority."""
    made: Block = {"type": "button", "action_id": action, "text": plain(label[:BUTTON_LIMIT]), "value": value}
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    return made


def confirm(title: str, text: str, yes: str, no: str, *, danger: bool = False) -> Block:
    made: Block = {
        "title": plain(title[:100]),
        "text": plain(text[:300]),
        "confirm": plain(yes[:30]),
        "deny": plain(no[:30]),
    }
    return {**made, "style": "danger"} if danger else made


def rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def run_of(text: str, **style: bool) -> Block:
    """A stretch of rich text; it can't mention, link or format, whatever it says."""
    made: Block = {"type": "text", "text": visible(text) or " "}
    if style:
        made["style"] = style
    return made


def line(*parts: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(parts)}


def quote(text: str) -> Block:
    return {"type": "rich_text_quote", "elements": [run_of(text)]}


def preformatted(text: str, language: str = "") -> Block:
    made: Block = {"type": "rich_text_preformatted", "elements": [run_of(text)]}
    return {**made, "language": language} if language else made


def bullets(*items: Sequence[Block]) -> Block:
    return {"type": "rich_text_list", "style": "bullet", "elements": [line(*item) for item in items]}


def when(at: datetime, lead: str = "") -> Block:
    """A time in rich text, in each reader's own time zone, after *lead* (`text.moment`)."""
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": f"{lead}{{date_short_pretty}} at {{time}}",
        "fallback": f"{lead}{at:%Y-%m-%d %H:%M %Z}",
    }


def person(user_id: str) -> Block:
    """A mention in rich text: whoever it names is notified by a new message."""
    return {"type": "user", "user_id": user_id} if SLACK_ID.fullmatch(user_id) else run_of(user_id, code=True)


def usergroup(group_id: str) -> Block:
    """A mention of a user group in rich text."""
    known = SLACK_ID.fullmatch(group_id)
    return {"type": "usergroup", "usergroup_id": group_id} if known else run_of(group_id, code=True)


def units(text: str) -> int:
    """The length of *text* as Slack may count it: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def size(blocks: Sequence[Block]) -> int:
    """The length of the text in all blocks, escapes included."""
    return sum(units(text) for block in blocks for text in _texts(block))


COUNTED = {"text", "title", "value", "user_id", "usergroup_id"}
"""The ids of people too: what mentions nobody (`quiet`) has them as text."""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                if name in COUNTED:
                    yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= MESSAGE_BLOCKS and size(blocks) <= MESSAGE_LIMIT


def chunks(text: str, limit: int = ELEMENT_LIMIT) -> list[str]:
    """*text* in pieces of at most *limit* characters, all of it, broken at line ends where there are any."""
    pieces: list[str] = []
    while len(text) > limit:
        end = text.rfind("\n", limit // 2, limit) + 1 or limit
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text] if text else pieces
