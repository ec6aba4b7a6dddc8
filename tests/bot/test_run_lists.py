"""What runs, page by page, and why a turn did what it did: seen by whoever asks, and no more than they may see."""

from sandbox.client import words
from tests.bot.test_asking import answered, buttons, plan


async def shown(person, ts, text):
    """The answer *ts*, once it shows *text*: a page takes the place of the one before."""

    async def probe():
        found = [each for each in await person.messages("C0OPS") if each["ts"] == ts and text in words(each)]
        return found[0] if found else None

    return await person.until(probe)


async def test_a_long_list_has_pages_and_each_takes_the_place_of_the_one_before(quiet, alice):
    await quiet.listen()
    for number in range(12):
        await alice.say("C0OPS", f"/handrail deploy {quiet.service} 1.0.{number}")
    # The attributes of all may be seen a little after they were started.
    await alice.say("C0OPS", "/handrail list")
    first = await alice.sees("C0OPS", "Runs in this channel")
    said = words(first)
    assert f"deploy {quiet.service} 1.0.11" in said
    assert f"deploy {quiet.service} 1.0.1”" not in said

    await alice.click(first, "Next page")
    second = await shown(alice, first["ts"], f"deploy {quiet.service} 1.0.1”")
    assert f"deploy {quiet.service} 1.0.0" in words(second)
    assert "1.0.11" not in words(second)

    await alice.click(second, "First page")
    await shown(alice, first["ts"], f"deploy {quiet.service} 1.0.11")


async def test_what_is_listed_leads_to_its_thread(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    card = await alice.sees("C0OPS", "Decide by")
    root = card["thread_ts"].replace(".", "")
    linked = f"/archives/C0OPS/p{root}|{workspace.run}>*: "

    for asked in ("list", "list mine", f"status {workspace.run}"):
        await answered(alice, f"/handrail {asked}", linked)

    # It never changes, so Slack is asked for it once.
    assert [each["method"] for each in workspace.slack.faults.calls].count("chat.getPermalink") == 1


async def test_a_list_does_not_wait_for_a_link_that_slack_is_slow_with(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")
    await plan(workspace.slack, {"kind": "slow", "method": "chat.getPermalink", "seconds": 20})

    await answered(alice, "/handrail list", f"*{workspace.run}*: waiting")


async def test_what_waits_is_listed_and_of_all_what_one_may_see(workspace, alice, bob):
    gus = await workspace.person("U0GUS")
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")

    await bob.say("C0GENERAL", "/handrail list waiting")
    waits = words(await bob.sees("C0GENERAL", "Runs that wait for somebody"))
    assert f"{workspace.run}>*: waiting for approval of fleet.deploy on prod/checkout" in waits
    await gus.say("C0GENERAL", "/handrail list all")
    assert workspace.run not in words(await gus.sees("C0GENERAL", "All runs that you may see"))
    for asked in ("status", "why"):
        await gus.say("C0GENERAL", f"/handrail {asked} {workspace.run}")
        await gus.sees("C0GENERAL", "in a channel that you are not in")


async def test_why_a_turn_did_what_it_did(workspace, alice, bob):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await bob.click(await alice.sees("C0OPS", "Decide by"), "Approve")
    await alice.sees("C0OPS", f"Done: {workspace.run}")

    await bob.say("C0GENERAL", f"/handrail why {workspace.run} 1")
    told = await bob.sees("C0GENERAL", f"{workspace.run}, turn 1 of 2")
    said = words(told)

    assert workspace.goal in said
    assert "It was the first thing that it was asked" in said
    assert "1. Deploy 1.4.2 (fleet.deploy)" in said
    assert "Policy: needs approval: fleet.deploy changes prod/checkout, and the rule “production”" in said
    [asked] = workspace.tools.applied
    assert f"gate `{asked.admission.gate[:16]}`" in said
    assert f"key `{asked.effect.key[:16]}`" in said
    for what in ("approved it.", "That was enough.", "Looked up once more", "It was applied: "):
        assert what in said
    assert '"version"' not in said
    assert told["is_ephemeral"]

    await bob.click(told, "Turn 2")
    last = await bob.sees("C0GENERAL", f"{workspace.run}, turn 2 of 2")
    assert last["ts"] == told["ts"]
    assert "The run ended: done: Done." in words(last)
    assert "It knew how 1 call before had ended." in words(last)


async def test_why_without_a_turn_tells_of_the_latest_with_calls_and_how_the_run_ended(workspace, alice, bob):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await bob.click(await alice.sees("C0OPS", "Decide by"), "Approve")
    await alice.sees("C0OPS", f"Done: {workspace.run}")

    await bob.say("C0OPS", f"/handrail why {workspace.run}")
    told = await bob.sees("C0OPS", f"{workspace.run}, turn 1 of 2")

    assert "The run ended: done: Done." in words(told)
    assert "U0BOB" not in words(told)
    assert any(each["text"]["text"] == "Turn 2" for each in buttons(told))


async def test_what_is_only_looked_up_and_takes_too_long_leaves_nothing_in_doubt(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")
    await workspace.stop_working()

    await alice.say("C0OPS", f"/handrail why {workspace.run}")

    await alice.sees("C0OPS", "That took too long to look up. Please try again.")


async def test_status_leads_to_why(workspace, alice):
    await alice.say("C0OPS", f"/handrail {workspace.goal}")
    await alice.sees("C0OPS", "Decide by")

    await alice.say("C0OPS", f"/handrail status {workspace.run}")
    status = await alice.sees("C0OPS", "asked by <@U0ALICE> of `deployer`")
    assert [each["text"]["text"] for each in buttons(status)] == ["Why?", "Cancel run"]
    await alice.click(status, "Why?")

    told = await shown(alice, status["ts"], "turn 1 of 1")
    assert "People were asked: fleet.deploy on prod/checkout" in words(told)
