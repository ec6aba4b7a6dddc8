"""A change of a database: its preview is the change itself, undone again, and the database remembers its key."""

import sqlite3

from sandbox.client import words


async def test_an_order_is_cancelled_once_after_people_saw_which(at_team):
    thread = await at_team.stage.ask("drop order 2")
    card = words(await thread.shows("Approval needed"))
    assert "open" in card
    assert "cancelled" in card
    assert at_team.order(2) == "open"

    await thread.press("Approve", by=at_team.stage.bob)
    root = await thread.ends("done")

    assert "Order 2 is cancelled." in words(root)
    assert (at_team.order(1), at_team.order(2)) == ("open", "cancelled")
    with sqlite3.connect(at_team.folder / "shop.sqlite") as shop:
        assert shop.execute("select tool from handrail_effects").fetchall() == [("shop.cancel_order",)]


async def test_an_order_that_is_not_there_is_nothing_to_approve(at_team):
    thread = await at_team.stage.ask("drop order 9")

    await thread.ends("ended without success")
    assert not [each for each in await thread.messages() if "Approval needed" in words(each)]
