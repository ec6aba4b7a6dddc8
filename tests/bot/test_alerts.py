"""Reminders, escalations, and what is approved by one person alone: told where it has to be, once, never in silence."""

import json
from datetime import timedelta

import pytest

from bot.cards import due_alerts
from bot.views.alert import alert_card, over_card
from sandbox.client import words
from tests.bot.test_asking import plan
from tests.bot.test_together import press, started
from tests.bot.views import NOON, alert, approval, together, view
from tests.workflows.far_end import BOB, deploy
from workflows.rules.canonical import canonical
from workflows.values.approval import ApprovalState
from workflows.values.freeze import Frozen
from workflows.values.people import People
from workflows.values.spec import BreakGlass, Escalation
from workflows.values.view import AlertKind, Card

SOON = timedelta(milliseconds=1)
CAROL_ALONE = BreakGlass(people=People(users=("U0CAROL",)), channel="C0GENERAL", passes_freeze=True)


def test_an_alert_mentions_whom_it_is_for_and_nobody_else():
    nasty = "<!channel> <@U0EVE>"
    told = People(users=("U0BOB", "<!here>"), groups=("S0RELEASE",))
    card = alert_card(view(), [alert(AlertKind.ESCALATION, nasty, tell=told, reason=nasty)])
    markup = [
        each["text"]
        for block in card.blocks
        for each in (block.get("text"), *block.get("elements", ()))
        if each and each.get("type") == "mrkdwn"
    ]

    assert "For <@U0BOB>, `&lt;!here&gt;`, <!subteam^S0RELEASE>." in "\n".join(markup)
    assert not any("<!channel>" in each or "<@U0EVE>" in each for each in [*markup, card.text])


def test_an_alert_links_to_its_card_or_names_the_run():
    linked = words(list(alert_card(view(), [alert()], "https://x.slack.com/archives/C0OPS/p1").blocks))
    plain = words(list(alert_card(view(), [alert()]).blocks))

    assert "<https://x.slack.com/archives/C0OPS/p1|Open the card>" in linked
    assert "Open the card" not in plain
    assert "Run `deploy-checkout-7` in <#C0OPS>." in plain


def test_an_alert_is_over_when_nothing_of_it_waits_any_more():
    first, second = together(approval(state=ApprovalState.REJECTED), approval("cart"))
    both = [alert(approval=each.id) for each in (first, second)]
    waiting = view(approvals=(first, second))
    decided = second.model_copy(update={"state": ApprovalState.APPROVED, "ended_at": NOON})

    assert over_card(waiting, both) is None
    over = over_card(view(approvals=(first, decided)), both)
    assert "fleet.deploy on prod/checkout: version 1.4.2: rejected" in over.text
    assert "fleet.deploy on prod/cart: version 1.4.2: approved" in over.text


def test_what_is_over_is_not_reminded_of_and_what_was_told_is_not_told_again():
    told = {"alert/reminder/4.1": Card(channel="C0OPS", ts="1.1", digest="")}
    ended = approval(state=ApprovalState.REJECTED)

    assert due_alerts(view(approvals=(approval(),), alerts=(alert(),))) == [[alert()]]
    assert due_alerts(view(approvals=(approval(),), alerts=(alert(),), cards=told)) == []
    assert due_alerts(view(approvals=(ended,), alerts=(alert(),))) == []
    assert due_alerts(view(alerts=(alert(),))) == []


def test_that_somebody_approved_alone_is_told_in_a_message_of_its_own_whatever_became_of_it():
    shared = together(approval(), approval(state=ApprovalState.APPROVED))
    alone = [
        alert(AlertKind.BREAK_GLASS, slot=f"alert/break_glass/{each.id}", approval=each.id, channel="C0SEC")
        for each in shared
    ]
    reminders = [alert(slot=f"alert/reminder/{each.id}", approval=each.id) for each in shared]

    due = due_alerts(view(approvals=tuple(shared), alerts=(*alone, *reminders)))

    assert due == [[alone[0]], [alone[1]], [reminders[0]]]


async def test_the_glass_is_broken_with_a_reason_and_the_channel_is_told_before_it_is_applied(
    quiet, alice, carol
):
    await started(quiet, alice, deploy(), break_glass=CAROL_ALONE)

    await press(carol, "Break glass")
    asked = await carol.modal()
    assert "<#C0GENERAL> is told at once" in words(asked)
    assert not (await carol.submit(asked, {"Reason": "  "}))["ok"]
    await carol.submit(asked, {"Reason": "checkout is down"})
    told = await alice.sees("C0GENERAL", "broke the glass")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    said = words(told)
    assert "<@U0CAROL> broke the glass" in said
    assert "checkout is down" in said
    assert "fleet.deploy on prod/checkout" in said
    assert "|Open the card>" in said
    assert f"Run `{quiet.run}` in <#C0OPS>." in said
    assert len(quiet.tools.applied) == 1
    card = await alice.sees("C0OPS", "Approved: fleet.deploy")
    assert "approved alone in an emergency" in words(card)


