"""What is answered to commands, and told of freezes, schedules and posts, within Slack's limits whatever stands in it."""

import json

import pytest

from bot.found import Found
from bot.scheduled import Kept, Known
from bot.views import freezes, lists, schedules
from bot.views.blocks import button
from bot.views.post import LONGEST_POST, post
from bot.views.refs import GoalRef
from sandbox.blocks import parse_message_blocks
from sandbox.client import words
from sandbox.message_rules import UPDATE_TEXT
from tests.bot.deployer import AGENT
from tests.bot.test_home_views import found
from tests.bot.test_views import EXTREMES
from tests.bot.views import NOON, RUN, read_as_markup
from tests.workflows.far_end import ALICE
from workflows.rules.visible import visible
from workflows.values.freeze import Frozen, Thaw
from workflows.values.schedule import ScheduledGoal
from workflows.values.spec import FreezeWindow

NASTY = "<!channel> <@U0MALLORY> <http://evil|ok> \u202egnp \u200b"


def of_freezes(text):
    declared = Frozen(id="f", environment=text, reason=text, by=ALICE, since=NOON)
    by_operator = Frozen(reason=text, by_words=text, since=NOON)
    window = FreezeWindow(name=text, environments=(text,) * 40, starts="fri 16:00", ends="mon 08:00")
    for freeze in (declared, by_operator):
        yield freezes.told_frozen(freeze, "/handrail")
        yield freezes.told_thawed(freeze, Thaw(by_words=text))
        yield freezes.frozen_now(freeze, "/handrail", [text[:80]] * 30)
        yield freezes.frozen_already(freeze)
    yield freezes.freezes_card([declared, by_operator] * 15, [window] * 15, "/handrail", [text[:80]] * 30)
    yield freezes.freezes_card([], [], "/handrail", [])


def of_schedules(text):
    goal = ScheduledGoal(name="deploy-1", goal=text, agent="deployer", requester=ALICE, channel="D0ALICE")
    kept = Kept(goal=goal, cron="0 9 * * 1-5", zone="Europe/London", occasion="o")
    known = Known(kept=kept, next=(NOON,) * 9, last=NOON, skipped=2, missed=1)
    paused = known.model_copy(update={"paused": True, "note": text})
    for each in (known, paused, known.model_copy(update={"next": None})):
        yield schedules.scheduled(each, "/handrail", "To say which: {form}", shadow=True)
    rows = [(known, found(text)), (paused, Found(run_id=RUN, open=True, started_at=NOON)), (known, None)]
    yield schedules.schedules_card(rows * 3, 500, "/handrail")
    yield schedules.schedules_card([], 0, "/handrail")
    yield schedules.not_understood(AGENT)
    yield schedules.stopped(goal, text, "/handrail")


def of_commands(text):
    yield lists.help_card("/handrail", [text] * 9)
    yield lists.sentence(lists.escaped(text[:500]) or " ")
    for cancel in (True, False):
        yield lists.which_card([found(text)] * 30, {}, cancel=cancel)
    ref = GoalRef(goal=text)
    if ref.fits_button:
        yield lists.two_readings_card("deploy-1", button("status", "Show", "{}"), text)
        yield lists.try_again_card("Please try again.", ref)
    yield post(text[: LONGEST_POST // 8] or "x", text[:80])


def every_answer(text):
    yield from of_freezes(text)
    yield from of_schedules(text)
    yield from of_commands(text)


def test_help_shows_all_its_commands_at_once():
    sections = [block for block in lists.help_card("/handrail", []).blocks if block["type"] == "section"]

    assert all(block["expand"] for block in sections)


@pytest.mark.parametrize("text", EXTREMES, ids=lambda text: repr(text[:12]) + str(len(text)))
def test_every_answer_is_within_slacks_limits(text):
    for card in every_answer(text):
        parse_message_blocks(json.loads(json.dumps(list(card.blocks))))
        assert 0 < len(card.text) < UPDATE_TEXT


def test_untrusted_text_in_an_answer_neither_mentions_nor_links_nor_hides():
    for card in every_answer(NASTY):
        markup = "\n".join([card.text, *read_as_markup(list(card.blocks))])
        for mark in ("<!channel>", "<@U0MALLORY>", "<http://evil"):
            assert mark not in markup
        said = words(list(card.blocks))
        assert visible(said) == said
