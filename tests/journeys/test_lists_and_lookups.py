"""A lost reply that nobody is asked about, and many changes on one card."""

from collections import Counter
from contextlib import closing

import pytest

from sandbox.client import words
from sandbox.fleet.database import Database

SERVICES = ("checkout", "search", "payments", "catalog")


@pytest.fixture
def books(stage):
    """The fleet's own, what truly happened."""
    with closing(Database.open_to_read(stage.home / "fleet.sqlite")) as database:
        yield database


def restarts(books):
    """How often each service was restarted in prod."""
    return Counter(each.service for each in books.deployments(None, "prod", 100) if each.kind == "restart")


async def test_a_ticket_whose_reply_was_lost_is_looked_up_and_nobody_is_asked(stage, books):
    before = len(books.tickets("search"))
    thread = await stage.ask("open a ticket for search")
    card = await thread.shows("Approval needed")
    assert "{key}" in words(card)
    await stage.break_it("lose_reply")
    await thread.press("Approve", by=stage.bob)

    root = await thread.ends("done")

    assert "the tool was asked: it happened. fleet.find_tickets found 1." in words(root)
    assert len(books.tickets("search")) == before + 1
    assert not any("May have happened" in words(message) for message in await thread.messages())


async def test_everything_is_restarted_with_one_approval(stage, books):
    before = restarts(books)
    thread = await stage.ask("restart everything in prod")

    await thread.press("Approve all 4", by=stage.bob)
    root = await thread.ends("done")

    assert "Restarted in prod: checkout, search, payments, catalog." in words(root)
    cards = [words(message) for message in await thread.messages()]
    asked = [card for card in cards if "What the tool says it would do" in card]
    assert len(asked) == 1
    assert all(f"fleet.restart on prod/{service}" in asked[0] for service in SERVICES)
    assert restarts(books) - before == Counter(SERVICES)


async def test_one_that_is_rejected_ends_it_and_what_was_done_is_said(stage, books):
    before = restarts(books)
    thread = await stage.ask("restart everything in prod")
    await thread.press("Reject 3", by=stage.bob)
    modal = await stage.bob.modal()
    assert (await stage.bob.submit(modal, {"Reason": "not during the sale"}))["ok"]

    await thread.press("Approve all 3", by=stage.bob)
    root = await thread.ends("ended without success")

    said = words(root)
    assert "3 of 4 done: " in said
    assert "not during the sale" in said
    [left] = set(SERVICES) - set(restarts(books) - before)
    assert f"“Restart {left} in prod” was rejected: " in said
