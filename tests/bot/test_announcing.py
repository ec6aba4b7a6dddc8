"""Slack is told the truth, slowly: each card once, whatever gets lost on the way."""

import pytest

from sandbox.client import words
from tests.bot.lesser_slack import LesserSlack
from tests.bot.test_asking import plan
from tests.bot.test_clicks import card_of


def cards(messages, text):
    return [each for each in messages if text in words(each) and not each.get("is_ephemeral")]


@pytest.mark.parametrize("loss", ["reply_lost", "not_performed", "server_error"])
async def test_each_card_is_posted_once_though_the_answers_are_lost(workspace, alice, bob, loss):
    await plan(workspace.slack, {"kind": loss, "method": "chat.postMessage", "times": 1})
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    card = await alice.sees("C0OPS", "Decide by")
    await plan(workspace.slack, {"kind": loss, "method": "chat.postMessage", "times": 1})
    await bob.click(card, "Approve")
    await alice.sees("C0OPS", f"Done: {workspace.run}")

    seen = await alice.messages("C0OPS")
    assert len([each for each in seen if each["ts"] == each["thread_ts"]]) == 1
    assert len(cards(seen, "fleet.deploy on prod")) == 3
    assert len(cards(seen, f"Done: {workspace.run}")) == 1


async def test_slack_says_how_long_to_wait_and_it_is_waited(workspace, alice):
    await plan(workspace.slack, {"kind": "ratelimited", "method": "chat.postMessage", "retry_after": 1})
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Approval needed")

    first, second, *_ = [
        call["at"] for call in workspace.slack.faults.calls if call["method"] == "chat.postMessage"
    ]
    assert second - first >= 1


async def test_a_channel_without_the_bot_is_told_to_who_asked_once(workspace, alice):
    await alice.say("C0RANDOM", f"/handrail {workspace.goal}")
    await alice.until(lambda: told_directly(workspace))

    [told] = told_directly(workspace)
    assert "`/invite @handrail`" in told["text"]
    assert workspace.run in told["text"]


def told_directly(workspace):
    posted = [call["args"] for call in workspace.slack.faults.calls if call["method"] == "chat.postMessage"]
    return [call for call in posted if call["channel"].startswith("D")]


async def test_a_card_that_somebody_deleted_is_posted_again(workspace, alice, bob):
    card = await card_of(workspace, alice)
    await workspace.api("chat.delete", channel="C0OPS", ts=card["ts"])

    await alice.click(await root_of(alice, card), "Cancel run")
    again = await alice.sees("C0OPS", "No longer needed")

    assert again["ts"] != card["ts"]
    assert again["thread_ts"] == card["thread_ts"]


async def root_of(person, card):
    return next(each for each in await person.messages("C0OPS") if each["ts"] == card["thread_ts"])


async def test_a_bot_that_starts_again_goes_on_with_the_same_cards(workspace, alice, bob):
    card = await card_of(workspace, alice)
    await workspace.stop_listening()
    await workspace.listen()

    await bob.click(card, "Approve")
    decided = await alice.sees("C0OPS", "Approved: fleet.deploy")

    assert decided["ts"] == card["ts"]


async def test_a_parked_run_costs_no_call_to_slack(workspace, alice):
    await card_of(workspace, alice)
    before = len(workspace.slack.faults.calls)

    await alice.say("C0OPS", "/handrail help")
    await alice.sees("C0OPS", "Tell me what you want done")

    assert len(workspace.slack.faults.calls) == before


async def test_a_server_without_plan_blocks_and_metadata_gets_text_and_each_card_once(quiet):
    await quiet.work()
    async with LesserSlack(quiet.slack.api_url) as lesser:
        quiet.api_url = lesser.api_url
        await quiet.listen()
        alice, bob = await quiet.person("U0ALICE"), await quiet.person("U0BOB")
        await plan(quiet.slack, {"kind": "reply_lost", "method": "chat.postMessage", "times": 2})
        card = await card_of(quiet, alice)
        await bob.click(card, "Approve")
        await alice.sees("C0OPS", f"Done: {quiet.run}")

        seen = await alice.messages("C0OPS")
        assert len([each for each in seen if each["ts"] == each["thread_ts"]]) == 1
        assert "*Done* Deploy" in words(await root_of(alice, card))
        assert lesser.refused == 1
        await quiet.stop_listening()


async def test_where_rich_text_is_unknown_the_same_words_stand_in_sections_and_can_be_approved(quiet):
    await quiet.work()
    async with LesserSlack(quiet.slack.api_url, frozenset({"plan", "rich_text"})) as lesser:
        quiet.api_url = lesser.api_url
        await quiet.listen()
        alice, bob = await quiet.person("U0ALICE"), await quiet.person("U0BOB")
        card = await card_of(quiet, alice)

        assert "version: 1.4.2" in words(card)
        assert {block["type"] for block in card["blocks"]} == {"header", "section", "context", "actions"}
        await bob.click(card, "Approve")
        await alice.sees("C0OPS", f"Done: {quiet.run}")
        await quiet.stop_listening()
