"""Every click is handed to the run once, and answered: by the card, by a notice, or by a sentence."""

import contextlib

import aiohttp
import pytest

from sandbox.client import PersonError, words
from tests.bot.test_asking import buttons, plan
from tests.bot.test_together import press, started
from tests.workflows.far_end import deploy
from workflows.rules.canonical import canonical
from workflows.values.view import RunView


async def card_of(workspace, person):
    """The approval card of a run that *person* started, once it can be decided on."""
    await person.say("C0OPS", f"/handrail {workspace.goal}")
    return await person.sees("C0OPS", "Decide by")


async def test_who_asked_may_not_approve_and_only_they_hear_why(workspace, alice, bob):
    card = await card_of(workspace, alice)

    await alice.click(card, "Approve")
    told = await alice.sees("C0OPS", "You asked for this change")

    assert told["thread_ts"] == card["thread_ts"]
    assert told["ts"] not in [each["ts"] for each in await bob.messages("C0OPS")]
    assert workspace.tools.applied == []


async def test_an_approval_delivered_twice_applies_once(workspace, alice, bob):
    card = await card_of(workspace, alice)
    await plan(workspace.slack, {"kind": "duplicate_delivery", "type": "interactive"})

    await bob.click(card, "Approve")
    result = await alice.sees("C0OPS", f"Done: {workspace.run}")

    assert len(workspace.tools.applied) == 1
    assert "fleet.deploy on prod/checkout" in words(result)
    assert result["thread_ts"] == card["thread_ts"]


async def test_a_decided_card_says_who_and_has_no_buttons(workspace, alice, bob):
    card = await card_of(workspace, alice)

    await bob.click(card, "Approve")
    decided = await alice.sees("C0OPS", "Approved: fleet.deploy")

    assert decided["ts"] == card["ts"]
    assert buttons(decided) == []
    with contextlib.suppress(PersonError):
        await bob.click(decided, "Approve")
        pytest.fail("an ended approval still has its button")


async def test_a_rejection_asks_for_its_reason_and_the_card_shows_it(workspace, alice, bob):
    card = await card_of(workspace, alice)

    await bob.click(card, "Reject")
    asked = await bob.modal()
    assert "*fleet.deploy on prod/checkout: version 1.4.2*" in words(asked)
    await bob.submit(asked, {"Reason": "not before the release"})
    rejected = await alice.sees("C0OPS", "Rejected: fleet.deploy")

    assert "not before the release" in words(rejected)
    assert await bob.views() == []
    assert workspace.tools.applied == []


@pytest.mark.parametrize("button", ["Reject", "Details"])
async def test_a_dialog_asked_for_twice_opens_once_and_nothing_is_said_of_it(workspace, alice, bob, button):
    card = await card_of(workspace, alice)
    await plan(workspace.slack, {"kind": "duplicate_delivery", "type": "interactive"})

    await bob.click(card, button)
    await bob.until(bob.views)
    await bob.click(card, "Approve")
    await alice.sees("C0OPS", f"Done: {workspace.run}")

    opened = [call for call in workspace.slack.faults.calls if call["method"] == "views.open"]
    assert len(opened) == 1
    assert not any("dialog" in words(each) for each in await bob.messages("C0OPS"))


async def test_the_details_show_the_whole_change(workspace, alice, bob):
    card = await card_of(workspace, alice)

    await bob.click(card, "Details")
    details = await bob.until(lambda: shown(bob, "Arguments"))

    assert "service: \ncheckout" in words(details)
    assert "from → to: \n1.4.1\n → \n1.4.2" in words(details)
    assert not details.get("submit")


@pytest.mark.parametrize("dangerous", [False, True])
async def test_what_is_too_big_for_its_card_is_approved_from_its_details(quiet, alice, bob, dangerous):
    arguments = canonical({"environment": "prod", "service": "checkout", "version": "1.4.2" * 4000})
    await started(quiet, alice, deploy().model_copy(update={"arguments": arguments}), dangerous=dangerous)
    card = await alice.sees("C0OPS", "This is not all of it")
    assert "Approve" not in [button["text"]["text"] for button in buttons(card)]

    await press(bob, "Details")
    details = await bob.until(lambda: shown(bob, "Arguments"))
    assert words(details).count("1.4.2") >= 4000
    if dangerous:
        await bob.click(details, "Approve")
        await bob.until(lambda: shown(bob, "Your approval was passed on."))
    else:
        await bob.submit(details)
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert len(quiet.tools.applied) == 1


async def shown(person, text):
    return next((view for view in await person.views() if text in words(view)), None)


