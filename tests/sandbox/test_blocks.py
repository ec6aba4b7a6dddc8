"""Slack's limits, and how it words its refusals."""

import pytest
from slack_sdk.errors import SlackApiError


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def plain(text):
    return {"type": "plain_text", "text": text}


def section(text="x", **more):
    return {"type": "section", "text": mrkdwn(text), **more}


def button(action_id="a", **more):
    return {"type": "button", "text": plain("Go"), "action_id": action_id, **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def rich_text(text="x"):
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def plan(*tasks, **more):
    return {"type": "plan", "title": "Deploy", "tasks": list(tasks), **more}


def task(task_id="1", **more):
    return {"task_id": task_id, "title": "Look", "status": "complete", **more}


def table(rows):
    return {"type": "table", "rows": rows}


def container(*children, **more):
    return {"type": "container", "title": plain("Details"), "child_blocks": list(children), **more}


CELL = {"type": "raw_text", "text": "x"}
TAKEN = {
    "section at its limit": [section("x" * 3000)],
    "fifty blocks": [section() for _ in range(50)],
    "section with fields": [{"type": "section", "fields": [mrkdwn("a"), plain("b")]}],
    "header, divider, context": [
        {"type": "header", "text": plain("Run")},
        {"type": "divider"},
        {
            "type": "context",
            "elements": [mrkdwn("by"), {"type": "image", "image_url": "http://x/y", "alt_text": "y"}],
        },
    ],
    "a button with everything": [
        actions(
            button(
                value="v" * 2000,
                style="danger",
                accessibility_label="Approve it",
                visible_to_user_ids=["U0BOB"],
                confirm={
                    "title": plain("Sure?"),
                    "text": mrkdwn("x" * 300),
                    "confirm": plain("Yes"),
                    "deny": plain("No"),
                },
            )
        )
    ],
    "plan with rich details": [
        plan(task(details=rich_text(), output=rich_text()), task("2", status="error"))
    ],
    "task as the SDK builds it": [plan(task(type="task_card"))],
    "table": [table([[CELL, rich_text()], [CELL, {"type": "raw_number", "value": 1}]])],
    "markdown": [{"type": "markdown", "text": "# x"}],
    "container": [container(section(), actions(button()), is_collapsible=True, default_collapsed=True)],
    "feedback": [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": plain("Good"), "value": "good"},
                    "negative_button": {"text": plain("Bad"), "value": "bad"},
                }
            ],
        }
    ],
    "preformatted": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "{}"}]}],
        }
    ],
}
REFUSED = {
    "section text": (
        [section("x" * 3001)],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "fifty-one blocks": ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    "empty text": ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    "section of nothing": ([{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]"),
    "header": (
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    "header in mrkdwn": (
        [{"type": "header", "text": mrkdwn("x")}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    "unknown block": ([{"type": "popup"}], "unsupported type: popup [json-pointer:/blocks/0/type]"),
    "alert is for modals": (
        [{"type": "alert", "text": mrkdwn("x")}],
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    "input is for views": (
        [{"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}}],
        "unsupported type: input [json-pointer:/blocks/0/type]",
    ),
    "disabled button": (
        [actions(button(disabled=True))],
        "invalid additional property: disabled [json-pointer:/blocks/0/elements/0]",
    ),
    "button text": (
        [actions({"type": "button", "text": plain("x" * 76)})],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    "button value": (
        [actions(button(value="v" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    "action_id": (
        [actions(button("a" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    "twice the same action_id": (
        [actions(button(), button())],
        "`action_id` a already exists [json-pointer:/blocks]",
    ),
    "twice the same block_id": (
        [section(block_id="b"), container(section(block_id="b"))],
        "`block_id` b already exists [json-pointer:/blocks]",
    ),
    "twenty-six buttons": (
        [actions(*(button(str(n)) for n in range(26)))],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "eleven context elements": (
        [{"type": "context", "elements": [mrkdwn("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "plan title as text object": (
        [{"type": "plan", "title": plain("Deploy"), "tasks": []}],
        "must provide a string [json-pointer:/blocks/0/title]",
    ),
    "completed instead of complete": (
        [plan(task(status="completed"))],
        "must be one of: pending, in_progress, complete, error [json-pointer:/blocks/0/tasks/0/status]",
    ),
    "fifty-one tasks": (
        [plan(*(task(str(n)) for n in range(51)))],
        "no more than 50 items allowed [json-pointer:/blocks/0/tasks]",
    ),
    "two tasks of one id": (
        [plan(task(), task())],
        "task_id must be unique: 1 [json-pointer:/blocks/0/tasks]",
    ),
    "plan and task_card": (
        [plan(task()), {"type": "task_card", **task("9")}],
        "plan and task_card blocks cannot be used in one message [json-pointer:/blocks]",
    ),
    "two tables": (
        [table([[CELL]]), table([[CELL]])],
        "only one table block is allowed in a message [json-pointer:/blocks]",
    ),
    "a row too wide": (
        [table([[CELL] * 21])],
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
    "markdown together": (
        [{"type": "markdown", "text": "x" * 7000}] * 2,
        "markdown blocks must be less than 12001 characters together [json-pointer:/blocks]",
    ),
    "container of too many": (
        [container(*(section() for _ in range(11)))],
        "no more than 10 items allowed [json-pointer:/blocks/0/child_blocks]",
    ),
    "six overflow options": (
        [
            actions(
                {"type": "overflow", "options": [{"text": plain(str(n)), "value": str(n)} for n in range(6)]}
            )
        ],
        "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "empty rich text": (
        [rich_text("")],
        "must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]",
    ),
}


@pytest.mark.parametrize("blocks", TAKEN.values(), ids=TAKEN)
async def test_slack_takes(client, alice, blocks):
    await client.chat_postMessage(channel="C0OPS", text="x", blocks=blocks)

    [message] = await alice.messages("C0OPS")
    assert all(block["block_id"] for block in message["blocks"])


@pytest.mark.parametrize(("blocks", "why"), REFUSED.values(), ids=REFUSED)
async def test_slack_refuses(client, alice, blocks, why):
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="C0OPS", text="x", blocks=blocks)

    assert refused.value.response["error"] == "invalid_blocks"
    assert refused.value.response["response_metadata"] == {"messages": [f"[ERROR] {why}"]}
    assert await alice.messages("C0OPS") == []


async def test_blocks_that_are_together_too_long_are_refused(client):
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(
            channel="C0OPS", text="x", blocks=[section("x" * 2700) for _ in range(5)]
        )

    assert refused.value.response["error"] == "msg_blocks_too_long"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"title": plain("x" * 25)}, "must be less than 25 characters [json-pointer:/view/title/text]"),
        (
            {"private_metadata": "x" * 3001},
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        ({"blocks": [section()] * 101}, "no more than 100 items allowed [json-pointer:/view/blocks]"),
        ({"type": "home", "submit": plain("Go")}, "invalid additional property: submit [json-pointer:/view]"),
    ],
)
async def test_views_over_the_limits_are_refused(client, change, why):
    view = {"type": "modal", "title": plain("x"), "blocks": [section()], **change}
    if view["type"] == "home":
        del view["title"]
        call = client.views_publish(user_id="U0ALICE", view=view)
    else:
        call = client.views_open(trigger_id="1.2.3", view=view)

    with pytest.raises(SlackApiError) as refused:
        await call

    assert refused.value.response["error"] == "invalid_arguments"
    assert refused.value.response["response_metadata"]["messages"] == [f"[ERROR] {why}"]
