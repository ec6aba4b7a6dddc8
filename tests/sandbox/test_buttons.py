import asyncio


def approve(text="Approve", **more):
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": text},
        "action_id": "approve",
        "value": "7",
        **more,
    }


def card(*buttons):
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*deploy* wants to run"}},
        {"type": "actions", "block_id": "decide", "elements": list(buttons)},
    ]


async def test_a_click_lets_the_app_redraw_the_card_for_everybody(
    slack, app, connect, client, alice, bob, heard
):
    @app.action("approve")
    async def on_approve(ack, body, client):
        await ack()
        heard.add(body)
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="Approved", blocks=card()[:1]
        )

    await connect(slack, app)
    posted = await client.chat_postMessage(
        channel="C0OPS", text="Approve?", blocks=card(approve(style="primary"))
    )

    message = await bob.sees("C0OPS", "Approve")
    assert await bob.click(message, "Approve") == {"ok": True}

    body = await heard.next()
    [action] = body["actions"]
    assert action == {
        "type": "button",
        "action_id": "approve",
        "block_id": "decide",
        "text": {"type": "plain_text", "text": "Approve"},
        "value": "7",
        "style": "primary",
        "action_ts": action["action_ts"],
    }
    assert float(action["action_ts"]) > float(posted["ts"])
    assert body["user"] == {"id": "U0BOB", "username": "bob", "name": "bob", "team_id": "T0HANDRAIL"}
    assert body["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": "C0OPS",
        "is_ephemeral": False,
    }
    redrawn = await alice.sees("C0OPS", "Approved")
    assert len(redrawn["blocks"]) == 1
    assert "edited" not in redrawn


async def test_only_what_is_on_the_message_now_can_be_pressed(slack, client, alice):
    posted = await client.chat_postMessage(channel="C0OPS", text="Approve?", blocks=card(approve()))
    seen = await alice.sees("C0OPS", "Approve")
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="Done", blocks=card()[:1])

    assert await alice.click(seen, "Approve") == {"ok": False, "error": "element_not_found"}


async def test_a_slow_client_can_still_press_a_button_that_was_redrawn_away(
    slack, app, connect, client, control, alice, heard
):
    @app.action("approve")
    async def on_approve(ack, action):
        await ack()
        heard.add(action["value"])

    await connect(slack, app)
    posted = await client.chat_postMessage(channel="C0OPS", text="Done", blocks=card()[:1])

    pressed = await control(
        slack,
        "click_stale",
        {
            "as": "U0ALICE",
            "channel": "C0OPS",
            "message_ts": posted["ts"],
            "action": {"action_id": "approve", "block_id": "decide", "value": "6"},
        },
    )

    assert pressed == {"ok": True}
    assert await heard.next() == "6"


async def test_a_button_for_some_eyes_cannot_be_pressed_by_others(slack, client, alice, bob):
    await client.chat_postMessage(
        channel="C0OPS", text="Approve?", blocks=card(approve(visible_to_user_ids=["U0BOB"]))
    )
    message = await alice.sees("C0OPS", "Approve")

    assert await alice.click(message, "Approve") == {"ok": False, "error": "element_not_found"}


async def test_an_ephemeral_message_is_seen_by_its_viewer_only_and_can_be_answered_there(
    slack, app, connect, client, alice, bob, heard
):
    @app.action("approve")
    async def on_approve(ack, body, respond):
        await ack()
        heard.add(body)
        await respond(text="Thank you", replace_original=True)

    await connect(slack, app)
    await client.chat_postEphemeral(channel="C0OPS", user="U0ALICE", text="Only you", blocks=card(approve()))

    message = await alice.sees("C0OPS", "deploy")
    assert await bob.messages("C0OPS") == []
    await alice.click(message, "Approve")

    body = await heard.next()
    assert body["container"]["is_ephemeral"] is True
    assert "message" not in body
    answered = await alice.sees("C0OPS", "Thank you")
    assert answered["ts"] == message["ts"]
    assert await bob.messages("C0OPS") == []


async def test_a_click_that_is_not_acknowledged_in_time_is_said_to_the_person_and_not_repeated(
    start, make_app, connect, meet, heard
):
    slack = await start(ack_seconds=0.2)
    app = make_app(slack)
    never = asyncio.Event()

    @app.action("approve")
    async def on_approve(ack):
        heard.add("called")
        await never.wait()

    await connect(slack, app)
    await app.client.chat_postMessage(channel="C0OPS", text="Approve?", blocks=card(approve()))
    alice = await meet(slack)
    message = await alice.sees("C0OPS", "Approve")

    assert await alice.click(message, "Approve") == {"ok": False, "error": "operation_timeout"}

    notice = await alice.sees("C0OPS", "did not reach")
    assert (notice["username"], notice["is_ephemeral"]) == ("slackbot", True)
    assert await heard.next() == "called"
    assert heard.empty()
    never.set()


async def test_a_choice_from_a_menu_arrives_as_the_whole_option(slack, app, connect, client, alice, heard):
    options = [
        {"text": {"type": "plain_text", "text": word}, "value": word.lower()} for word in ("Logs", "Why")
    ]

    @app.action("more")
    async def on_more(ack, action):
        await ack()
        heard.add(action["selected_option"])

    await connect(slack, app)
    menu = {"type": "overflow", "action_id": "more", "options": options}
    await client.chat_postMessage(
        channel="C0OPS", text="Menu", blocks=[{"type": "actions", "elements": [menu]}]
    )

    await alice.click(await alice.sees("C0OPS", "Logs"), "more", choice="why")

    assert await heard.next() == options[1]


async def test_feedback_says_which_of_its_two_buttons_was_pressed(slack, app, connect, client, alice, heard):
    feedback = {
        "type": "feedback_buttons",
        "action_id": "was_it_good",
        "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "good"},
        "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
    }

    @app.action("was_it_good")
    async def on_feedback(ack, action):
        await ack()
        heard.add((action["type"], action["text"]["text"], action["value"]))

    await connect(slack, app)
    await client.chat_postMessage(
        channel="C0OPS", text="Done", blocks=[{"type": "context_actions", "elements": [feedback]}]
    )
    await alice.click(await alice.sees("C0OPS", "Bad"), "was_it_good", choice="bad")

    assert await heard.next() == ("feedback_buttons", "Bad", "bad")
