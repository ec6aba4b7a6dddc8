import json

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

METADATA = {"event_type": "run_card", "event_payload": {"key": "run-1/7"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}


async def refusal(call):
    with pytest.raises(SlackApiError) as refused:
        await call
    return refused.value.response


async def test_auth_test_names_the_bot_and_its_scopes(client):
    answer = await client.auth_test()

    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == (
        "U0HANDRAIL",
        "B0HANDRAIL",
        "T0HANDRAIL",
    )
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0RANDOM", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0OPS"}, "no_text"),
        (
            "chat.postMessage",
            {"channel": "C0OPS", "text": "x", "blocks": "nonsense"},
            "invalid_blocks_format",
        ),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x", "blocks": SECTION}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        (
            "chat.postMessage",
            {"channel": "C0OPS", "text": "x", "markdown_text": "x"},
            "markdown_text_conflict",
        ),
        (
            "chat.postMessage",
            {"channel": "C0OPS", "text": "x", "metadata": {"event_type": "x"}},
            "invalid_metadata_format",
        ),
        (
            "chat.postMessage",
            {
                "channel": "C0OPS",
                "text": "x",
                "metadata": {"event_type": "x", "event_payload": {"a": {"b": {"c": 1}}}},
            },
            "invalid_metadata_schema",
        ),
        ("chat.update", {"channel": "C0OPS", "ts": "1.000000", "text": "x"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": "C0OPS", "user": "U0GUS", "text": "x"}, "user_not_in_channel"),
        ("conversations.join", {"channel": "C0RANDOM"}, "missing_scope"),
        ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
        ("conversations.replies", {"channel": "C0OPS", "ts": "1.000000"}, "thread_not_found"),
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("views.update", {"view_id": "V0", "view": MODAL}, "not_found"),
        ("views.update", {"view_id": "V0", "view": MODAL | {"title": "x"}}, "invalid_arguments"),
        ("agents.sessions.setStatus", {"channel_id": "C0OPS", "status": "processing"}, "invalid_arguments"),
        ("dance.now", {}, "unknown_method"),
    ],
)
async def test_what_slack_refuses_is_refused_in_its_words(client, method, args, error):
    answer = await refusal(client.api_call(method, json=args))

    assert answer["error"] == error
    assert answer.status_code == 200


async def test_a_missing_scope_says_which(start, make_app):
    slack = await start(scopes=("users:read",))
    answer = await refusal(make_app(slack).client.chat_postMessage(channel="C0OPS", text="x"))

    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "chat:write",
        "users:read",
    )


@pytest.mark.parametrize(("token", "error"), [("xoxb-wrong", "invalid_auth"), (None, "not_authed")])
async def test_a_wrong_or_missing_token_is_refused(slack, token, error):
    answer = await refusal(AsyncWebClient(token=token, base_url=slack.api_url).auth_test())

    assert answer["error"] == error


async def test_forms_and_json_mean_the_same(slack, http, alice):
    form = {"token": slack.bot_token, "channel": "C0OPS", "text": "form", "blocks": json.dumps([SECTION])}
    async with http.post(f"{slack.api_url}chat.postMessage", data=form) as response:
        assert (await response.json())["ok"]

    [message] = await alice.messages("C0OPS")
    assert message["blocks"][0]["text"] == SECTION["text"]


async def test_an_update_drops_blocks_it_is_not_given_and_keeps_metadata_until_it_is_told(client):
    posted = await client.chat_postMessage(channel="C0OPS", text="x", blocks=[SECTION], metadata=METADATA)
    where = {"channel": "C0OPS", "ts": posted["ts"]}

    updated = await client.chat_update(**where, text="y")
    assert "blocks" not in updated["message"]
    assert updated["message"]["metadata"] == METADATA
    assert updated["message"]["edited"]["user"] == "U0HANDRAIL"

    updated = await client.api_call("chat.update", json={**where, "metadata": {}})
    assert (updated["message"]["text"], "metadata" in updated["message"]) == ("y", False)

    assert (await refusal(client.chat_update(**where, text="x" * 4001)))["error"] == "msg_too_long"


async def test_the_bot_changes_only_its_own_messages(client, alice):
    said = await alice.say("C0OPS", "mine")

    assert (await refusal(client.chat_update(channel="C0OPS", ts=said["ts"], text="x")))[
        "error"
    ] == "cant_update_message"
    assert (await refusal(client.chat_delete(channel="C0OPS", ts=said["ts"])))[
        "error"
    ] == "cant_delete_message"


async def test_history_leaves_replies_out_and_shows_metadata_only_when_asked(client, alice):
    root = await client.chat_postMessage(channel="C0OPS", text="root", metadata=METADATA)
    reply = await client.chat_postMessage(
        channel="C0OPS", text="reply", thread_ts=root["ts"], metadata=METADATA
    )
    later = await alice.say("C0OPS", "later")

    history = (await client.conversations_history(channel="C0OPS"))["messages"]
    assert [(each["ts"], each.get("reply_count")) for each in history] == [
        (later["ts"], None),
        (root["ts"], 1),
    ]
    assert history[1]["metadata"] == {"event_type": "run_card"}
    replies = await client.conversations_replies(channel="C0OPS", ts=root["ts"], include_all_metadata=True)
    assert [(each["ts"], each["metadata"]) for each in replies["messages"]] == [
        (root["ts"], METADATA),
        (reply["ts"], METADATA),
    ]


