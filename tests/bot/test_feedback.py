"""Under the end of a run people say how it was; what they say is a line of the log."""

import json
import logging

from sandbox.client import words
from tests.bot.lesser_slack import LesserSlack
from tests.workflows.far_end import look


def kept(caplog):
    said = [record.getMessage() for record in caplog.records if record.name == "bot.feedback"]
    return [json.loads(line.removeprefix("feedback ")) for line in said if line.startswith("feedback ")]


async def ended(workspace, person):
    """The result card of a run that only looked."""
    await workspace.open_with(look())
    await person.say("C0OPS", f"/handrail {workspace.goal}")
    return await person.sees("C0OPS", f"Done: {workspace.run}")


def choices(card):
    [block] = [block for block in card["blocks"] if block["type"] == "context_actions"]
    return {which: block["elements"][0][f"{which}_button"]["value"] for which in ("positive", "negative")}


async def test_a_click_is_thanked_for_and_counts_once(quiet, alice, caplog):
    caplog.set_level(logging.INFO)
    card = await ended(quiet, alice)

    for _ in range(2):
        await alice.click(card, "feedback", choice=choices(card)["positive"])
        thanks = await alice.sees("C0OPS", "That was noted")

    [run] = await quiet.runs()
    assert thanks["is_ephemeral"]
    assert thanks["thread_ts"] == card["thread_ts"]
    assert kept(caplog) == [{"run": run, "agent": "deployer", "by": "T0HANDRAIL/U0ALICE", "good": True}]
    assert await alice.views() == []


async def test_who_found_it_bad_is_asked_for_words(quiet, alice, bob, caplog):
    caplog.set_level(logging.INFO)
    card = await ended(quiet, alice)

    await bob.click(card, "feedback", choice=choices(card)["negative"])
    dialog = await bob.modal()
    assert "goes into the log" in words(dialog)
    await bob.submit(dialog, {"reason": "it looked at the wrong one"})

    await quiet.stop_listening()  # what it began is finished
    first, second = sorted(kept(caplog), key=len)
    assert (first["good"], first["by"]) == (False, "T0HANDRAIL/U0BOB")
    assert second == first | {"said": "it looked at the wrong one"}


async def test_a_server_without_such_blocks_shows_the_rest(quiet, alice):
    async with LesserSlack(quiet.api_url, frozenset({"context_actions"})) as lesser:
        quiet.api_url = lesser.api_url
        card = await ended(quiet, alice)

        kinds = [block["type"] for block in card["blocks"]]
        assert "rich_text" in kinds
        assert "context_actions" not in kinds
        await quiet.stop_listening()
