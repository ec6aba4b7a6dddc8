"""Discreet rules: what a change is about stays out of the thread, and is shown only to those who may see it."""

import json

import pytest
from temporalio.exceptions import ApplicationError

from bot.cards import draw
from bot.discretion import Discretion
from bot.views.approval import approval_card
from bot.views.changes import changes_card
from bot.views.look import Look
from sandbox.client import words
from tests.bot.deployer import at_once
from tests.bot.test_asking import plan
from tests.bot.test_copies import copy, direct, wants
from tests.bot.test_together import labels, press, reject, started
from tests.bot.views import RULE, RUN, approval, buttons, together, unknown, view
from tests.workflows.far_end import BOB, FarEnd, deploy
from workflows.values.approval import ApprovalState
from workflows.values.people import People
from workflows.values.spec import Rule, RuleKind

QUIET = RULE.model_copy(update={"discreet": True})
SECRET = "fence-7"
"""In the arguments, the preview, the title and the claim."""
HIDDEN = deploy(SECRET).model_copy(update={"reason": f"because of {SECRET}"})
BY_BOB = {"approvers": People(users=("U0BOB",)), "discreet": True}


def kept(**changes):
    """What a change is about is its text; its target names it otherwise."""
    return approval(SECRET, rule=QUIET, target="prod/checkout", **changes)


@pytest.mark.parametrize("state", ApprovalState)
def test_a_discreet_card_shows_whom_to_ask_and_nothing_of_the_change(state):
    # Why it was replaced, the tool said; all other reasons are ours, or a person's.
    why = f"the tool said {SECRET}" if state is ApprovalState.SUPERSEDED else ""
    card = approval_card(RUN, kept(state=state, before=kept().shown, why=why))

    assert SECRET not in json.dumps([card.text, card.blocks])
    assert "fleet.deploy on prod/checkout" in card.text
    assert "Approve" not in buttons(card)
    assert "kept out of this thread" in words(list(card.blocks))


def test_it_can_be_approved_from_its_details_and_in_private_it_hides_nothing():
    thread, private = approval_card(RUN, kept()), approval_card(RUN, kept(), private=True)

    assert [*buttons(thread)] == ["Reject", "Edit", "Details"]
    assert "It can be approved from Details." in words(list(thread.blocks))
    assert [*buttons(private)] == ["Approve", "Reject", "Edit", "Details"]
    assert SECRET in words(list(private.blocks))


def test_on_a_card_that_changes_share_only_the_discreet_one_is_hidden():
    shared = together(kept(), approval("search"), approval("cart"))
    card, private = changes_card(RUN, shared), changes_card(RUN, shared, private=True)

    assert SECRET not in json.dumps(card.blocks)
    assert "search" in words(list(card.blocks))
    assert {"Approve 5", "Reject 4", "Details 4", "Approve the 2 shown whole"} <= {*buttons(card)}
    assert "Approve 4" not in buttons(card)
    assert {"Approve 4", "Approve all 3"} <= {*buttons(private)}
    assert SECRET in words(list(private.blocks))


def test_what_may_have_happened_says_where_to_see_what_was_sent():
    lost = unknown(SECRET, target="prod/checkout", where_to_look="the fleet's list", discreet=True)
    done = kept(state=ApprovalState.APPROVED)
    card = draw(view(unknowns=(lost,), approvals=(done,)), "unknown/4.1", Look())

    assert SECRET not in json.dumps(card.blocks)
    assert [*buttons(card)] == ["Details", "It happened", "It did not, try again", "Stop"]
    assert done.gate in buttons(card)["Details"]["value"]


async def test_when_slack_can_not_say_who_somebody_is_it_is_not_shown():
    class Silent:
        async def people(self, question):
            raise ApplicationError(f"no answer about {question.people}", type="SlackUnavailable")

    assert "can't look up in Slack" in await Discretion(Silent()).refusal(BOB, kept())
    assert await Discretion(Silent()).refusal(BOB, approval()) == ""


async def test_a_discreet_change_is_seen_in_details_by_approvers_alone_and_approved_from_there(
    quiet, alice, bob, carol
):
    await started(quiet, alice, HIDDEN, **BY_BOB)

    await press(carol, "Details")
    await carol.until(lambda: opened(carol, "Only those who may decide on it"))
    await carol.close((await carol.views())[-1])
    await press(carol, "Edit")
    await carol.until(lambda: opened(carol, "Only those who may decide on it"))
    await press(alice, "Details")
    hers = await alice.until(lambda: opened(alice, f"because of {SECRET}"))
    assert not hers["submit"]
    await press(bob, "Details")
    details = await bob.until(lambda: opened(bob, f"because of {SECRET}"))
    await bob.submit(details)
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert len(quiet.tools.applied) == 1
    assert SECRET not in json.dumps(await alice.messages("C0OPS"))
    assert all(SECRET not in words(each) for each in await carol.views())


async def test_its_copy_in_a_direct_message_shows_it_whole(quiet, alice, bob):
    await wants(quiet, bob)
    await started(quiet, alice, HIDDEN, **BY_BOB)

    mine = await copy(bob, SECRET)
    assert labels(mine) == ["Approve", "Reject", "Edit", "Details"]
    await bob.click(mine, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert labels(await copy(bob, "Approved: fleet.deploy")) == []
    assert SECRET not in json.dumps(await alice.messages("C0OPS"))


async def test_who_may_not_see_all_that_stands_on_a_card_gets_no_copy_of_it(quiet, alice, bob, carol):
    hidden = Rule(name="hidden", then=RuleKind.ASK, arguments={"version": SECRET}, **BY_BOB)
    others = Rule(name="others", then=RuleKind.ASK, approvers=People(users=("U0BOB", "U0CAROL")))
    quiet.agent = quiet.agent.model_copy(update={"rules": (hidden, others)})
    quiet.tools = FarEnd(quiet.client, at_once(HIDDEN, deploy(service="cart")))
    await wants(quiet, bob, carol)
    await quiet.work()
    await quiet.listen()
    await alice.say("C0OPS", f"/handrail {quiet.goal}")

    await copy(bob, SECRET)
    await reject(bob, "Reject all 2", "not today")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    assert await direct(carol) == []


async def test_what_nobody_could_look_up_stays_hidden(quiet, alice, bob):
    await wants(quiet, bob)
    await plan(quiet.slack, {"kind": "server_error", "method": "users.info", "times": 100})
    await started(quiet, alice, HIDDEN, **BY_BOB)

    await press(bob, "Details")
    await bob.until(lambda: opened(bob, "I can't look up in Slack just now who you are"))

    assert await direct(bob) == []


async def opened(who, text):
    return next((each for each in await who.views() if text in words(each)), None)
