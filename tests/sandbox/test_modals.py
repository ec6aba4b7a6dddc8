import pytest
from slack_sdk.errors import SlackApiError

from sandbox.errors import SlackError
from sandbox.view_rules import complaints, filled_state, parse_view


def plain(text):
    return {"type": "plain_text", "text": text}


def reason_modal(**more):
    return {
        "type": "modal",
        "callback_id": "reason",
        "title": {"type": "plain_text", "text": "Reject"},
        "submit": {"type": "plain_text", "text": "Reject"},
        "private_metadata": "run-1",
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why?"},
                "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
            },
        ],
        **more,
    }


@pytest.fixture
async def app_with_modal(slack, app, connect, heard):
    @app.command("/handrail")
    async def handrail(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=reason_modal())

    @app.view("reason")
    async def on_reason(ack, view):
        why = view["state"]["values"]["why"]["text"]["value"]
        if why == "no":
            await ack(response_action="errors", errors={"why": "Say more than that."})
            return
        await ack()
        heard.add((view["private_metadata"], why))

    await connect(slack, app)
    return app


async def test_a_modal_is_opened_filled_in_corrected_and_submitted(app_with_modal, alice, bob, heard):
    await alice.say("C0OPS", "/handrail reject")
    modal = await alice.modal()
    assert await bob.views() == []

    assert await alice.submit(modal, {}) == {
        "ok": False,
        "error": "invalid_input",
        "errors": {"why": "Please complete this required field."},
    }
    assert await alice.submit(modal, {"Why?": "no"}) == {
        "ok": False,
        "error": "invalid_input",
        "errors": {"why": "Say more than that."},
    }
    assert await alice.views() == [modal | {"state": {"values": {"why": {"text": _typed("no")}}}}]
    assert await alice.submit(modal, {"why": "wrong version"}) == {"ok": True}

    assert await heard.next() == ("run-1", "wrong version")
    assert await alice.views() == []


def _typed(value):
    return {"type": "plain_text_input", "value": value}


async def test_what_the_person_types_is_held_to_the_input_s_own_limit(app_with_modal, alice):
    await alice.say("C0OPS", "/handrail reject")

    refused = await alice.submit(await alice.modal(), {"why": "x" * 21})

    assert refused["errors"] == {"why": "Enter no more than 20 characters."}


@pytest.mark.parametrize(
    ("trigger_seconds", "outcomes"),
    [(0, ["expired_trigger_id", "expired_trigger_id"]), (3, ["ok", "exchanged_trigger_id"])],
)
async def test_a_trigger_is_good_once_and_for_three_seconds(
    start, make_app, connect, meet, heard, trigger_seconds, outcomes
):
    slack = await start(trigger_seconds=trigger_seconds)
    app = make_app(slack)

    @app.command("/handrail")
    async def handrail(ack, body):
        await ack()
        heard.add(body["trigger_id"])

    await connect(slack, app)
    alice = await meet(slack)
    await alice.say("C0OPS", "/handrail reject")
    trigger = await heard.next()

    async def outcome():
        try:
            await app.client.views_open(trigger_id=trigger, view=reason_modal())
        except SlackApiError as refused:
            return refused.response["error"]
        return "ok"

    assert [await outcome(), await outcome()] == outcomes


async def test_a_trigger_slack_never_gave_is_invalid(client):
    with pytest.raises(SlackApiError) as refused:
        await client.views_open(trigger_id="12345.98765.abcd2358fdea", view=reason_modal())

    assert refused.value.response["error"] == "invalid_trigger_id"


async def test_modals_stack_three_deep_and_closing_shows_the_one_below(slack, app, connect, alice):
    push = {"type": "button", "action_id": "push", "text": {"type": "plain_text", "text": "More"}}
    page = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Page"},
        "blocks": [{"type": "actions", "elements": [push]}],
    }

    @app.command("/handrail")
    async def handrail(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=page)

    errors = []

    @app.action("push")
    async def on_push(ack, body, client):
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=page)
        except SlackApiError as error:
            errors.append(error.response["error"])
        await ack()

    await connect(slack, app)
    await alice.say("C0OPS", "/handrail pages")
    await alice.modal()
    for _ in range(3):
        top = (await alice.views())[-1]
        await alice.click(top, "More")

    stack = await alice.views()
    assert len(stack) == 3
    assert errors == ["push_limit_reached"]
    assert {view["root_view_id"] for view in stack} == {stack[0]["id"]}
    await alice.close(stack[-1])
    assert await alice.views() == stack[:-1]


