"""Blocks as Slack takes them, and refuses them.

Limits: Slack's Block Kit reference (docs.slack.dev/reference/block-kit), as restated by slack_sdk's model classes.
"""

import copy
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox import elements as el
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.schema import Check, Problems, anything, boolean, items, number, one_of, shape, string, typed

MESSAGE_BLOCKS = 50
MARKDOWN_TOTAL = 12_000
PLAN_TASKS = 50
# Undocumented: reports of `msg_blocks_too_long` begin between 13,172 and 13,297 characters (slackapi/bolt-js#2509).
MESSAGE_TEXT_TOTAL = 13_200
_TEXT_KEYS = ("text", "title")


def block(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return shape({"type": anything, **required}, {"block_id": string(255), **(optional or {})})


def section(value: Json, at: str, problems: Problems) -> None:
    block(
        {},
        {
            "text": el.text(3000),
            "fields": items(el.text(2000), most=10, fewest=1),
            "accessory": typed(el.IN_SECTION),
            "expand": boolean,
        },
    )(value, at, problems)
    if "text" not in value and "fields" not in value:
        problems.add(at, "missing required field: text")


RICH_TEXT = block({"elements": items(el.RICH_TEXT_ELEMENT, fewest=1)})
ONE_RICH_TEXT = typed({"rich_text": RICH_TEXT})
URL_SOURCE = shape({"type": one_of("url"), "url": string(3000), "text": string()})
TASK = shape(
    {"task_id": string(), "title": string()},
    {
        "type": one_of("task_card"),
        "block_id": string(255),
        "status": one_of("pending", "in_progress", "complete", "error"),
        "details": ONE_RICH_TEXT,
        "output": ONE_RICH_TEXT,
        "sources": items(URL_SOURCE),
    },
)
CELL = typed(
    {
        "raw_text": shape({"type": anything, "text": string()}),
        "raw_number": shape({"type": anything, "value": number}, {"text": string()}),
        "rich_text": RICH_TEXT,
    }
)
COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def plan(value: Json, at: str, problems: Problems) -> None:
    block({"title": string()}, {"tasks": items(TASK, most=PLAN_TASKS)})(value, at, problems)
    tasks = value.get("tasks")
    named = Counter(task.get("task_id") for task in tasks if isinstance(task, dict)) if tasks else Counter()
    for task_id in (name for name, times in named.items() if times > 1):
        problems.add(f"{at}/tasks", f"task_id must be unique: {task_id}")


COMMON: dict[str, Check] = {
    "section": section,
    "header": block({"text": el.plain(150)}),
    "divider": block({}),
    "image": block(
        {"alt_text": string(2000)},
        {"image_url": string(3000), "slack_file": anything, "title": el.plain(2000)},
    ),
    "context": block({"elements": items(typed(el.IN_CONTEXT), most=10, fewest=1)}),
    "actions": block({"elements": items(typed(el.IN_ACTIONS), most=25, fewest=1)}),
    "rich_text": RICH_TEXT,
}
INPUT = block(
    {"label": el.plain(2000), "element": typed(el.IN_INPUT)},
    {"hint": el.plain(2000), "optional": boolean, "dispatch_action": boolean},
)
TABLE = block(
    {"rows": items(items(CELL, most=20, fewest=1), most=100, fewest=1)},
    {"column_settings": items(COLUMN, most=20)},
)


def container(children: Mapping[str, Check]) -> Check:
    whole = block(
        {"child_blocks": items(typed(children), most=10, fewest=1)},
        {
            "title": el.plain(150),
            "rich_text_title": ONE_RICH_TEXT,
            "subtitle": el.text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": el.IMAGE,
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
    )

    def check(value: Json, at: str, problems: Problems) -> None:
        whole(value, at, problems)
        if "title" not in value and "rich_text_title" not in value:
            problems.add(at, "missing required field: title")
        if value.get("has_header_divider") and value.get("is_collapsible"):
            problems.add(at, "has_header_divider cannot be set when is_collapsible is true")

    return check


ALERT = block(
    {"text": el.text(200)},
    {"level": one_of("default", "info", "warning", "error", "success")},
)
IN_MESSAGE: dict[str, Check] = {
    **COMMON,
    "markdown": block({"text": string(MARKDOWN_TOTAL)}),
    "table": TABLE,
    "plan": plan,
    "task_card": TASK,
    "context_actions": block({"elements": items(typed(el.IN_CONTEXT_ACTIONS), most=5, fewest=1)}),
    "container": container({**COMMON, "table": TABLE}),
}
IN_MODAL: dict[str, Check] = {
    **COMMON,
    "input": INPUT,
    "alert": ALERT,
    "container": container({**COMMON, "input": INPUT}),
}
IN_HOME: dict[str, Check] = {
    **COMMON,
    "input": INPUT,
    "container": container({**COMMON, "input": INPUT}),
}


def inside(blocks: list[Json]) -> Iterator[Json]:
    """Every block, with those that containers hold."""
    for each in blocks:
        yield each
        yield from each.get("child_blocks", [])


def interactive(each: Json) -> Iterator[Json]:
    """The elements of one block that a person can click or fill in."""
    candidates = [*each.get("elements", []), each.get("accessory"), each.get("element")]
    if each.get("type") == "rich_text":
        return
    for candidate in candidates:
        if isinstance(candidate, dict) and candidate.get("type") not in (
            None,
            "plain_text",
            "mrkdwn",
            "image",
        ):
            yield candidate


def check_ids(blocks: list[Json], at: str, problems: Problems) -> None:
    taken = Counter(each["block_id"] for each in inside(blocks) if "block_id" in each)
    for block_id in (name for name, times in taken.items() if times > 1):
        problems.add(at, f"`block_id` {block_id} already exists")
    for each in inside(blocks):
        actions = Counter(item["action_id"] for item in interactive(each) if "action_id" in item)
        for action_id in (name for name, times in actions.items() if times > 1):
            problems.add(at, f"`action_id` {action_id} already exists")


def check_blocks(blocks: Any, kinds: Mapping[str, Check], most: int, at: str) -> Problems:
    problems = Problems()
    items(typed(kinds), most=most)(blocks, at, problems)
    if not problems.found:
        check_ids(blocks, at, problems)
    return problems


def parse_message_blocks(blocks: Any) -> list[Json]:
    """The blocks of a message, every block and element named; raises what Slack answers if it refuses them."""
    if not isinstance(blocks, list) or not all(isinstance(each, dict) for each in blocks):
        raise SlackError("invalid_blocks_format")
    problems = check_blocks(blocks, IN_MESSAGE, MESSAGE_BLOCKS, "/blocks")
    if not problems.found:
        _check_together(blocks, problems)
    if problems.found:
        raise SlackError("invalid_blocks", problems.found)
    if sum(_lengths(blocks)) > MESSAGE_TEXT_TOTAL:
        raise SlackError("msg_blocks_too_long")
    return named(blocks)


def _check_together(blocks: list[Json], problems: Problems) -> None:
    """The rules about a message as a whole."""
    kinds = Counter(each["type"] for each in inside(blocks))
    if kinds["table"] > 1:
        problems.add("/blocks", "only one table block is allowed in a message")
    if kinds["plan"] and kinds["task_card"]:
        problems.add("/blocks", "plan and task_card blocks cannot be used in one message")
    markdown = sum(len(each["text"]) for each in blocks if each["type"] == "markdown")
    if markdown > MARKDOWN_TOTAL:
        problems.add("/blocks", f"markdown blocks must be less than {MARKDOWN_TOTAL + 1} characters together")


def _lengths(value: Any) -> Iterator[int]:
    if isinstance(value, list):
        for each in value:
            yield from _lengths(each)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in _TEXT_KEYS and isinstance(inner, str):
                yield len(inner)
            else:
                yield from _lengths(inner)


def named(blocks: list[Json]) -> list[Json]:
    """A copy in which each block has a block_id and each interactive element an action_id, as Slack gives them."""
    blocks = copy.deepcopy(blocks)
    for each in inside(blocks):
        each.setdefault("block_id", secrets.token_urlsafe(4))
        for item in interactive(each):
            item.setdefault("action_id", secrets.token_urlsafe(4))
    return blocks


def find_element(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    for each in inside(blocks):
        for item in interactive(each):
            if each.get("block_id") == block_id and item.get("action_id") == action_id:
                return item
    return None
