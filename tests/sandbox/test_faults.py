import time

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Approve"},
    "action_id": "approve",
    "value": "7",
}
CARD = [{"type": "actions", "elements": [BUTTON]}]


async def test_a_lost_reply_is_one_message_for_a_client_that_does_not_repeat_itself(
    slack, client, alice, control
):
    await control(slack, "faults", [{"method": "chat.postMessage", "kind": "reply_lost"}])

    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0OPS", text="once")

    assert [message["text"] for message in await alice.messages("C0OPS")] == ["once"]
    [call] = (await control(slack, "log?method=chat.postMessage", method="GET"))["calls"]
    assert (call["args"], call["outcome"]) == ({"channel": "C0OPS", "text": "once"}, "reply_lost")


async def test_a_lost_reply_is_two_messages_for_the_client_as_the_sdk_builds_it(slack, alice, control):
    careless = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    await control(slack, "faults", [{"method": "chat.postMessage", "kind": "reply_lost"}])

    await careless.chat_postMessage(channel="C0OPS", text="twice")

    assert [message["text"] for message in await alice.messages("C0OPS")] == ["twice", "twice"]


async def test_a_call_that_was_cut_off_first_is_not_performed(slack, client, alice, control):
    await control(slack, "faults", [{"method": "chat.postMessage", "kind": "not_performed"}])

    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0OPS", text="never")

    assert await alice.messages("C0OPS") == []


async def test_a_rate_limit_says_how_long_to_wait_and_ends(slack, client, control):
    fault = {"method": "chat.postMessage", "kind": "ratelimited", "retry_after": 2, "times": 2}
    await control(slack, "faults", [fault])

    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel="C0OPS", text="x")
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "2"
        assert refused.value.response["error"] == "ratelimited"
    assert (await client.chat_postMessage(channel="C0OPS", text="x"))["ok"]


async def test_a_server_error_has_no_slack_answer_in_it(slack, http, control):
    await control(slack, "faults", [{"kind": "server_error", "status": 503}])

    async with http.post(f"{slack.api_url}auth.test") as response:
        assert (response.status, response.content_type) == (503, "text/plain")


async def test_a_slow_call_is_performed_after_its_delay(slack, client, control):
    await control(slack, "faults", [{"method": "auth.test", "kind": "slow", "seconds": 0.2}])

    began = time.monotonic()
    assert (await client.auth_test())["ok"]

    assert time.monotonic() - began >= 0.2


async def test_an_unknown_fault_is_refused(slack, control):
    assert (await control(slack, "faults", [{"kind": "meteor"}]))["ok"] is False


async def test_planned_faults_can_be_taken_back(slack, client, control):
    await control(slack, "faults", [{"kind": "ratelimited", "times": 100}])
    await control(slack, "clear_faults")

    assert (await client.auth_test())["ok"]


async def test_a_click_delivered_twice_carries_the_same_trigger_in_two_envelopes(
    slack, app, connect, client, alice, control, heard
):
    @app.action("approve")
    async def on_approve(ack, body):
        await ack()
        heard.add((body["trigger_id"], body["actions"][0]["action_ts"]))

    await connect(slack, app)
    await control(slack, "faults", [{"kind": "duplicate_delivery", "type": "interactive"}])
    await client.chat_postMessage(channel="C0OPS", text="Approve?", blocks=CARD)
    await alice.click(await alice.sees("C0OPS", "Approve"), "Approve")

    assert await heard.next() == await heard.next()


async def test_a_late_click_fails_before_the_person_and_reaches_the_app_afterwards(
    start, make_app, connect, meet, control, heard
):
    slack = await start(ack_seconds=0.1)
    app = make_app(slack)

    @app.action("approve")
    async def on_approve(ack, action):
        await ack()
        heard.add(action["value"])

    await connect(slack, app)
    await control(slack, "faults", [{"kind": "late_delivery", "seconds": 0.3}])
    await app.client.chat_postMessage(channel="C0OPS", text="Approve?", blocks=CARD)
    # The post itself was an event, and the first delivery fault was its.
    await control(slack, "faults", [{"kind": "late_delivery", "seconds": 0.3, "type": "interactive"}])
    alice = await meet(slack)

    pressed = await alice.click(await alice.sees("C0OPS", "Approve"), "Approve")

    assert pressed == {"ok": False, "error": "operation_timeout"}
    assert await heard.next() == "7"


async def test_an_earlier_click_can_be_delivered_again_word_for_word(
    slack, app, connect, client, alice, control, heard
):
    @app.action("approve")
    async def on_approve(ack, body):
        await ack()
        heard.add(body)

    await connect(slack, app)
    await client.chat_postMessage(channel="C0OPS", text="Approve?", blocks=CARD)
    await alice.click(await alice.sees("C0OPS", "Approve"), "Approve")

    assert (await control(slack, "replay_click"))["ok"] is True

    assert await heard.next() == await heard.next()


async def test_no_token_is_ever_in_the_log(slack, client, http, control):
    await client.auth_test()
    await http.post(f"{slack.api_url}auth.test", data={"token": slack.bot_token})

    log = await control(slack, "log", method="GET")

    assert [call["outcome"] for call in log["calls"]] == ["ok", "ok"]
    assert slack.bot_token not in str(log)
