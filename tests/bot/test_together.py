"""The changes of one turn share a card in Slack, and are decided one by one or all at once."""

import re
from datetime import timedelta

from sandbox.client import words
from tests.bot.test_asking import buttons, plan
from tests.workflows.far_end import deploy
from workflows.rules.canonical import parse


def fleet(number):
    return [deploy(service=f"service-{each}") for each in range(1, number + 1)]


async def started(workspace, person, *calls, **rule):
    """A run that has proposed *calls*; its first card, once it can be decided on."""
    await workspace.open_with(*calls, **rule)
    await person.say("C0OPS", f"/handrail {workspace.goal}")
    return await person.sees("C0OPS", "Decide by")


async def press(who, label):
    """Press the newest button called *label*; once more, as a person would, if its card was redrawn just then."""

    async def pressed():
        there = (each for each in reversed(await who.messages("C0OPS")) if label in labels(each))
        card = next(there, None)
        return card is not None and (await who.click(card, label))["ok"]

    await who.until(pressed)


async def reject(who, label, reason):
    await press(who, label)
    asked = await who.modal()
    await who.submit(asked, {"Reason": reason})
    return words(asked)


def labels(message):
    return [button["text"]["text"] for button in buttons(message)]


def cards(messages):
    """Those that changes share: they name their changes by number."""
    return [each for each in messages if re.search(r"^\d+\. fleet.deploy on prod", words(each), re.MULTILINE)]


def deployed(workspace):
    return sorted(parse(order.effect.call.arguments)["service"] for order in workspace.tools.applied)


async def test_four_changes_are_one_card_and_one_click_approves_them_all(quiet, alice, bob):
    card = await started(quiet, alice, *fleet(4))

    await press(bob, "Approve all 4")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert deployed(quiet) == ["service-1", "service-2", "service-3", "service-4"]
    [shown] = cards(await alice.messages("C0OPS"))
    assert (shown["ts"], buttons(shown)) == (card["ts"], [])
    assert words(shown).startswith("Decided: 4 changes")
    assert str(shown["blocks"]).count("'user_id': 'U0BOB'") == 4


async def test_a_click_for_all_that_is_delivered_twice_counts_once(quiet, alice, bob):
    await started(quiet, alice, *fleet(2))
    await plan(quiet.slack, {"kind": "duplicate_delivery", "type": "interactive"})

    await press(bob, "Approve all 2")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert deployed(quiet) == ["service-1", "service-2"]
    assert not [each for each in await bob.messages("C0OPS") if each.get("is_ephemeral")]


async def test_twelve_changes_are_two_cards(quiet, alice, bob):
    await started(quiet, alice, *fleet(12))

    await press(bob, "Approve all 8")
    assert len(cards(await alice.messages("C0OPS"))) == 2
    await press(bob, "Approve all 4")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert len(cards(await alice.messages("C0OPS"))) == 2
    assert len(deployed(quiet)) == 12


async def test_one_by_one_each_change_goes_its_own_way(quiet, alice, bob):
    await started(quiet, alice, *fleet(3))

    await press(bob, "Approve 2")
    await alice.sees("C0OPS", "Approve all 2")
    await reject(bob, "Reject 1", "not this one")
    card = await alice.sees("C0OPS", "Reason: not this one.")
    assert labels(card) == ["Approve 3", "Reject 3", "Edit 3", "Details 3"]
    await press(bob, "Approve 3")

    result = await alice.sees("C0OPS", f"Done: {quiet.run}")
    assert "applied, applied, rejected" in words(result)
    assert deployed(quiet) == ["service-2", "service-3"]


async def test_rejecting_all_asks_for_one_reason_that_counts_for_each(quiet, alice, bob):
    await started(quiet, alice, *fleet(3))

    asked = await reject(bob, "Reject all 3", "the freeze begins at noon")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert "each of these 3 changes" in asked
    [shown] = cards(await alice.messages("C0OPS"))
    assert words(shown).count("Reason: the freeze begins at noon.") == 3
    assert deployed(quiet) == []


async def test_the_details_of_one_change_show_that_one(quiet, alice, bob):
    await started(quiet, alice, *fleet(2))

    await press(bob, "Details 2")

    async def shown():
        return next((view for view in await bob.views() if "Arguments" in words(view)), None)

    details = await bob.until(shown)
    assert "service: \nservice-2" in words(details)
    assert not details.get("submit")


async def test_what_falls_due_together_is_one_reminder(quiet, alice):
    await started(quiet, alice, *fleet(4), remind_after=timedelta(seconds=2))
    reminder = await alice.sees("C0OPS", "Reminder: this still waits for approval.")

    assert words(reminder).count("fleet.deploy on prod/service-") >= 4
    await press(alice, "Cancel run")
    await alice.sees("C0OPS", f"Stopped: {quiet.run}")
    over = await alice.sees("C0OPS", "This no longer waits for approval.")
    assert over["ts"] == reminder["ts"]
    assert words(over).count("\n: no longer needed") == 4
    seen = [words(each) for each in await alice.messages("C0OPS")]
    assert not [each for each in seen if "Reminder:" in each]
    assert len([each for each in seen if "This no longer waits" in each]) == 1