async def test_history_comes_in_pages_and_from_a_moment_on(client):
    sent = [(await client.chat_postMessage(channel="C0OPS", text=str(n)))["ts"] for n in range(5)]

    seen = []
    async for each in await client.conversations_history(channel="C0OPS", limit=2):
        seen += [message["ts"] for message in each["messages"]]

    assert seen == sent[::-1]
    since = await client.conversations_history(channel="C0OPS", oldest=sent[2])
    assert [message["ts"] for message in since["messages"]] == [sent[4], sent[3]]


async def test_a_reply_to_a_reply_is_refused(client):
    root = await client.chat_postMessage(channel="C0OPS", text="root")
    reply = await client.chat_postMessage(channel="C0OPS", text="reply", thread_ts=root["ts"])

    answer = await refusal(client.chat_postMessage(channel="C0OPS", text="x", thread_ts=reply["ts"]))

    assert answer["error"] == "cannot_reply_to_message"


async def test_an_ephemeral_reply_shows_only_in_a_thread_that_has_replies(client, alice):
    root = await client.chat_postMessage(channel="C0OPS", text="root")
    whisper = {"channel": "C0OPS", "user": "U0ALICE", "thread_ts": root["ts"]}

    assert (await client.chat_postEphemeral(**whisper, text="lost"))["ok"]
    await client.chat_postMessage(channel="C0OPS", text="reply", thread_ts=root["ts"])
    await client.chat_postEphemeral(**whisper, text="shown")

    assert [message["text"] for message in await alice.thread("C0OPS", root["ts"])] == [
        "root",
        "reply",
        "shown",
    ]


async def test_a_direct_message_by_user_id_and_by_open_is_the_same_place(client, alice, bob):
    opened = await client.conversations_open(users=["U0ALICE"])
    posted = await client.chat_postMessage(channel="U0ALICE", text="psst")

    assert posted["channel"] == opened["channel"]["id"] == "D0ALICE"
    assert [message["text"] for message in await alice.messages("D0ALICE")] == ["psst"]
    assert "D0ALICE" not in [channel["id"] for channel in (await bob.state())["channels"]]


async def test_approvers_are_looked_up_live(client):
    [group] = (await client.usergroups_list())["usergroups"]

    assert (group["id"], group["handle"]) == ("S0APPROVERS", "approvers")
    assert (await client.usergroups_users_list(usergroup=group["id"]))["users"] == ["U0BOB", "U0CAROL"]
    assert (await client.users_info(user="U0GUS"))["user"]["is_restricted"] is True


async def test_too_many_posts_in_one_channel_are_limited_and_another_channel_is_not(client):
    for _ in range(10):
        await client.chat_postMessage(channel="C0OPS", text="x")

    limited = await refusal(client.chat_postMessage(channel="C0OPS", text="x"))

    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")
    assert (await client.chat_postMessage(channel="C0GENERAL", text="x"))["ok"]


async def test_a_session_has_a_status_and_keeps_its_first_title_until_renamed(client, alice):
    root = await client.chat_postMessage(channel="C0OPS", text="run")
    where = {"channel_id": "C0OPS", "thread_ts": root["ts"]}

    await client.agents_sessions_setStatus(**where, status="processing", title="Deploy")
    await client.agents_sessions_setStatus(**where, status="suspended", title="Another")
    [session] = (await alice.state())["agent_sessions"]
    assert (session["status"], session["title"]) == ("suspended", "Deploy")
    await client.agents_sessions_rename(**where, title="Deploy checkout")

    [session] = (await alice.state())["agent_sessions"]
    assert session["title"] == "Deploy checkout"


async def test_a_file_is_uploaded_in_two_steps_and_shared_in_a_thread(start, make_app, meet, http):
    slack = await start(scopes=("chat:write", "files:write"))
    client = make_app(slack).client
    root = await client.chat_postMessage(channel="C0OPS", text="diff follows")

    await client.files_upload_v2(
        channel="C0OPS", thread_ts=root["ts"], content="- old\n+ new\n", filename="diff.txt", title="The diff"
    )

    alice = await meet(slack)
    [_, shared] = await alice.thread("C0OPS", root["ts"])
    [file] = shared["files"]
    assert (file["title"], file["size"]) == ("The diff", 12)
    async with http.get(file["url_private"]) as response:
        assert await response.text() == "- old\n+ new\n"


async def test_a_permalink_names_the_thread(client):
    root = await client.chat_postMessage(channel="C0OPS", text="root")
    reply = await client.chat_postMessage(channel="C0OPS", text="reply", thread_ts=root["ts"])

    link = (await client.chat_getPermalink(channel="C0OPS", message_ts=reply["ts"]))["permalink"]

    bare = reply["ts"].replace(".", "")
    assert link == f"https://handrail-demo.slack.com/archives/C0OPS/p{bare}?thread_ts={root['ts']}&cid=C0OPS"


async def test_whose_channels_are_asked_about_is_told_what_the_app_may_know(start, make_app):
    slack = await start(scopes=("channels:read",))
    client = make_app(slack).client

    both = {"user": "U0GUS", "types": "public_channel,private_channel"}
    assert (await refusal(client.users_conversations(**both)))["needed"] == "groups:read"
    found = await client.users_conversations(user="U0GUS")
    assert [channel["id"] for channel in found["channels"]] == ["C0GENERAL"]
    assert (await refusal(client.users_conversations(user="U0NOBODY")))["error"] == "user_not_found"


async def test_an_app_without_a_home_tab_can_not_publish_to_it(start, make_app):
    slack = await start(home_tab=False)

    answer = await refusal(
        make_app(slack).client.views_publish(user_id="U0ALICE", view={"type": "home", "blocks": []})
    )

    assert answer["error"] == "not_enabled"
