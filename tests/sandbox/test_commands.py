import asyncio

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "1"}


async def test_a_slash_command_reaches_an_unmodified_bolt_app_and_its_answer_is_seen_by_the_asker_alone(
    slack, app, connect, alice, bob, heard
):
    @app.command("/handrail")
    async def handrail(ack, command):
        heard.add(command)
        await ack(f"Starting: {command['text']}")

    await connect(slack, app)

    assert await alice.say("C0OPS", "/handrail deploy checkout 1.4.2") == {"ok": True}

    command = await heard.next()
    assert {
        key: command[key] for key in ("command", "text", "user_id", "user_name", "channel_id", "channel_name")
    } == {
        "command": "/handrail",
        "text": "deploy checkout 1.4.2",
        "user_id": "U0ALICE",
        "user_name": "alice",
        "channel_id": "C0OPS",
        "channel_name": "ops",
    }
    [answer] = await alice.messages("C0OPS")
    assert (answer["text"], answer["is_ephemeral"]) == ("Starting: deploy checkout 1.4.2", True)
    assert await bob.messages("C0OPS") == []


async def test_an_answer_in_channel_shows_what_was_typed_and_the_answer_to_everybody(
    slack, app, connect, alice, bob
):
    @app.command("/handrail")
    async def handrail(ack):
        await ack(text="All is well", response_type="in_channel")

    await connect(slack, app)
    await alice.say("C0OPS", "/handrail status")

    assert [message["text"] for message in await bob.messages("C0OPS")] == ["/handrail status", "All is well"]


async def test_names_in_a_command_arrive_as_labelled_ids_and_markup_arrives_escaped(
    slack, app, connect, alice, heard
):
    @app.command("/handrail")
    async def handrail(ack, command):
        await ack()
        heard.add(command["text"])

    await connect(slack, app)
    await alice.say("C0OPS", "/handrail ask @bob in #general or @approvers if a < b & c")

    assert await heard.next() == (
        "ask <@U0BOB|bob> in <#C0GENERAL|general> or <!subteam^S0APPROVERS|@approvers> if a &lt; b &amp; c"
    )


async def test_a_command_nobody_registered_is_refused_by_slack_itself(slack, alice):
    assert await alice.say("C0OPS", "/deploy everything") == {"ok": False, "error": "invalid_command"}

    [notice] = await alice.messages("C0OPS")
    assert notice["username"] == "slackbot"
    assert notice["text"].startswith("`/deploy` is not a valid command.")


async def test_a_command_in_a_thread_is_refused_as_slack_does(slack, alice):
    root = await alice.say("C0OPS", "hello")

    refused = await alice.say("C0OPS", "/handrail status", thread_ts=root["ts"])

    assert refused == {"ok": False, "error": "command_not_supported_in_threads"}


async def test_a_command_that_the_app_does_not_acknowledge_in_time_fails_before_the_person_and_is_not_repeated(
    start, make_app, connect, meet, heard
):
    slack = await start(ack_seconds=0.2)
    app = make_app(slack)
    answered = asyncio.Event()

    @app.command("/handrail")
    async def handrail(ack):
        heard.add("called")
        await answered.wait()
        await ack()

    await connect(slack, app)
    alice = await meet(slack)

    assert await alice.say("C0OPS", "/handrail status") == {"ok": False, "error": "operation_timeout"}
    answered.set()

    [notice] = await alice.messages("C0OPS")
    assert notice["text"] == '/handrail failed with the error "operation_timeout"'
    assert await heard.next() == "called"
    assert heard.empty()


async def test_a_command_without_any_app_connected_fails_at_once(slack, alice):
    assert await alice.say("C0OPS", "/handrail status") == {"ok": False, "error": "dispatch_failed"}

    [notice] = await alice.messages("C0OPS")
    assert notice["text"] == '/handrail failed with the error "dispatch_failed"'


async def test_an_answer_with_blocks_over_the_limits_fails_before_the_person(slack, app, connect, alice):
    @app.command("/handrail")
    async def handrail(ack):
        await ack(text="x", blocks=[{"type": "actions", "elements": [BUTTON | {"value": "v" * 2001}]}])

    await connect(slack, app)

    assert await alice.say("C0OPS", "/handrail status") == {"ok": False, "error": "invalid_blocks"}