async def test_a_run_is_stopped_from_its_root_card(workspace, alice):
    await card_of(workspace, alice)
    root = next(each for each in await alice.messages("C0OPS") if each["ts"] == each["thread_ts"])

    await alice.click(root, "Cancel run")
    await alice.sees("C0OPS", f"Stopped: {workspace.run}")

    root = next(each for each in await alice.messages("C0OPS") if each["ts"] == root["ts"])
    assert [each["text"]["text"] for each in buttons(root)] == ["Details"]
    assert "Nothing was changed." in words(root)
    await alice.click(root, "Details")
    await alice.until(lambda: shown(alice, f"{workspace.run}, turn 1 of 1"))


async def test_what_a_run_did_is_looked_through_turn_by_turn_in_a_dialog(workspace, alice, bob):
    await bob.click(await card_of(workspace, alice), "Approve")
    await alice.sees("C0OPS", f"Done: {workspace.run}")
    root = next(each for each in await bob.messages("C0OPS") if each["ts"] == each["thread_ts"])

    await bob.click(root, "Details")
    told = await bob.until(lambda: shown(bob, "turn 1 of 2"))
    assert "fleet.deploy" in words(told)
    assert "The run ended" in words(told)
    await bob.click(told, "Turn 2")
    last = await bob.until(lambda: shown(bob, "turn 2 of 2"))

    assert "It asked for no call in this turn." in words(last)
    assert len(await bob.views()) == 1


async def test_a_click_on_a_run_that_an_operator_ended_is_answered_and_its_card_loses_its_buttons(
    workspace, alice, bob
):
    card = await card_of(workspace, alice)
    [run] = await workspace.runs()
    await workspace.client.get_workflow_handle(run).terminate("by an operator")

    await bob.click(card, "Approve")
    told = await bob.sees("C0OPS", "your click changes nothing")

    assert "ended by an operator" in words(told)
    left = await alice.until(lambda: without_buttons(alice, card["ts"]))
    assert "prod/checkout" in words(left)
    assert "ended by an operator" in words(left)


async def test_an_old_click_that_comes_again_after_the_end_is_answered_and_the_card_stays(
    workspace, alice, bob
):
    await bob.click(await card_of(workspace, alice), "Approve")
    await alice.sees("C0OPS", f"Done: {workspace.run}")
    [run] = await workspace.runs()
    await workspace.client.get_workflow_handle(run).result()
    before = [words(each) for each in await alice.messages("C0OPS")]

    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{workspace.slack.base_url}/control/replay_click", json={}) as replayed,
    ):
        assert (await replayed.json())["ok"]
    await bob.sees("C0OPS", "your click changes nothing")

    assert [words(each) for each in await alice.messages("C0OPS")] == before


async def without_buttons(person, ts):
    return next(
        (each for each in await person.messages("C0OPS") if each["ts"] == ts and not buttons(each)), None
    )


async def test_what_may_have_happened_is_settled_by_someones_word(workspace, alice, bob):
    workspace.tools.lose_replies = 1
    card = await card_of(workspace, alice)

    await bob.click(card, "Approve")
    unknown = await alice.sees("C0OPS", "May have happened")
    await bob.click(unknown, "It happened")
    asked = await bob.modal()
    assert "*fleet.deploy on prod/checkout*" in words(asked)
    assert "You say: *It happened*" in words(asked)
    await bob.submit(asked, {"Reason": "the fleet runs it"})

    settled = await alice.sees("C0OPS", "<@U0BOB> said: it happened")
    assert "the fleet runs it" in words(settled)
    assert buttons(settled) == []
    await alice.sees("C0OPS", f"Done: {workspace.run}")


async def test_a_button_that_is_not_ours_any_more_is_answered(workspace, alice, bob):
    await card_of(workspace, alice)
    row = {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "of_old", "text": TEXT, "value": "x"}],
    }
    await workspace.api("chat.postMessage", channel="C0OPS", text="old", blocks=[row])
    old = await bob.sees("C0OPS", "old")

    await bob.click(old, "Old")
    await bob.sees("C0OPS", "This belongs to an older card")


TEXT = {"type": "plain_text", "text": "Old"}


async def test_a_click_reaches_the_run_with_no_worker_up(workspace, alice, bob):
    card = await card_of(workspace, alice)
    [run] = await workspace.runs()
    await workspace.stop_working()

    answer = await bob.click(card, "Approve")
    assert answer["ok"]

    await workspace.work()
    # A workflow task that the stopped worker had taken is given to another after 10 seconds.
    await alice.sees("C0OPS", f"Done: {workspace.run}", timeout=30)
    view: RunView = await workspace.client.get_workflow_handle(run).query("view", result_type=RunView)
    assert [vote.person.user for vote in view.approvals[0].votes] == ["U0BOB"]