async def test_an_update_with_an_old_hash_is_a_conflict(app_with_modal, client, alice):
    await alice.say("C0OPS", "/handrail reject")
    modal = await alice.modal()
    await client.views_update(
        view_id=modal["id"], hash=modal["hash"], view=reason_modal(private_metadata="run-2")
    )

    with pytest.raises(SlackApiError) as refused:
        await client.views_update(view_id=modal["id"], hash=modal["hash"], view=reason_modal())

    assert refused.value.response["error"] == "hash_conflict"
    [view] = await alice.views()
    assert view["private_metadata"] == "run-2"


async def test_closing_a_modal_that_asked_for_it_tells_the_app(slack, app, connect, alice, heard):
    @app.command("/handrail")
    async def handrail(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=reason_modal(notify_on_close=True))

    @app.view_closed("reason")
    async def on_closed(ack, body):
        await ack()
        heard.add(body["is_cleared"])

    await connect(slack, app)
    await alice.say("C0OPS", "/handrail reject")
    await alice.close(await alice.modal())

    assert await heard.next() is False


async def test_the_home_is_asked_for_published_and_shown_to_that_person_only(slack, app, connect, alice, bob):
    @app.event("app_home_opened")
    async def on_home(event, client):
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": f"Hello <@{event['user']}>"}}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    await connect(slack, app)
    await alice.open_home()

    home = await alice.until(alice.home)
    assert home["blocks"][0]["text"]["text"] == "Hello <@U0ALICE>"
    assert await bob.home() is None


@pytest.mark.parametrize(
    ("answer", "left"), [("update", ["Next"]), ("push", ["Reject", "Next"]), ("clear", [])]
)
async def test_a_submission_can_be_answered_with_another_view(slack, app, connect, alice, answer, left):
    @app.command("/handrail")
    async def handrail(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=reason_modal())

    @app.view("reason")
    async def on_reason(ack):
        view = reason_modal(title={"type": "plain_text", "text": "Next"})
        await ack(response_action=answer, **({} if answer == "clear" else {"view": view}))

    await connect(slack, app)
    await alice.say("C0OPS", "/handrail reject")
    await alice.submit(await alice.modal(), {"why": "because"})

    assert [view["title"]["text"] for view in await alice.views()] == left


