"""People edit the arguments of a change in Slack: a new preview, a new approval, and the old one void."""

from sandbox.client import words
from tests.bot.test_asking import plan
from tests.bot.test_together import labels, press, started
from tests.workflows.far_end import deploy
from workflows.rules.canonical import canonical, parse


async def editor(who):
    """The dialog for arguments, once it is filled."""

    async def filled():
        return next((view for view in await who.views() if view.get("submit")), None)

    return await who.until(filled)


async def test_who_edits_a_change_counts_as_one_who_asked_and_what_was_replaced_says_so(quiet, alice, bob):
    old = await started(quiet, alice, deploy())

    await press(bob, "Edit")
    sent = await bob.submit(await editor(bob), {"version": "1.5.0"})
    assert sent["ok"]
    new = await alice.sees("C0OPS", "Arguments, before → now")

    said = words(new)
    assert "version: \n1.4.2\n → \n1.5.0" in said
    assert "the only approvers named are the ones who asked for it" in said
    replaced = next(each for each in await alice.messages("C0OPS") if each["ts"] == old["ts"])
    assert words(replaced).startswith("Replaced: fleet.deploy")
    assert labels(replaced) == []
    assert await bob.views() == []


async def test_what_the_requester_edits_is_applied_as_edited(quiet, alice, bob):
    await started(quiet, alice, deploy())

    await press(alice, "Edit")
    await alice.submit(await editor(alice), {"version": "1.5.0"})
    await alice.sees("C0OPS", "Arguments, before → now")
    await press(bob, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    [order] = quiet.tools.applied
    assert parse(order.effect.call.arguments) == {
        "environment": "prod",
        "service": "checkout",
        "version": "1.5.0",
    }


async def test_the_dialog_is_made_from_the_tools_schema_and_what_that_refuses_is_not_sent(quiet, alice, bob):
    version = {"enum": ["1.4.2", "1.5.0"]}
    count = {"type": "integer", "exclusiveMaximum": 3}
    quiet.schema = {
        "properties": {"version": version, "count": count, "note": {"type": "string"}},
        "required": ["version"],
    }
    noted = {"environment": "prod", "service": "checkout", "version": "1.4.2", "note": "x"}
    await started(quiet, alice, deploy().model_copy(update={"arguments": canonical(noted)}))

    await press(alice, "Edit")
    asked = await editor(alice)
    answer = await alice.submit(asked, {"count": "4", "note": None})
    assert answer["errors"] == {
        "argument/count": "The tool does not take this: 4 is greater than or equal to the maximum of 3."
    }
    await alice.submit(asked, {"count": "2", "version": '"1.5.0"', "note": None})
    await alice.sees("C0OPS", "Arguments, before → now")
    await press(bob, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    [order] = quiet.tools.applied
    kept = {"environment": "prod", "service": "checkout", "version": "1.5.0", "count": 2}
    assert parse(order.effect.call.arguments) == kept


async def test_an_edit_while_no_worker_can_say_what_is_edited_is_kept_in_its_dialog(quiet, alice):
    await started(quiet, alice, deploy())
    await press(alice, "Edit")
    asked = await editor(alice)
    await quiet.stop_working()

    answer = await alice.submit(asked, {"version": "1.5.0"})

    [said] = answer["errors"].values()
    assert said.startswith("Temporal did not answer in time")
    assert [view["id"] for view in await alice.views()] == [asked["id"]]


async def test_an_edited_change_stays_on_the_card_it_shares(quiet, alice, bob):
    card = await started(quiet, alice, deploy(service="cart"), deploy())

    await press(alice, "Edit 2")
    await alice.submit(await editor(alice), {"version": "1.5.0"})
    edited = await alice.sees("C0OPS", "Arguments, before → now")

    assert edited["ts"] == card["ts"]
    assert labels(edited)[-2:] == ["Approve all 2", "Reject all 2"]
    await press(bob, "Approve all 2")
    await alice.sees("C0OPS", f"Done: {quiet.run}")
    versions = [parse(order.effect.call.arguments)["version"] for order in quiet.tools.applied]
    assert sorted(versions) == ["1.4.2", "1.5.0"]


async def test_an_edit_that_changes_nothing_is_answered_at_its_field(quiet, alice):
    await started(quiet, alice, deploy())
    await press(alice, "Edit")

    answer = await alice.submit(await editor(alice))

    assert answer["errors"] == {"argument/environment": "Nothing was changed."}
    assert await alice.views() != []


async def test_an_edit_longer_than_a_run_may_be_told_is_answered_at_its_field(quiet, alice):
    arguments = {f"note{number}": "x" for number in range(8)} | {"environment": "prod", "service": "cart"}
    await started(quiet, alice, deploy().model_copy(update={"arguments": canonical(arguments)}))
    await press(alice, "Edit")

    answer = await alice.submit(await editor(alice), {f"note{number}": "y" * 2900 for number in range(8)})

    [problem] = answer["errors"].values()
    assert problem.startswith("This is too much for one edit: 2")


async def test_a_card_that_was_replaced_meanwhile_says_so_when_it_is_edited(quiet, alice, bob):
    old = await started(quiet, alice, deploy())
    await press(alice, "Edit")
    asked = await editor(alice)
    await press(bob, "Edit")
    await bob.submit(await editor(bob), {"version": "1.5.0"})
    await alice.sees("C0OPS", "Arguments, before → now")

    answer = await alice.submit(asked, {"version": "1.6.0"})
    [said] = answer["errors"].values()
    assert said == "A newer preview took the place of this one. Please edit that one."
    assert await alice.views() != []

    copy = [{key: block[key] for key in block if key != "block_id"} for block in old["blocks"]]
    await quiet.api("chat.postMessage", channel="C0OPS", text="an old client", blocks=copy)
    await press(bob, "Edit")

    async def answered():
        return [view for view in await bob.views() if "A newer preview took the place" in words(view)]

    await bob.until(answered)


async def test_the_dialog_for_arguments_opens_once_though_the_click_comes_twice(quiet, alice, bob):
    await started(quiet, alice, deploy())
    await plan(quiet.slack, {"kind": "duplicate_delivery", "type": "interactive"})

    await press(bob, "Edit")
    await editor(bob)
    await press(bob, "Approve")
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    opened = [call for call in quiet.slack.faults.calls if call["method"] == "views.open"]
    assert len(opened) == 1
