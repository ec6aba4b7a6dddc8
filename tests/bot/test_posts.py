"""A message in another channel is a change like any other, and the bot alone makes it."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from activities.elsewhere import ElsewhereServer
from activities.masking import PLAIN
from activities.tool_replies import NotSent, Refused, ReplyLost
from activities.tool_servers import run_called_for
from handrail.config import Config, load
from handrail.servers import tool_servers
from handrail.slack_posts import SlackPosts
from sandbox.client import Person, words
from tests.bot.conftest import Workspace
from tests.bot.lesser_slack import LesserSlack
from tests.bot.test_asking import plan
from tests.bot.test_together import press
from workflows.rules.canonical import canonical
from workflows.values.calls import Called, ProposedCall, Transcript

FILE = """\
servers:
  news:
    slack: {channels: [C0GENERAL]}
tools:
  news.find_message: {reads: true}
  news.post_message:
    class: verifiable
    key_in: {argument: idempotency_key}
    preview: {dry_run: {dry_run: true}}
    verify: {tool: find_message, with: {channel: "{channel}", key: "{key}"}, found: found, settle: 1s}
    target: "slack/{channel}"
agents:
  teller:
    description: Tells.
    runbook:
      phrases: ["tell <text>"]
      steps: [{id: tell, title: Tell, call: news.post_message, with: {channel: C0GENERAL, text: "{{ text }}"}}]
      answer: told
"""
NASTY = "<!channel> *1.4.2* is out for <@U0BOB>, see https://evil.example\n✅ *Approved* by `Bob` \u202e"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "handrail.yaml").write_text(FILE)
    return load({"HANDRAIL_CONFIG": str(tmp_path / "handrail.yaml")}, with_servers=False)


@pytest_asyncio.fixture
async def posting(quiet: Workspace, config: Config) -> AsyncIterator[Workspace]:
    quiet.config = config
    quiet.agent = quiet.agent.model_copy(update={"tools": config.tools})
    yield quiet


async def asked_for(posting: Workspace, alice: Person, text: str) -> Any:
    """The card of a post that the run of alice's goal wants to make."""
    arguments = canonical({"channel": "C0GENERAL", "text": text})
    await posting.open_with(
        ProposedCall(tool="news.post_message", arguments=arguments, label="t", title="Tell")
    )
    posting.tools.sees_no_tools = True
    await alice.say("C0OPS", f"/handrail {posting.goal}")
    return await alice.sees("C0OPS", "Decide by")


async def posts(who: Person) -> list[Any]:
    return [message for message in await who.messages("C0GENERAL") if message["user"] == "U0HANDRAIL"]


async def test_people_see_where_and_what_and_nothing_in_it_is_more_than_text(
    posting: Workspace, alice: Person, bob: Person
):
    card = words(await asked_for(posting, alice, NASTY))
    for shown in ("#general", "<!channel> *1.4.2* is out for <@U0BOB>", f"From the run {posting.run}"):
        assert shown in card
    assert await posts(bob) == []

    await press(bob, "Approve")

    await alice.sees("C0OPS", f"Done: {posting.run}")
    [post] = await posts(bob)
    body, signed = post["blocks"]
    assert [run["type"] for run in body["elements"][0]["elements"]] == ["text"]
    assert body["elements"][0]["elements"][0]["text"].startswith(NASTY[:-1])
    assert "\u202e" not in str(post)
    assert signed["elements"][0]["text"] == f"From the run `{posting.run}`"
    assert "<" not in post["text"]
    [call] = [
        each["args"]
        for each in posting.slack.faults.calls
        if each["args"].get("channel") == "C0GENERAL" and each["method"] == "chat.postMessage"
    ]
    assert (call["unfurl_links"], call["link_names"], call["parse"]) == (False, False, "none")


async def test_a_post_whose_answer_is_lost_is_looked_for_and_not_made_twice(
    posting: Workspace, alice: Person, bob: Person
):
    await asked_for(posting, alice, "1.4.2 is out")
    await plan(posting.slack, {"kind": "reply_lost", "method": "chat.postMessage"})

    await press(bob, "Approve")

    await alice.sees("C0OPS", f"Done: {posting.run}")
    assert len(await posts(bob)) == 1
    [run] = await posting.runs()
    transcript = await posting.client.get_workflow_handle(run).query("transcript", result_type=Transcript)
    [said] = [entry.result.text for entry in transcript.entries if isinstance(entry, Called)]
    assert "the tool was asked: it happened" in said


async def effect_of(quiet: Workspace) -> str:
    """The key of a change that is under way, as Temporal knows it."""
    key = secrets.token_hex(32)
    await quiet.client.start_workflow("Effect", id=f"effect/{key}", task_queue="nobody")
    return key


