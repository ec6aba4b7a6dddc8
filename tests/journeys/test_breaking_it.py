"""What a newcomer tries: kill a part, lose a reply, change the world meanwhile. The count stays right."""

import pytest

from sandbox.client import words
from tests.journeys.stage import raised


async def test_a_lost_reply_is_said_to_be_unknown_and_asked_about(stage):
    happened, would_have = stage.count()
    thread = await stage.ask("deploy payments 3.2.0 to staging")
    await thread.shows("Approval needed")
    await stage.break_it("lose_reply")
    await thread.press("Approve", by=stage.bob)

    await thread.shows("May have happened")
    assert stage.count() == (happened + 1, would_have + 2)
    # The fleet's server died with the reply. It is started again at once, and finishes what it was at.
    await stage.alice.until(lambda: stage.runs("payments", "staging") == {"3.2.0"}, 20)

    await thread.press("It happened", by=stage.bob)
    modal = await stage.bob.modal()
    assert (await stage.bob.submit(modal, {"Reason": "the panel shows it"}))["ok"]
    await thread.ends("done")
    assert stage.count() == (happened + 1, would_have + 2)


async def test_what_somebody_else_deploys_meanwhile_is_asked_about_again(stage):
    thread = await stage.ask("deploy search 2.9.0 to prod")
    await thread.shows("Approval needed")
    told = await stage.break_it("carol_deploys")
    assert "search" in told["text"]

    await thread.press("Approve", by=stage.bob)
    await thread.shows("Replaced")
    again = await thread.shows("Approval needed")

    assert "as you saw it → now" in words(again)
    assert ("search", "2.9.0") not in stage.made()
    await thread.press("Approve", by=stage.bob)
    await thread.ends("done")
    assert stage.made().count(("search", "2.9.0")) == 1


@pytest.mark.proof
@pytest.mark.parametrize("part", ["worker", "bot", "Temporal"])
async def test_a_part_is_killed_at_every_point_of_the_story(part, tmp_path):
    async with raised(tmp_path) as stage:
        await stage.kill(part)
        thread = await stage.ask("deploy checkout 1.4.2 to prod")
        await stage.kill(part)
        await thread.shows("Approval needed")
        await stage.kill(part)
        await thread.press("Approve", by=stage.bob)
        await stage.kill(part)
        await thread.ends("done")
        await thread.shows("this is how it ended")

        assert stage.made() == [("checkout", "1.4.2")]
        cards = [words(each) for each in await thread.messages()]
        assert [card.count("Approved: fleet.deploy") for card in cards if card.startswith("Approved")] == [2]
        assert len([card for card in cards if "this is how it ended" in card]) == 1
