"""What stands inside blocks: text, buttons, inputs, rich text.

Limits: Slack's Block Kit reference (docs.slack.dev/reference/block-kit), as restated by slack_sdk's model classes.
"""

import re
from typing import Any

from sandbox.json_types import Json
from sandbox.schema import (
    Check,
    Problems,
    anything,
    boolean,
    integer,
    items,
    number,
    one_of,
    shape,
    string,
    typed,
)

NUMBER = re.compile(r"-?\d+(\.\d+)?")
ACTION_ID = string(255)
URL = string(3000)


def plain(longest: int) -> Check:
    return typed({"plain_text": shape({"type": anything, "text": string(longest)}, {"emoji": boolean})})


def text(longest: int) -> Check:
    return typed(
        {
            "plain_text": shape({"type": anything, "text": string(longest)}, {"emoji": boolean}),
            "mrkdwn": shape({"type": anything, "text": string(longest)}, {"verbatim": boolean}),
        }
    )


CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)


def option(label: Check, *, with_url: bool = False) -> Check:
    more: dict[str, Check] = {"url": URL} if with_url else {}
    return shape({"text": label, "value": string(150)}, {"description": text(75), **more})


PLAIN_OPTION = option(plain(75))
RICH_OPTION = option(text(75))
OPTION_GROUP = shape({"label": plain(75), "options": items(PLAIN_OPTION, most=100, fewest=1)})
PLACEHOLDER = plain(150)
DISPATCH = shape({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"))})


def element(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """An interactive element: whatever else it has, it may carry an action_id and ask for confirmation."""
    return shape(
        {"type": anything, **required},
        {"action_id": ACTION_ID, "confirm": CONFIRM, **(optional or {})},
    )


def entry(optional: dict[str, Check], required: dict[str, Check] | None = None) -> Check:
    """An element one types into or chooses from: it may have a placeholder and take the focus."""
    return element(required or {}, {"placeholder": PLACEHOLDER, "focus_on_load": boolean, **optional})


def begun_with(check: Check) -> Check:
    """What is chosen from the start has to be among the options."""

    def checked(value: Any, at: str, problems: Problems) -> None:
        check(value, at, problems)
        if problems.found:
            return
        groups = value.get("option_groups", [])
        options = value.get("options") or [each for group in groups for each in group["options"]]
        for name in ("initial_option", "initial_options"):
            begun = value.get(name, [])
            if any(each not in options for each in (begun if isinstance(begun, list) else [begun])):
                problems.add(f"{at}/{name}", "must be one of the options")

    return checked


_NUMBER_INPUT = entry(
    {
        "initial_value": string(),
        "min_value": string(),
        "max_value": string(),
        "dispatch_action_config": DISPATCH,
    },
    {"is_decimal_allowed": boolean},
)


def number_input(value: Json, at: str, problems: Problems) -> None:
    _NUMBER_INPUT(value, at, problems)
    for name in ("initial_value", "min_value", "max_value"):
        if isinstance(said := value.get(name), str) and not NUMBER.fullmatch(said):
            problems.add(f"{at}/{name}", "must be a number")
    if not problems.found and float(value.get("min_value", "-inf")) > float(value.get("max_value", "inf")):
        problems.add(f"{at}/min_value", "cannot be greater than max_value")


IMAGE = shape(
    {"type": anything, "alt_text": string(2000)},
    {"image_url": URL, "slack_file": shape({}, {"id": string(), "url": string()})},
)
BUTTON = element(
    {"text": plain(75)},
    {
        "url": URL,
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(75),
        "visible_to_user_ids": items(string()),
        "agent_prompt": string(4000),
        "agent_prompt_display": anything,
    },
)
ICON_BUTTON = element(
    {"icon": string(), "text": plain(75)},
    {"value": string(2000), "accessibility_label": string(75), "visible_to_user_ids": items(string())},
)
OVERFLOW = element({"options": items(option(plain(75), with_url=True), most=5, fewest=1)})
CHOICES: dict[str, Check] = {
    "options": items(PLAIN_OPTION, most=100, fewest=1),
    "option_groups": items(OPTION_GROUP, most=100, fewest=1),
}
FEEDBACK_BUTTON = shape({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})
FEEDBACK_BUTTONS = shape(
    {"type": anything, "positive_button": FEEDBACK_BUTTON, "negative_button": FEEDBACK_BUTTON},
    {"action_id": ACTION_ID},
)
SELECTS: dict[str, Check] = {
    "static_select": begun_with(entry({**CHOICES, "initial_option": PLAIN_OPTION})),
    "multi_static_select": entry(
        {**CHOICES, "initial_options": items(PLAIN_OPTION), "max_selected_items": integer}
    ),
    "users_select": entry({"initial_user": string()}),
    "multi_users_select": entry({"initial_users": items(string()), "max_selected_items": integer}),
    "channels_select": entry({"initial_channel": string(), "response_url_enabled": boolean}),
    "conversations_select": entry(
        {
            "initial_conversation": string(),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": anything,
        }
    ),
    "radio_buttons": begun_with(
        entry({"initial_option": RICH_OPTION}, {"options": items(RICH_OPTION, most=10, fewest=1)})
    ),
    "checkboxes": begun_with(
        entry(
            {"initial_options": items(RICH_OPTION, fewest=1)},
            {"options": items(RICH_OPTION, most=10, fewest=1)},
        )
    ),
    "datepicker": entry({"initial_date": string()}),
    "timepicker": entry({"initial_time": string(), "timezone": string()}),
    "datetimepicker": entry({"initial_date_time": integer}),
}
TYPED: dict[str, Check] = {
    "plain_text_input": entry(
        {
            "initial_value": string(3000, shortest=0),
            "multiline": boolean,
            "min_length": integer,
            "max_length": integer,
            "dispatch_action_config": DISPATCH,
        }
    ),
    "number_input": number_input,
    "email_text_input": entry({"initial_value": string(), "dispatch_action_config": DISPATCH}),
    "url_text_input": entry({"initial_value": string(), "dispatch_action_config": DISPATCH}),
}
IN_CONTEXT: dict[str, Check] = {
    "plain_text": shape({"type": anything, "text": string(3000)}, {"emoji": boolean}),
    "mrkdwn": shape({"type": anything, "text": string(3000)}, {"verbatim": boolean}),
    "image": IMAGE,
}
IN_ACTIONS: dict[str, Check] = {"button": BUTTON, "overflow": OVERFLOW, **SELECTS}
IN_SECTION: dict[str, Check] = {**IN_ACTIONS, "image": IMAGE}
IN_INPUT: dict[str, Check] = {**TYPED, **SELECTS}
IN_CONTEXT_ACTIONS: dict[str, Check] = {"feedback_buttons": FEEDBACK_BUTTONS, "icon_button": ICON_BUTTON}

STYLE = shape(
    {}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "unlink"), boolean)
)


def inline(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    return shape({"type": anything, **required}, {"style": STYLE, **(optional or {})})


INLINE = typed(
    {
        "text": inline({"text": string()}),
        "link": inline({"url": string()}, {"text": string(), "unsafe": boolean}),
        "user": inline({"user_id": string()}),
        "usergroup": inline({"usergroup_id": string()}),
        "channel": inline({"channel_id": string()}),
        "team": inline({"team_id": string()}),
        "emoji": inline({"name": string()}, {"unicode": string(), "skin_tone": integer}),
        "broadcast": inline({"range": one_of("here", "channel", "everyone")}),
        "color": inline({"value": string()}),
        "date": inline({"timestamp": number, "format": string()}, {"url": string(), "fallback": string()}),
    }
)
RICH_SECTION = shape({"type": anything, "elements": items(INLINE)})
RICH_TEXT_ELEMENT = typed(
    {
        "rich_text_section": RICH_SECTION,
        "rich_text_quote": shape({"type": anything, "elements": items(INLINE)}, {"border": integer}),
        "rich_text_preformatted": shape(
            {"type": anything, "elements": items(INLINE)}, {"border": integer, "language": string()}
        ),
        "rich_text_list": shape(
            {
                "type": anything,
                "style": one_of("bullet", "ordered"),
                "elements": items(typed({"rich_text_section": RICH_SECTION})),
            },
            {"indent": integer, "offset": integer, "border": integer},
        ),
    }
)