async def test_a_button_in_a_modal_tells_the_app_what_was_typed_so_far(
    slack, app, connect, alice, http, heard
):
    more = {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": "More"}}

    @app.command("/handrail")
    async def handrail(ack, body, client):
        await ack()
        blocks = [*reason_modal()["blocks"], {"type": "actions", "block_id": "row", "elements": [more]}]
        await client.views_open(trigger_id=body["trigger_id"], view=reason_modal(blocks=blocks))

    @app.action("more")
    async def on_more(ack, body):
        await ack()
        heard.add((body["container"], body["view"]["state"]["values"]["why"]["text"]["value"]))

    await connect(slack, app)
    await alice.say("C0OPS", "/handrail reject")
    modal = await alice.modal()
    pressed = {"as": "U0ALICE", "view_id": modal["id"], "block_id": "row", "action_id": "more"}
    await http.post(
        f"{slack.base_url}/page/click", json=pressed | {"state": {"why": {"text": {"value": "half"}}}}
    )

    assert await heard.next() == ({"type": "view", "view_id": modal["id"]}, "half")


def field(kind, **more):
    element = {"type": kind, "action_id": "value", **more}
    label = {"type": "plain_text", "text": kind}
    return {"type": "input", "block_id": kind, "label": label, "element": element}


def option(value):
    return {"text": {"type": "plain_text", "text": value}, "value": value}


async def test_fields_of_all_kinds_are_chosen_told_and_sent(slack, app, connect, alice, heard):
    select = field("static_select", options=[option("a"), option("b")], initial_option=option("a"))
    fields = [
        select | {"dispatch_action": True},
        field("number_input", is_decimal_allowed=False, min_value="1", max_value="9"),
        field("checkboxes", options=[option("yes")]) | {"optional": True},
        field("conversations_select", default_to_current_conversation=True),
    ]

    @app.shortcut("start_run")
    async def on_shortcut(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=reason_modal(blocks=fields))

    @app.action("value")
    async def on_choice(ack, body):
        await ack()
        heard.add((body["actions"][0]["selected_option"], body["view"]["state"]["values"]["number_input"]))

    @app.view("reason")
    async def on_view(ack, view):
        await ack()
        heard.add(view["state"]["values"])

    await connect(slack, app)
    await alice.shortcut("start_run")
    modal = await alice.modal()
    await alice.choose(modal, "static_select", "b", {"number_input": "4"})
    assert await heard.next() == (
        option("b") | {"text": option("b")["text"]},
        {"value": {"type": "number_input", "value": "4"}},
    )
    sent = await alice.submit(modal, {"number_input": "10", "conversations_select": "C0OPS"})
    assert sent["errors"] == {"number_input": "Enter a number no greater than 9."}
    values = {
        "static_select": "b",
        "number_input": "5",
        "checkboxes": ["yes"],
        "conversations_select": "C0OPS",
    }
    assert (await alice.submit(modal, values))["ok"]
    sent = await heard.next()
    assert sent["conversations_select"]["value"]["selected_conversation"] == "C0OPS"
    assert sent["checkboxes"]["value"]["selected_options"][0]["value"] == "yes"


@pytest.mark.parametrize(
    ("element", "name"),
    [
        (field("static_select", options=[option("a")], initial_option=option("b")), "initial_option"),
        (field("checkboxes", options=[option("a")], initial_options=[option("b")]), "initial_options"),
    ],
)
async def test_what_is_chosen_from_the_start_has_to_be_an_option(
    app_with_modal, client, alice, element, name
):
    await alice.say("C0OPS", "/handrail reject")
    modal = await alice.modal()
    with pytest.raises(SlackApiError) as refused:
        await client.views_update(view_id=modal["id"], view=reason_modal(blocks=[element]))

    assert f"must be one of the options [json-pointer:/view/blocks/0/element/{name}]" in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("4", None),
        ("x", "Enter a number."),
        ("1e999999999", "Enter a number."),
        ("2.5", "Enter a whole number."),
        ("0", "Enter a number no smaller than 1."),
        ("10", "Enter a number no greater than 9."),
        (None, "Please complete this required field."),
    ],
)
def test_a_number_is_held_to_what_its_field_takes(typed, said):
    entry = {"type": "number_input", "action_id": "n", "is_decimal_allowed": False}
    entry |= {"min_value": "1", "max_value": "9"}
    block = {"type": "input", "block_id": "b", "label": plain("How many"), "element": entry}
    view = {"type": "modal", "title": plain("Scale"), "submit": plain("Send"), "blocks": [block]}

    values = filled_state(parse_view(view, "modal"), {"b": {"n": {"value": typed}}})
    assert complaints(view, values).get("b") == said


@pytest.mark.parametrize(
    "wrong", [{"min_value": "9", "max_value": "1"}, {"initial_value": "one"}, {"max_value": 3}]
)
def test_a_number_field_that_slack_refuses_is_refused(wrong):
    entry = {"type": "number_input", "action_id": "n", "is_decimal_allowed": True, **wrong}
    block = {"type": "input", "block_id": "b", "label": plain("How many"), "element": entry}

    with pytest.raises(SlackError, match="invalid_arguments"):
        parse_view(
            {"type": "modal", "title": plain("Scale"), "submit": plain("Send"), "blocks": [block]}, "modal"
        )