def server_of(quiet: Workspace, *channels: str) -> SlackPosts:
    return SlackPosts("news", channels or ("C0GENERAL",), quiet.assemble().posts)


async def test_what_was_never_posted_is_not_found(quiet: Workspace):
    server, key = server_of(quiet), await effect_of(quiet)
    run_called_for.set(f"effect/{key}")
    look = {"channel": "C0GENERAL", "key": key}

    before = await server.call("find_message", look, 5)
    sent = await server.call(
        "post_message", {"channel": "C0GENERAL", "text": "Hi", "idempotency_key": key}, 5
    )
    after = await server.call("find_message", look, 5)

    assert (before.structured, after.structured) == ({"found": False}, {"found": True})
    assert sent.structured is not None
    assert sent.structured["channel"] == "#general"


@pytest.mark.parametrize(
    ("arguments", "fault", "error", "told"),
    [
        ({"channel": "C0OPS"}, "", Refused, "the config lets news post in C0GENERAL, C0RANDOM alone"),
        ({"channel": "C0RANDOM"}, "", Refused, r"Slack refuses it: not_in_channel \(/invite the bot\)"),
        ({"text": "\u202e" * 800}, "", Refused, "a post has at most 2,800 characters"),
        ({}, "ratelimited chat.postMessage", NotSent, "Slack wants to be left alone"),
        ({}, "server_error conversations.info", NotSent, "was not answered"),
        ({}, "server_error chat.postMessage", ReplyLost, "was not answered"),
    ],
)
async def test_errors_are_named_by_what_they_prove(
    quiet: Workspace, arguments: dict[str, Any], fault: str, error: type[Exception], told: str
):
    server, key = server_of(quiet, "C0GENERAL", "C0RANDOM"), await effect_of(quiet)
    run_called_for.set(f"effect/{key}")
    if fault:
        kind, method = fault.split()
        await plan(quiet.slack, {"kind": kind, "method": method})

    with pytest.raises(error, match=told) as caught:
        await server.call(
            "post_message", {"channel": "C0GENERAL", "text": "Hi", "idempotency_key": key, **arguments}, 5
        )

    assert type(caught.value) is error


async def test_a_lesser_server_gets_the_same_words_and_they_are_found_again(quiet: Workspace, bob: Person):
    key = await effect_of(quiet)
    run_called_for.set(f"effect/{key}")
    async with LesserSlack(quiet.api_url, frozenset({"rich_text"})) as lesser:
        quiet.api_url = lesser.api_url
        server = server_of(quiet)
        message = {"channel": "C0GENERAL", "text": "<!here> *Hi*", "idempotency_key": key}
        await server.call("post_message", message, 5)
        found = await server.call("find_message", {"channel": "C0GENERAL", "key": key}, 5)

    [post] = await posts(bob)
    assert [block["type"] for block in post["blocks"]] == ["section", "context"]
    assert post["blocks"][0]["text"] == {"type": "plain_text", "text": "<!here> *Hi*", "emoji": False}
    assert (lesser.refused, found.structured) == (1, {"found": True})


async def test_in_a_crowd_what_is_not_found_is_not_called_absent(quiet: Workspace):
    server, key = server_of(quiet), await effect_of(quiet)
    for number in range(1001):
        quiet.slack.world.workspace.post("C0GENERAL", {"user": "U0BOB", "text": f"{number}"})

    with pytest.raises(Refused, match="too_many_messages"):
        await server.call("find_message", {"channel": "C0GENERAL", "key": key}, 20)
    run_called_for.set(f"effect/{key}")
    await server.call("post_message", {"channel": "C0GENERAL", "text": "Hi", "idempotency_key": key}, 5)
    found = await server.call("find_message", {"channel": "C0GENERAL", "key": key}, 20)

    assert found.structured == {"found": True}


async def test_a_change_that_temporal_does_not_know_is_not_looked_for(quiet: Workspace):
    with pytest.raises(Refused, match="Temporal knows nothing of"):
        await server_of(quiet).call("find_message", {"channel": "C0GENERAL", "key": "0" * 64}, 5)


async def test_what_the_bot_offers_is_known_to_a_worker_that_can_not_post(
    posting: Workspace, alice: Person, config: Config
):
    await posting.open_with()
    there = ElsewhereServer("news", "slack", posting.client)

    assert {*await there.tools()} == {"post_message", "find_message"}
    async with tool_servers(config, {}, PLAIN) as servers:
        assert await servers.tools("news") == await there.tools()
        with pytest.raises(NotSent, match="is called by a bot that is up, and by nobody else"):
            await servers.call("news", "post_message", {"channel": "C0GENERAL"}, 5)
