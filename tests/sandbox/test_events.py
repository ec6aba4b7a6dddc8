import asyncio

import pytest
from slack_sdk.errors import SlackApiError


async def test_a_mention_arrives_as_a_mention_and_as_a_message(slack, app, connect, alice, heard):
    @app.event("app_mention")
    async def on_mention(event):
        heard.add(("app_mention", event["text"], event["ts"]))

    @app.event("message")
    async def on_message(event):
        heard.add(("message", event["text"], event["ts"]))

    await connect(slack, app)
    said = await alice.say("C0OPS", "@handrail please look at #general, @bob")

    words = "<@U0HANDRAIL> please look at <#C0GENERAL>, <@U0BOB>"
    assert {await heard.next(), await heard.next()} == {
        ("app_mention", words, said["ts"]),
        ("message", words, said["ts"]),
    }


async def test_a_direct_message_arrives_as_message_im_and_never_as_a_mention(
    slack, app, connect, alice, heard
):
    @app.event("app_mention")
    async def on_mention(event):
        heard.add(event)

    @app.event("message")
    async def on_message(event):
        heard.add((event["channel"], event["channel_type"], event["text"]))

    await connect(slack, app)
    await alice.say("D0ALICE", "@handrail hello")

    assert await heard.next() == ("D0ALICE", "im", "<@U0HANDRAIL> hello")
    assert heard.empty()


async def test_the_bot_hears_nothing_of_a_channel_it_is_not_in_and_the_speaker_is_told(slack, alice):
    await alice.say("C0RANDOM", "@handrail are you there?")

    seen = [(each["username"], each["text"]) for each in await alice.messages("C0RANDOM")]
    assert seen == [
        ("alice", "<@U0HANDRAIL> are you there?"),
        ("slackbot", "You mentioned <@U0HANDRAIL>, but they are not in this channel."),
    ]
    assert not slack.faults.deliveries


async def test_an_event_that_the_app_fails_on_is_delivered_again_with_the_same_event_id(
    start, make_app, connect, meet, heard
):
    slack = await start(ack_seconds=0.2, event_retry_after=(0, 0.1, 0.1))
    app = make_app(slack, process_before_response=True)
    failures = iter([True, True, False])

    @app.event("app_mention")
    async def on_mention(body, request):
        heard.add((body["event_id"], request.headers.get("x-slack-retry-num")))
        if next(failures):
            raise RuntimeError("the handoff failed")

    @app.event("message")
    async def on_message():
        pass

    await connect(slack, app)
    alice = await meet(slack)
    await alice.say("C0OPS", "@handrail hello")

    tries = [await heard.next() for _ in range(3)]
    assert [number for _, number in tries] == [["0"], ["1"], ["2"]]
    assert len({event_id for event_id, _ in tries}) == 1


async def test_an_event_that_found_nobody_reaches_the_app_once_it_is_connected(
    start, make_app, connect, meet, heard
):
    slack = await start(event_retry_after=(0, 0.1, 0.1, 0.1, 0.1, 0.1))
    app = make_app(slack)

    @app.event("message")
    async def on_message(event):
        heard.add(event["text"])

    alice = await meet(slack)
    await alice.say("C0OPS", "is anybody there?")
    await connect(slack, app)

    assert await heard.next() == "is anybody there?"


async def test_the_app_hears_of_its_own_posts_edits_and_removals(slack, make_app, connect, client, heard):
    app = make_app(slack, ignoring_self_events_enabled=False)

    @app.event("message")
    async def on_message(event):
        before, after = event.get("previous_message", {}), event.get("message", event)
        heard.add((event.get("subtype"), before.get("text"), after.get("text")))

    await connect(slack, app)
    posted = await client.chat_postMessage(channel="C0OPS", text="one")
    first = await heard.next()
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="two")
    second = await heard.next()
    await client.chat_delete(channel="C0OPS", ts=posted["ts"])

    assert [first, second, await heard.next()] == [
        (None, None, "one"),
        ("message_changed", "one", "two"),
        ("message_deleted", "two", None),
    ]