async def test_where_the_channel_can_not_be_told_nothing_is_applied_and_who_broke_the_glass_hears_why(
    quiet, alice, bob, carol
):
    unheard = CAROL_ALONE.model_copy(update={"channel": "C0RANDOM"})
    await started(quiet, alice, deploy(), break_glass=unheard)

    await press(carol, "Break glass")
    await carol.submit(await carol.modal(), {"Reason": "checkout is down"})
    told = await carol.sees("C0OPS", "Nothing was applied")

    assert "Handrail is not a member of the channel (C0RANDOM)." in words(told)
    assert told["is_ephemeral"]
    assert quiet.tools.applied == []
    await press(bob, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")


@pytest.mark.parametrize("loss", ["reply_lost", "not_performed", "server_error"])
async def test_a_channel_is_told_once_though_the_answer_is_lost(quiet, alice, carol, loss):
    await started(quiet, alice, deploy(), break_glass=CAROL_ALONE)
    await press(carol, "Break glass")
    asked = await carol.modal()
    await plan(quiet.slack, {"kind": loss, "method": "chat.postMessage", "times": 1})

    await carol.submit(asked, {"Reason": "checkout is down"})
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    told = [each for each in await alice.messages("C0GENERAL") if "broke the glass" in words(each)]
    assert len(told) == 1


async def test_a_freeze_is_seen_on_the_card_and_can_be_passed_in_an_emergency(quiet, alice, bob, carol):
    frozen = Frozen(environment="prod", reason="release week", by_words="ops", since=NOON)
    await started(quiet, alice, deploy(), break_glass=CAROL_ALONE)
    quiet.tools.freezes = [frozen]

    await press(bob, "Approve")
    held = await alice.sees("C0OPS", "Held: ")
    assert "release week" in words(held)
    assert quiet.tools.applied == []

    await press(carol, "Break glass")
    await carol.submit(await carol.modal(), {"Reason": "checkout is down"})
    await alice.sees("C0OPS", f"Done: {quiet.run}")
    assert len(quiet.tools.applied) == 1


async def test_in_an_emergency_what_is_too_big_for_its_card_is_approved_from_its_details(quiet, alice, carol):
    arguments = canonical({"environment": "prod", "service": "checkout", "version": "1.4.2" * 4000})
    await started(quiet, alice, deploy().model_copy(update={"arguments": arguments}), break_glass=CAROL_ALONE)
    await press(carol, "Details")

    async def seen(text):
        return next((each for each in await carol.views() if text in words(each)), None)

    details = await carol.until(lambda: seen("Arguments"))
    await carol.click(details, "Break glass")
    asked = await carol.until(lambda: seen("You approve this change alone"))
    await carol.submit(asked, {"Reason": "checkout is down"})
    await alice.sees("C0GENERAL", "broke the glass")

    await alice.sees("C0OPS", f"Done: {quiet.run}")
    assert len(quiet.tools.applied) == 1


async def test_an_escalation_is_told_in_its_channel_to_those_it_is_for(quiet, alice):
    wider = Escalation(after=SOON, tell=People(groups=("S0APPROVERS",)), channel="C0GENERAL")
    await started(quiet, alice, deploy(), escalation=wider)

    told = await alice.sees("C0GENERAL", "Nobody has decided on this yet")

    assert "For <!subteam^S0APPROVERS>." in words(told)
    assert "fleet.deploy on prod/checkout: version 1.4.2" in words(told)
    # Within its format, so that Slack writes the day small.
    assert '", until {date_short_pretty} at {time}"' in json.dumps(told["blocks"])
    assert not told.get("thread_ts")


async def test_an_escalation_that_can_not_be_posted_is_whispered_to_who_asked_once(quiet, alice, bob):
    wider = Escalation(after=SOON, tell=People(groups=("S0APPROVERS",)), channel="C0RANDOM")
    await started(quiet, alice, deploy(), escalation=wider)

    told = await alice.sees("C0OPS", "<#C0RANDOM> should have been told of this")
    await press(bob, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert told["is_ephemeral"]
    assert "Nobody has decided on this yet" in words(told)
    whispers = [each for each in await alice.messages("C0OPS") if each.get("is_ephemeral")]
    assert len(whispers) == 1


async def test_a_reminder_stands_in_the_thread_and_says_so_once_it_is_over(quiet, alice, bob):
    card = await started(quiet, alice, deploy(), remind_after=SOON)
    reminder = await alice.sees("C0OPS", "Reminder: this still waits")

    assert reminder["thread_ts"] == card["thread_ts"]
    assert f"For {'<@U0BOB>'}" in words(reminder)
    await press(bob, "Approve")
    over = await alice.sees("C0OPS", "This no longer waits for approval.")
    assert over["ts"] == reminder["ts"]
    assert "fleet.deploy on prod/checkout: version 1.4.2\n: approved" in words(over)
    assert "|Open the card>" in words(over)
    assert BOB.user not in words(over)
    await alice.sees("C0OPS", f"Done: {quiet.run}")


async def test_an_escalation_says_in_its_channel_that_it_is_over(quiet, alice, bob):
    wider = Escalation(after=SOON, tell=People(groups=("S0APPROVERS",)), channel="C0GENERAL")
    await started(quiet, alice, deploy(), escalation=wider)
    told = await alice.sees("C0GENERAL", "Nobody has decided on this yet")

    await press(bob, "Reject")
    await bob.submit(await bob.modal(), {"Reason": "not now"})

    over = await alice.sees("C0GENERAL", "This no longer waits for approval.")
    assert over["ts"] == told["ts"]
    assert "fleet.deploy on prod/checkout: version 1.4.2\n: rejected" in words(over)
