"""A Slack message as lines for a terminal."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from sandbox.json_types import Json
from sandbox.roster import USER_GROUPS, USERS

NAMES = {user.id: user.name for user in USERS} | {group.id: group.handle for group in USER_GROUPS}
SIGNS = {"pending": "○", "in_progress": "◐", "complete": "●", "error": "✗"}
_MENTION = re.compile(r"<(?:@|!subteam\^)(?P<id>[A-Z0-9]+)(?:\|[^>]*)?>")
_DATE = re.compile(r"<!date\^(?P<unix>\d+)\^[^>]*>")
_LINK = re.compile(r"<(?P<url>https?://[^|>]+)(?:\|(?P<label>[^>]*))?>")


def lines(message: Json) -> list[str]:
    """What stands in *message*, without what is small print in Slack too."""
    blocks = message.get("blocks")
    if not blocks:
        return plain(message.get("text", "")).splitlines()
    return [line.rstrip() for block in blocks for line in _block(block) if line.strip()]


def plain(mrkdwn: str) -> str:
    """Mentions as names, dates as times, entities as characters."""
    text = _MENTION.sub(lambda found: f"@{NAMES.get(found['id'], found['id'])}", mrkdwn)
    text = _DATE.sub(
        lambda found: _moment(datetime.fromtimestamp(int(found["unix"]), UTC).astimezone()), text
    )
    text = _LINK.sub(lambda found: found["label"] or found["url"], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _block(block: Json) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield from block["text"]["text"].splitlines()
        case "section":
            for text in (block.get("text"), *block.get("fields", [])):
                yield from plain(text["text"]).replace("*", "").replace("`", "").splitlines() if text else ()
        case "rich_text":
            for element in block["elements"]:
                yield from _rich(element)
        case "plan":
            yield block["title"]
            for task in block["tasks"]:
                yield f"  {SIGNS.get(task['status'], '○')} {task['title']}"
        case "actions":
            buttons = [
                element["text"]["text"] for element in block["elements"] if element["type"] == "button"
            ]
            yield " ".join(f"[{button}]" for button in buttons)
        case "markdown":
            yield from block["text"].splitlines()


def _moment(at: datetime) -> str:
    today = datetime.now(UTC).astimezone().date()
    return f"{at:%H:%M}" if at.date() == today else f"{at:%d %B, %H:%M}"


def _rich(element: Json) -> Iterator[str]:
    match element["type"]:
        case "rich_text_list":
            for item in element["elements"]:
                yield "  • " + "".join(_inline(piece) for piece in item["elements"])
        case "rich_text_preformatted":
            yield from (
                "  " + line for line in "".join(_inline(piece) for piece in element["elements"]).splitlines()
            )
        case "rich_text_quote":
            yield from (
                "  “" + line + "”"
                for line in "".join(_inline(piece) for piece in element["elements"]).splitlines()
            )
        case _:
            yield from "".join(_inline(piece) for piece in element["elements"]).splitlines()


def _inline(piece: Json) -> str:
    match piece["type"]:
        case "user":
            return f"@{NAMES.get(piece['user_id'], piece['user_id'])}"
        case "usergroup":
            return f"@{NAMES.get(piece['usergroup_id'], piece['usergroup_id'])}"
        case "link":
            return str(piece.get("text") or piece["url"])
        case "emoji":
            return f":{piece['name']}:"
        case _:
            return str(piece.get("text") or piece.get("fallback") or "")