async def test_stop_is_offered_while_the_agent_works_and_does_not_change_the_status_itself(
    slack, app, connect, client, alice, heard
):
    @app.event("agent_session_stopped")
    async def on_stop(event):
        heard.add((event["channel"], event["thread_ts"], event["user"]))

    await connect(slack, app)
    root = await client.chat_postMessage(channel="C0OPS", text="Working on it")
    await client.agents_sessions_setStatus(
        channel_id="C0OPS", thread_ts=root["ts"], status="processing", title="Deploy"
    )

    assert await alice.stop_session("C0OPS", root["ts"]) == {"ok": True}

    assert await heard.next() == ("C0OPS", root["ts"], "U0ALICE")
    [session] = (await alice.state())["agent_sessions"]
    assert (session["status"], session["title"]) == ("processing", "Deploy")
    await client.agents_sessions_setStatus(channel_id="C0OPS", thread_ts=root["ts"], status="closed")
    assert (await alice.stop_session("C0OPS", root["ts"]))["error"] == "session_not_processing"


@pytest.mark.parametrize("on_message", [True, False])
async def test_shortcuts_reach_the_app(slack, app, connect, alice, heard, on_message):
    @app.shortcut("run_start")
    async def on_shortcut(ack, body):
        await ack()
        heard.add(body)

    await connect(slack, app)
    await alice.say("C0OPS", "hello")
    [message] = await alice.messages("C0OPS")

    assert await alice.shortcut("run_start", message if on_message else None) == {"ok": True}

    body = await heard.next()
    assert body["type"] == ("message_action" if on_message else "shortcut")
    assert body.get("message_ts") == (message["ts"] if on_message else None)


async def test_two_connections_share_what_is_delivered(slack, connect, make_app, alice):
    def listening_app(arrived):
        app = make_app(slack)

        @app.event("message")
        async def on_message():
            arrived.set()

        return app

    first, second = asyncio.Event(), asyncio.Event()
    await connect(slack, listening_app(first), 1)
    await connect(slack, listening_app(second), 2)
    for _ in range(2):
        await alice.say("C0OPS", "hello")

    for arrived in (first, second):
        await asyncio.wait_for(arrived.wait(), 10)


async def test_a_message_event_holds_what_slack_puts_there_and_no_more(slack, app, connect, alice, heard):
    @app.event("message")
    async def on_message(event):
        heard.add(event)

    await connect(slack, app)
    root = await alice.say("C0OPS", "hello")
    await heard.next()
    reply = await alice.say("C0OPS", "see https://example.com", thread_ts=root["ts"])

    assert await heard.next() == {
        "type": "message",
        "user": "U0ALICE",
        "team": "T0HANDRAIL",
        "text": "see <https://example.com>",
        "ts": reply["ts"],
        "thread_ts": root["ts"],
        "parent_user_id": "U0ALICE",
        "channel": "C0OPS",
        "channel_type": "channel",
        "event_ts": reply["ts"],
    }


async def test_an_agent_suggests_what_to_ask_for_to_whoever_opens_their_direct_messages(
    slack, app, connect, alice, bob
):
    prompts = [{"title": "Report", "message": "report on staging"}]

    @app.event("app_home_opened")
    async def on_opened(event, client):
        assert event["tab"] == "messages"
        await client.assistant_threads_setSuggestedPrompts(
            channel_id=event["channel"], thread_ts="", prompts=prompts
        )

    await connect(slack, app)
    await alice.open_direct()

    assert await alice.until(alice.prompts) == prompts
    assert await bob.prompts() == []


@pytest.mark.parametrize(
    ("channel", "prompts", "error"),
    [
        ("D0ALICE", [{"title": "x", "message": "x"}] * 5, "invalid_arguments"),
        ("D0ALICE", [{"title": "x"}], "invalid_arguments"),
        ("D0ALICE", [], "invalid_arguments"),
        ("C0OPS", [{"title": "x", "message": "x"}], "channel_not_supported"),
    ],
)
async def test_prompts_that_slack_would_not_show_are_refused(client, alice, channel, prompts, error):
    await alice.state()
    with pytest.raises(SlackApiError) as refused:
        await client.assistant_threads_setSuggestedPrompts(channel_id=channel, thread_ts="", prompts=prompts)

    assert refused.value.response["error"] == error
