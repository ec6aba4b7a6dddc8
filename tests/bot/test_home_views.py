"""A home, a list and a turn's account within Slack's limits, whatever is put into them; and only what was seen whole can be approved there."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.found import Found, HomePage, Listed, Page, Scope, Waiting, WaitingFor
from bot.views.approval import approval_card
from bot.views.home import MINE, WAITS, home_view
from bot.views.lists import runs_card, status_card
from bot.views.refs import VALUE_LIMIT, HomeRef, ListRef, WhyRef
from bot.views.why import why_card
from sandbox.blocks import parse_message_blocks
from sandbox.client import words
from sandbox.message_rules import UPDATE_TEXT
from sandbox.view_rules import parse_view
from tests.bot.test_views import DEEP, EXTREMES
from tests.bot.views import (
    IN_EMERGENCIES,
    NOON,
    RULE,
    RUN,
    approval,
    question,
    read_as_markup,
    shown,
    unknown,
    view,
)
from tests.workflows.far_end import ALICE, BOB
from workflows.rules.canonical import canonical
from workflows.values.account import Account, CallAccount
from workflows.values.people import Place
from workflows.values.run import RunSummary
from workflows.values.view import AuditRow, RunState

CURSOR = "A" * 1500


def found(text="deploy checkout", *, state=RunState.WAITING, **changes):
    summary = RunSummary(
        name="deploy-checkout-7",
        goal=text,
        agent="deployer",
        requester=ALICE,
        place=Place(channel="C0OPS", thread_ts="10.1"),
        state=state,
        doing=text,
    )
    made = Found(run_id=RUN, open=not state.ended, started_at=NOON, summary=summary)
    return made.model_copy(update=changes)


def home(*things, text="deploy checkout", **changes):
    waits = WaitingFor(
        things=tuple(Waiting(run=view(text), what=each) for each in things), complete=False, left=7
    )
    made = HomePage(
        waits=waits,
        mine=Page(runs=(found(text),) * MINE, following=CURSOR),
        others=(found(text),) * 8,
        links={RUN: "https://handrail.slack.com/archives/C0OPS/p1"},
    )
    return made.model_copy(update=changes)


def drawn(page, at=None):
    return home_view(page, at or HomeRef(), "/handrail")


def things(text):
    strict = RULE.model_copy(
        update={"dangerous": True, "quorum": 2, "break_glass": IN_EMERGENCIES, "name": text or "r"}
    )
    yield approval(
        text, rule=strict, held=text, editors=(ALICE, BOB), shown=shown(text, content=DEEP, text=text)
    )
    yield approval("x" * 900, shown=shown("x" * 900, masked=True), before=shown(text), claim=text)
    yield approval(text, shown=shown("x", content={f"f{n}": "x" for n in range(400)}), claim=text)
    yield question(text[:2000] or "?", claim=True, to=RULE.approvers, until=NOON)
    yield unknown(text)


def rows(text, number):
    kinds = ("asked", "approved", "rejected", "held", "admitted", "applied", "ended", "no such thing")
    digests = dict.fromkeys(("gate", "effect", "key", "rule"), text[:500] or "f" * 64)
    return tuple(
        AuditRow(at=NOON, what=kinds[n % 8], text=text[:1000], by=BOB if n % 3 else None, refs=digests)
        for n in range(number)
    )


def account(text="deploy checkout", calls=49):
    call = CallAccount(number=4, tool=text, title=text, claim=text, verdict=text, rows=rows(text, 40))
    return Account(
        run_id=RUN,
        name="deploy-checkout-7",
        turn=3,
        turns=9,
        goal=text,
        goal_by=ALICE,
        source=text,
        known=4,
        calls=(call,) * calls,
        rows=rows(text, 40),
    )


def messages(text):
    listed = Listed(runs=(found(text),) * 19, following=CURSOR, only_known=True)
    ref = ListRef(scope=Scope.ALL, cursor=CURSOR)
    yield runs_card(listed, ref)
    yield runs_card(Listed(runs=()), ref)
    yield status_card(found(text), {})
    for call in (0, 48, 99):
        yield why_card(account(text), WhyRef(run=RUN, turn=12, call=call))
    yield why_card(account(text).model_copy(update={"turn": 0}), WhyRef(run=RUN))


def check(text):
    full = home(*things(text), *things(text), text=text, messages=True)
    paged, gone = HomeRef(waits=WAITS, mine="B" * 1500, others=6), HomeRef(waits=99, others=-1)
    for page, at in (
        (full, HomeRef()),
        (full, paged),
        (home(), gone),
        (home(others=None), paged),
        (HomePage(), gone),
    ):
        made = drawn(page, at)
        parse_view(json.loads(json.dumps(made)), "home")
        assert all(len(each["value"]) <= VALUE_LIMIT for each in buttons(made))
    for card in messages(text):
        parse_message_blocks(json.loads(json.dumps(list(card.blocks))))
        assert 0 < len(card.text) < UPDATE_TEXT


def buttons(made):
    rows = [[*block.get("elements", []), block.get("accessory", {})] for block in made["blocks"]]
    return [each for row in rows for each in row if each.get("type") == "button"]


@pytest.mark.parametrize("text", EXTREMES, ids=lambda text: repr(text[:12]) + str(len(text)))
def test_they_are_within_slacks_limits(text):
    check(text)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=4000))
def test_whatever_people_write_is_drawn_within_the_limits(text):
    check(text.encode("utf-8", "replace").decode())


def test_untrusted_text_neither_mentions_nor_links_nor_hides():
    nasty = "<!channel> <@U0MALLORY> <http://evil|ok> \u202egnp \u200b"
    made = [
        drawn(home(*things(nasty), text=nasty))["blocks"],
        *(list(card.blocks) for card in messages(nasty)),
    ]

    for blocks in made:
        markup = "\n".join(read_as_markup(blocks))
        assert "<!channel>" not in markup
        assert "<@U0MALLORY>" not in markup
        assert "<http://evil" not in markup
        assert not {"\u202e", "\u200b"} & set(json.dumps(blocks, ensure_ascii=False))


def labels(made):
    return [each["text"]["text"] for each in buttons(made)]


def test_only_what_a_home_shows_whole_can_be_approved_there():
    short, long = approval(), approval(shown=shown("x" * 3000))

    assert labels(drawn(home(short, mine=Page(runs=()), others=())))[:4] == [
        "Approve",
        "Reject",
        "Edit",
        "Details",
    ]
    assert "1.4.2" in words(drawn(home(short)))
    cut = drawn(home(long, mine=Page(runs=()), others=()))
    assert labels(cut) == ["Reject", "Edit", "Details"]
    assert "This is not all of it." in words(cut)
    masked = approval(shown=shown(complete=False))
    assert "Approve" not in labels(drawn(home(masked)))


def test_what_a_discreet_rule_keeps_is_left_to_details():
    kept = approval("fence-7", rule=RULE.model_copy(update={"discreet": True}), target="prod/checkout")
    made = drawn(home(kept))

    assert "fence-7" not in json.dumps(made)
    assert "It can be approved from Details." in words(made["blocks"])
    assert {"Reject", "Edit", "Details"} <= {*labels(made)}
    assert "Approve" not in labels(made)
    assert "Details show what it is about." in words(made["blocks"])
    assert "this thread" not in words(made["blocks"])


def test_a_button_on_a_home_is_the_button_of_the_card():
    [row] = [
        block["elements"] for block in approval_card(RUN, approval()).blocks if block["type"] == "actions"
    ]

    assert row == buttons(drawn(home(approval(), mine=Page(runs=()), others=())))


def test_turning_a_page_of_one_list_leaves_the_others_where_they_are():
    at = HomeRef(waits=WAITS, mine="M", others=6)
    turns = {
        each["action_id"]: HomeRef.model_validate_json(each["value"])
        for each in buttons(drawn(home(*[approval()] * 12), at))
        if each["action_id"].startswith("home_page_")
    }

    assert turns == {
        "home_page_waits_first": at.model_copy(update={"waits": 0}),
        "home_page_waits_next": at.model_copy(update={"waits": 2 * WAITS}),
        "home_page_mine_first": at.model_copy(update={"mine": ""}),
        "home_page_mine_next": at.model_copy(update={"mine": CURSOR}),
        "home_page_others_first": at.model_copy(update={"others": 0}),
    }


def test_a_turn_of_many_calls_has_pages():
    card = why_card(account(calls=7), WhyRef(run=RUN, turn=3, call=3))

    assert "Calls 4 to 6 of 7." in words(list(card.blocks))
    assert canonical({}) not in words(list(card.blocks))


def test_what_a_tool_answered_stands_in_a_turn_as_code_on_one_line():
    answered = '{"deployment":' + json.dumps({"id": 10, "service": "checkout", "instances": ["a"] * 90}) + "}"
    row = AuditRow(at=NOON, what="applied", text=f"fleet.deploy: {answered}", by=None, refs={})
    call = CallAccount(number=4, tool="fleet.deploy", title="Deploy", verdict="asked", rows=(row,))

    card = why_card(account(calls=0).model_copy(update={"calls": (call,)}), WhyRef(run=RUN, turn=3))

    [answer] = [
        each
        for block in card.blocks
        for part in block.get("elements", ())
        if part.get("type") == "rich_text_list"
        for item in part["elements"]
        for each in item["elements"]
        if "deployment" in each.get("text", "")
    ]
    assert answer["style"] == {"code": True}
    assert answer["text"].startswith('{"deployment":{"id": 10')
    assert len(answer["text"]) <= 100
