import pytest

BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Approve"},
    "action_id": "approve",
    "value": "7",
}
CARD = [{"type": "actions", "elements": [BUTTON]}]


@pytest.fixture
async def asked(slack, app, connect, alice, heard):
    """The response_url of a command that Alice typed in #ops."""

    @app.command("/handrail")
    async def handrail(ack, command):
        await ack()
        heard.add(command["response_url"])

    await connect(slack, app)
    await alice.say("C0OPS", "/handrail status")
    return await heard.next()


async def test_an_address_takes_five_answers_and_shows_them_to_the_asker(asked, http, alice, bob):
    outcomes = []
    for number in range(6):
        async with http.post(asked, json={"text": str(number)}) as response:
            outcomes.append((response.status, await response.text()))

    assert outcomes == [(200, "ok")] * 5 + [(404, "used_url")]
    assert [message["text"] for message in await alice.messages("C0OPS")] == ["0", "1", "2", "3", "4"]
    assert await bob.messages("C0OPS") == []


async def test_an_answer_in_channel_is_for_everybody(asked, http, bob):
    await http.post(asked, json={"text": "done", "response_type": "in_channel"})

    [message] = await bob.messages("C0OPS")
    assert (message["text"], message["user"]) == ("done", "U0HANDRAIL")


async def test_an_address_goes_stale(start, make_app, connect, meet, http, heard):
    slack = await start(response_url_seconds=0)
    app = make_app(slack)

    @app.command("/handrail")
    async def handrail(ack, command):
        await ack()
        heard.add(command["response_url"])

    await connect(slack, app)
    await (await meet(slack)).say("C0OPS", "/handrail status")

    async with http.post(await heard.next(), json={"text": "late"}) as response:
        assert (response.status, await response.text()) == (404, "expired_url")


async def test_a_clicked_message_can_be_replaced_and_deleted_and_blocks_are_checked(
    slack, app, connect, client, alice, http, heard
):
    @app.action("approve")
    async def on_approve(ack, body):
        await ack()
        heard.add(body["response_url"])

    await connect(slack, app)
    posted = await client.chat_postMessage(channel="C0OPS", text="Approve?", blocks=CARD)
    await alice.click(await alice.sees("C0OPS", "Approve"), "Approve")
    address = await heard.next()

    await http.post(address, json={"text": "For you: thank you"})
    assert (await alice.sees("C0OPS", "thank you"))["is_ephemeral"] is True
    async with http.post(address, json={"text": "x", "blocks": [{"type": "popup"}]}) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_blocks")
    await http.post(address, json={"text": "Approved", "replace_original": True})
    assert (await alice.messages("C0OPS"))[0]["text"] == "Approved"
    await http.post(address, json={"delete_original": True})
    assert posted["ts"] not in [message["ts"] for message in await alice.messages("C0OPS")]
