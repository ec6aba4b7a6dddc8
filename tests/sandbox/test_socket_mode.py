import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient


@pytest.fixture
async def listening_app(slack, app, connect, heard):
    @app.event("message")
    async def on_message(event):
        heard.add(event["text"])

    await connect(slack, app)
    return app


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_an_app_told_to_disconnect_comes_back_and_hears_what_is_said_then(
    slack, listening_app, alice, control, heard, reason
):
    assert await control(slack, "drop_sockets", {"reason": reason}) == {"ok": True, "connections": 1}

    await control(slack, "connected", method="GET")
    await alice.say("C0OPS", "welcome back")

    assert await heard.next() == "welcome back"


async def test_an_app_that_was_hung_up_on_comes_back(slack, listening_app, alice, control, heard):
    await control(slack, "hang_up")

    await control(slack, "connected", method="GET")
    await alice.say("C0OPS", "welcome back")

    assert await heard.next() == "welcome back"


async def test_hello_and_envelopes_look_like_slack_s(slack, http, alice):
    app_client = AsyncWebClient(base_url=slack.api_url)
    url = (await app_client.apps_connections_open(app_token=slack.app_token))["url"]

    async with http.ws_connect(url) as socket:
        hello = await socket.receive_json()
        await alice.say("C0OPS", "hello")
        envelope = await socket.receive_json()
        await socket.send_json({"envelope_id": envelope["envelope_id"]})

    assert (hello["type"], hello["num_connections"], hello["connection_info"]) == (
        "hello",
        1,
        {"app_id": "A0HANDRAIL"},
    )
    assert set(envelope) == {
        "envelope_id",
        "type",
        "payload",
        "accepts_response_payload",
        "retry_attempt",
        "retry_reason",
    }
    payload = envelope["payload"]
    assert (payload["type"], payload["event"]["type"], payload["team_id"]) == (
        "event_callback",
        "message",
        "T0HANDRAIL",
    )
    assert payload["authorizations"][0]["user_id"] == "U0HANDRAIL"


async def test_a_disconnect_says_why_and_a_warned_connection_stays_open_for_its_last_answers(
    slack, http, control
):
    app_client = AsyncWebClient(base_url=slack.api_url)
    url = (await app_client.apps_connections_open(app_token=slack.app_token))["url"]

    async with http.ws_connect(url) as socket:
        await socket.receive_json()
        await control(slack, "drop_sockets", {"reason": "warning"})
        frame = await socket.receive_json()
        assert (frame["type"], frame["reason"], socket.closed) == ("disconnect", "warning", False)


async def test_a_ticket_is_good_for_one_connection(slack, http):
    app_client = AsyncWebClient(base_url=slack.api_url)
    url = (await app_client.apps_connections_open(app_token=slack.app_token))["url"]

    async with http.ws_connect(url) as socket:
        await socket.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(url)

    assert refused.value.status == 401


async def test_an_eleventh_connection_is_one_too_many(slack, http):
    app_client = AsyncWebClient(base_url=slack.api_url)
    sockets = []
    for _ in range(11):
        url = (await app_client.apps_connections_open(app_token=slack.app_token))["url"]
        sockets.append(await http.ws_connect(url))

    frames = [await socket.receive_json() for socket in sockets]

    assert [frame["type"] for frame in frames] == ["hello"] * 10 + ["disconnect"]
    assert frames[-1]["reason"] == "too_many_websockets"
    for socket in sockets:
        await socket.close()


async def test_a_bot_token_opens_no_socket(slack):
    bot_client = AsyncWebClient(base_url=slack.api_url)

    with pytest.raises(SlackApiError) as refused:
        await bot_client.apps_connections_open(app_token=slack.bot_token)

    assert refused.value.response["error"] == "not_allowed_token_type"
