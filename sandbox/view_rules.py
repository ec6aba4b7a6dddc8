"""Modals and the App Home: what Slack takes as a view, and what a filled-in one must hold before it is sent."""

import json
from decimal import Decimal
from typing import Any

from sandbox import elements as el
from sandbox.blocks import IN_HOME, IN_MODAL, check_blocks, inside, named
from sandbox.errors import SlackError
from sandbox.json_types import Json
from sandbox.schema import Check, Problems, anything, boolean, shape, string

VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
REQUIRED = "Please complete this required field."

_SHARED: dict[str, Check] = {
    "private_metadata": string(3000, shortest=0),
    "callback_id": string(255, shortest=0),
    "external_id": string(255, shortest=0),
}
_MODAL = shape(
    {"type": anything, "title": el.plain(24), "blocks": anything},
    {
        **_SHARED,
        "submit": el.plain(24),
        "close": el.plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = shape({"type": anything, "blocks": anything}, _SHARED)


def parse_view(view: Any, surface: str) -> Json:
    """A view fit for *surface* ("modal" or "home"); raises `invalid_arguments` with pointers, or `view_too_large`."""
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", ["must provide an object [json-pointer:/view]"])
    problems = Problems()
    if view.get("type") != surface:
        problems.add("/view/type", f"must be {surface}")
    (_MODAL if surface == "modal" else _HOME)(view, "/view", problems)
    kinds = IN_MODAL if surface == "modal" else IN_HOME
    inner = check_blocks(view.get("blocks"), kinds, VIEW_BLOCKS, "/view/blocks")
    problems.found += inner.found
    if not problems.found and surface == "modal":
        _check_submit(view, problems)
    if problems.found:
        raise SlackError("invalid_arguments", problems.found)
    if len(json.dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    return {**view, "blocks": named(view["blocks"])}


def _check_submit(view: Json, problems: Problems) -> None:
    if "submit" not in view and any(each["type"] == "input" for each in inside(view["blocks"])):
        problems.add("/view", "missing required field: submit")


def initial_value(element: Json) -> Json:
    """What `state.values` holds for an input that nobody has touched."""
    kind = element["type"]
    if kind in el.TYPED:
        return {"type": kind, "value": element.get("initial_value")}
    name = {
        "users_select": "user",
        "channels_select": "channel",
        "conversations_select": "conversation",
        "multi_users_select": "users",
        "multi_static_select": "options",
        "checkboxes": "options",
        "datepicker": "date",
        "timepicker": "time",
        "datetimepicker": "date_time",
    }.get(kind, "option")
    empty: Any = [] if name in ("users", "options") else None
    return {"type": kind, f"selected_{name}": element.get(f"initial_{name}", empty)}


def filled_state(view: Json, given: Json) -> Json:
    """`state.values` for every input of *view*: what was *given*, else what the input began with."""
    values: Json = {}
    for block in inside(view["blocks"]):
        elements = [block["element"]] if block["type"] == "input" else block.get("elements", [])
        for element in elements:
            if block["type"] != "input" and element.get("type") not in el.SELECTS:
                continue
            block_id, action_id = block["block_id"], element["action_id"]
            stated = given.get(block_id, {}).get(action_id, {})
            values.setdefault(block_id, {})[action_id] = {**initial_value(element), **stated}
    return values


def _no_number(element: Json, content: str) -> str:
    if not el.NUMBER.fullmatch(content):
        return "Enter a number."
    number = Decimal(content)
    if not element["is_decimal_allowed"] and number != int(number):
        return "Enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Enter a number no smaller than {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Enter a number no greater than {element['max_value']}."
    return ""


def complaints(view: Json, values: Json) -> Json:
    """What Slack's own client says before it sends anything: block_id to sentence."""
    found: Json = {}
    for block in inside(view["blocks"]):
        if block["type"] != "input":
            continue
        element = block["element"]
        answer = values[block["block_id"]][element["action_id"]]
        content = next((value for name, value in answer.items() if name != "type"), None)
        if content in (None, "", []):
            if not block.get("optional", False):
                found[block["block_id"]] = REQUIRED
        elif element["type"] == "number_input":
            if complaint := _no_number(element, content):
                found[block["block_id"]] = complaint
        elif isinstance(content, str) and len(content) > element.get("max_length", 3000):
            found[block["block_id"]] = f"Enter no more than {element.get('max_length', 3000)} characters."
        elif isinstance(content, str) and len(content) < element.get("min_length", 0):
            found[block["block_id"]] = f"Enter at least {element['min_length']} characters."
    return found
