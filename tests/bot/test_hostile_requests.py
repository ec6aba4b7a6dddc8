"""Whatever stands before the door gets a 4xx; what it wanted never reaches Slack or Temporal."""

from collections import Counter

from tests.bot.besieging import open_door, send_all, send_raw
from tests.bot.hostile import CANARY, FORM, as_form, click, odd_requests, requests, signed

SEED = "small"


async def test_hostile_requests_are_refused_and_nothing_comes_of_them(caplog):
    async with open_door() as door:
        answers = await send_all(door.port, requests(SEED, 1000))
        statuses = await send_raw(door.port, SEED, 100)

        wrong = Counter((each.what, each.status) for each in answers if not 400 <= each.status < 500)
        assert not wrong
        assert not [status for status in statuses if not 400 <= status < 500]
        assert door.witness.saw_nothing
    assert CANARY not in caplog.text


async def test_what_is_odd_where_it_does_not_matter_is_no_fault_of_ours(temporal):
    async with open_door(temporal.client) as door:
        answers = await send_all(door.port, odd_requests(SEED, 300))

    assert not Counter((each.what, each.status) for each in answers if each.status >= 500)


async def test_the_witnesses_see_what_is_let_in():
    async with open_door() as door:
        await send_all(door.port, [signed("a right click", as_form(click()), FORM)])

        assert door.witness.temporal > 0
