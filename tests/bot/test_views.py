"""Every card within Slack's limits, whatever is put into it; and nothing in it passes for something else."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards import bare, draw
from bot.views import lists, modals
from bot.views.alert import again_card, alert_card, over_card
from bot.views.approval import approval_card
from bot.views.blocks import MESSAGE_LIMIT
from bot.views.changes import changes_card
from bot.views.details import details_modal, everything
from bot.views.editing import edit_modal
from bot.views.look import Look
from bot.views.question import question_card
from bot.views.quiet import quiet
from bot.views.refs import ApprovalRef, GroupRef, PageRef, QuestionRef, ReasonRef, UnknownRef
from bot.views.result import result_card
from bot.views.root import root_card
from bot.views.text import shortened
from bot.views.unknown import unknown_card
from sandbox.blocks import parse_message_blocks
from sandbox.client import words
from sandbox.message_rules import UPDATE_TEXT
from sandbox.view_rules import parse_view
from tests.bot.deployer import AGENT
from tests.bot.views import (
    IN_EMERGENCIES,
    NOON,
    RULE,
    RUN,
    alert,
    approval,
    buttons,
    question,
    read_as_markup,
    shown,
    together,
    unknown,
    view,
    vote,
)
from tests.workflows.far_end import ALICE, BOB
from workflows.rules.canonical import canonical
from workflows.rules.visible import visible
from workflows.values.approval import ApprovalState, Shown
from workflows.values.signals import Said
from workflows.values.view import AlertKind, Change, RunState, StepState, StepView, WaitKind, WaitView

EXTREMES = [
    "",
    " ",
    "x",
    "x" * 100_000,
    "漢字" * 6_500,
    "🎉👩‍👩‍👧‍👦" * 1_500,
    "line\n" * 8_000,
    "\u202egnp.exe\u2066",
    "a\u200bb\u00adc\ufeff",
    "<!channel> <@U0BOB> <!subteam^S1> <http://evil|click>",
    "*bold* _it_ ~no~ `code` ```block```",
    "&lt;&amp;&gt;",
    "\x00\x07\x1b[31m",
    '{"json": [1, 2, {"deep": null}]}',
]
DEEP = {"a": {"b": {"c": ["d"] * 200}}, "list": list(range(500)), "empty": [], "none": None, "": ""}


def approvals(text):
    """Previews of all kinds."""
    deep = shown(text, content=DEEP, text=text, masked=True)
    yield approval(text, shown=shown(by_tool=False))
    yield approval(text, shown=deep, before=Shown(text=text), editors=(ALICE, BOB))
    yield approval(text, shown=deep, before=shown(text), held=text)
    yield approval(text, shown=shown(text=text, complete=False))
    yield approval(text, shown=shown(content=None, text=text))
    yield approval("x" * 900, shown=shown("x" * 900), claim=text)


def every_card(text):
    changed = tuple(
        Change(tool="fleet.deploy", target=text, text=text, certain=n % 2 == 0, call=n, undo="x" * (n % 2))
        for n in range(60)
    )
    undone = dict.fromkeys(range(0, 60, 3), text or "x")
    strict = {"quorum": 2, "dangerous": True, "name": text or "r", "break_glass": IN_EMERGENCIES}
    waiting = approval(text, rule=RULE.model_copy(update=strict), held=text)
    for look in (Look(), Look(plan=False, temporal_ui="https://t.example/namespaces/default")):
        yield root_card(view(text, steps=0), look)
        yield root_card(view(text, steps=70), look)
        yield root_card(view(text, steps=70, state=RunState.WAITING, approvals=(waiting,) * 9), look)
        yield root_card(view(text, steps=500, state=RunState.FAILED, changes=changed), look)
        yield root_card(
            view(text, steps=70, state=RunState.DONE, changes=changed), replace(look, undone=undone)
        )
    for look in (Look(), Look(undone=undone), Look(feedback=False)):
        yield result_card(view(text, state=RunState.DONE, changes=changed), look)
    for state in ApprovalState:
        voted = approval(text, state, votes=(vote(reason=text),) * 40, why=text)
        yield approval_card(RUN, voted)
        yield changes_card(RUN, together(*[voted] * 8))
    kept = waiting.model_copy(update={"rule": waiting.rule.model_copy(update={"discreet": True})})
    yield approval_card(RUN, kept)
    yield changes_card(RUN, together(*[kept] * 8))
    yield again_card(waiting)
    yield unknown_card(RUN, unknown(text, discreet=True), waiting)
    for asked in approvals(text):
        yield approval_card(RUN, asked)
    yield approval_card(RUN, waiting)
    for number in range(1, 9):
        yield changes_card(RUN, together(*([waiting] * number)))
    yield changes_card(RUN, together(*[approval(), *approvals(text), waiting]))
    for kind in AlertKind:
        many = [alert(kind, text, reason=text, by=BOB)] * 8
        rejected = approval(text, state=ApprovalState.REJECTED, ended_at=NOON)
        yield over_card(view(text, approvals=(rejected,)), many)
        yield alert_card(view(text), many, "https://handrail.slack.com/archives/C0OPS/p1")
    for said in ("", text):
        yield unknown_card(RUN, unknown(text, said=said, said_by=BOB, reason=text))
        yield question_card(RUN, question(text or "?", answered=said, answered_by=BOB))
        own_words = question(text[:2000] or "?", choices=(), claim=True, to=RULE.approvers, until=NOON)
        yield question_card(RUN, own_words.model_copy(update={"answered": said[:2000], "answered_by": BOB}))
        options = tuple((str(number), text[:70] or "x") for number in range(10))
        yield question_card(RUN, own_words.model_copy(update={"choices": options}))
    waits = (WaitView(kind=WaitKind.EVENT, about=text, since=NOON, until=NOON),) * 50
    yield root_card(view(text, steps=70, state=RunState.WAITING, waits=waits), Look())
    yield lists.unmatched_card(text, [text or "x"] * 9)
    yield lists.odd_command_card("list", text, "/handrail")
    yield lists.no_such_agent_card(text, ["deployer"], text)
    yield lists.not_understood(text[:80], [text[:300]] * 9)
    yield lists.unknown_agent(text, [AGENT.model_copy(update={"name": text[:80] or "a"})] * 30, "/h")
    yield lists.agents_card(
        [AGENT.model_copy(update={"description": text, "name": text[:80] or "a"})] * 30, "/h"
    )


@pytest.mark.parametrize("text", EXTREMES, ids=lambda text: repr(text[:12]) + str(len(text)))
def test_every_card_is_within_slacks_limits(text):
    for card in every_card(text):
        for drawn in (card, bare(card), quiet(card)):
            parse_message_blocks(json.loads(json.dumps(list(drawn.blocks))))
            assert 0 < len(drawn.text) < UPDATE_TEXT


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=4000))
def test_whatever_people_write_is_drawn_within_the_limits(text):
    text = text.encode("utf-8", "replace").decode()
    for card in every_card(text):
        parse_message_blocks(json.loads(json.dumps(list(card.blocks))))


@pytest.mark.parametrize("text", EXTREMES, ids=lambda text: repr(text[:12]) + str(len(text)))
def test_the_dialog_for_arguments_is_within_the_limits(text):
    arguments = {text: text, text[:200]: [text[:2000]], text[:100]: DEEP}
    arguments |= {f"name{number}": text[:900] if number % 2 else [text[:800]] * 3 for number in range(90)}
    said = {"description": text, "title": text}
    kinds = [
        {"type": "string"},
        {"enum": [text, text[:70], text + "x"]},
        {"type": "array", "items": {"enum": [text[:70], "x"]}},
        {"type": "array", "items": {"type": "string"}},
        {"type": "number", "minimum": 10**12, "maximum": -(10**12)},
        {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    ]
    shapes = {f"{text[:9]}{number}": kinds[number % len(kinds)] | said for number in range(90)}
    for schema in (None, {"properties": dict.fromkeys(arguments, said) | shapes, "required": [text, "x0"]}):
        asked = approval(text, shown=shown(arguments=canonical(arguments), locked=("name7",)))
        asked = asked.model_copy(update={"input_schema": schema})
        parse_view(edit_modal(asked, ApprovalRef(run=RUN, approval="4.1", gate="a" * 64)), "modal")


@pytest.mark.parametrize("text", EXTREMES, ids=lambda text: repr(text[:12]) + str(len(text)))
def test_the_details_show_all_of_it_in_pages_within_the_limits(text):
    long = f"{text}{'x' * MESSAGE_LIMIT}END"
    asked = approval(text, shown=shown(text=long, content=DEEP), before=Shown(text=text))
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64, channel="C0OPS", thread="10.1", offer=True)
    seen = ""
    for _ in range(100):
        page = details_modal(asked, at)
        parse_view(page, "modal")
        seen += "".join(
            element["text"]
            for block in page["blocks"]
            if block["type"] == "rich_text"
            for part in block["elements"]
            if part["type"] == "rich_text_preformatted"
            for element in part["elements"]
        )
        following = [
            b
            for row in page["blocks"]
            for b in row.get("elements", [])
            if b.get("action_id") == "details_next"
        ]
        if not following:
            break
        assert "submit" not in page
        at = PageRef.model_validate_json(following[0]["value"])
    assert seen == "".join(content for _, content in everything(asked))
    assert seen.endswith("END")


@pytest.mark.parametrize("text", EXTREMES, ids=lambda text: repr(text[:12]) + str(len(text)))
def test_the_details_of_whatever_is_asked_are_within_the_limits(text):
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64, channel="C0OPS", thread="10.1", offer=True)
    for asked in approvals(text):
        parse_view(details_modal(asked, at), "modal")
    crowded = {f"{text[:9]}{number}": text[:9] for number in range(900)}
    parse_view(details_modal(approval(shown=shown(content=crowded)), at), "modal")


def test_every_other_dialog_is_within_the_limits():
    parse_view(modals.said_modal("Settled."), "modal")
    ref = ApprovalRef(run=RUN, approval="4.1", gate="a" * 64, what="fleet.deploy on prod/<!channel>")
    asked = ReasonRef(channel="C0OPS", thread="1.1", approval=ref)
    parse_view(rejecting := modals.reject_modal(asked), "modal")
    assert "*fleet.deploy on prod/&lt;!channel&gt;*" in words(rejecting)
    assert rejecting["close"]["text"] == "Cancel"
    assert modals.said_modal("Settled.")["close"]["text"] == "Close"
    parse_view(modals.break_glass_modal(asked, "C0SECURITY"), "modal")
    group = GroupRef(run=RUN, approvals=tuple(f"{n}.1" for n in range(100, 108)), gates="b" * 64)
    parse_view(modals.reject_all_modal(ReasonRef(channel="C0OPS", group=group)), "modal")
    about = ReasonRef(channel="C0OPS", unknown=UnknownRef(run=RUN, effect="f" * 64), said="happened")
    for said in Said:
        parse_view(modals.resolve_modal(about, said), "modal")
    asked = ReasonRef(channel="C0OPS", thread="1.1", question=QuestionRef(run=RUN, question="7"))
    parse_view(modals.answer_modal(asked), "modal")
    parse_view(modals.loading(), "modal")


def test_a_run_that_is_over_can_be_looked_into_and_says_what_it_changed():
    changed = (Change(tool="fleet.deploy", target="prod/checkout", text="1.4.2", certain=False),)
    card = root_card(view(state=RunState.CANCELLED, changes=changed), Look(temporal_ui="https://t.example"))

    assert set(buttons(card)) == {"Details", "Open in Temporal"}
    assert "may have happened: \nfleet.deploy on prod/checkout: 1.4.2" in words(list(card.blocks))


def test_a_run_under_way_can_be_cancelled_after_a_second_thought_and_seen_in_temporal():
    card = root_card(view(), Look(temporal_ui="https://t.example/namespaces/default"))

    assert buttons(card)["Cancel run"]["confirm"]["confirm"]["text"] == "Cancel the run"
    assert buttons(card)["Open in Temporal"]["url"] == (
        "https://t.example/namespaces/default/workflows/run%2FT0HOME%2F0123456789abcdef01234567"
    )


def test_of_more_steps_than_a_plan_holds_the_last_are_shown_and_the_rest_counted():
    steps = tuple(StepView(id=str(n), title=f"step {n}", state=StepState.COMPLETE) for n in range(70))
    card = root_card(view(steps=0).model_copy(update={"steps": steps}), Look())
    [plan] = [block for block in card.blocks if block["type"] == "plan"]

    assert [task["title"] for task in plan["tasks"]] == [f"step {n}" for n in range(20, 70)]
    assert "Before these: 20 more, 0 of them failed." in words(list(card.blocks))


def test_steps_are_what_the_budget_counts_and_nothing_else_on_a_card():
    for state in (RunState.WAITING, RunState.DONE):
        card = root_card(view(steps=4, state=state), Look())
        said = words(list(card.blocks))
        [plan] = [block for block in card.blocks if block["type"] == "plan"]

        assert "1 of 4 done" in plan["title"]
        assert "step" not in plan["title"]
        assert said.count("steps") == 1


def test_untrusted_text_neither_mentions_nor_links_nor_hides():
    nasty = "<!channel> <@U0BOB> \u202egnp \u200b"
    for card in (
        root_card(view(nasty), Look()),
        unknown_card(RUN, unknown(nasty)),
        approval_card(RUN, approval(nasty)),
    ):
        markup = "\n".join([card.text, *read_as_markup(list(card.blocks))])
        assert "<!channel>" not in markup
        assert "<@U0BOB>" not in markup.replace("<@U0BOB>, <!subteam^S0RELEASE> may decide", "")
        shown = json.dumps([card.text, card.blocks], ensure_ascii=False)
        assert "\u202e" not in shown
        assert "\u200b" not in shown
        assert "u{202e}" in shown


def test_what_the_eye_can_not_see_is_written_out():
    assert visible("a\u202eb\u200bc\u00a0d\u3164e\ufe0f") == r"a\u{202e}b\u{200b}c\u{a0}d\u{3164}e\u{fe0f}"
    assert visible("Straße 漢字 🎉\n\tok") == "Straße 漢字 🎉\n\tok"


def test_a_cut_is_stated_and_what_fits_is_not_touched():
    assert shortened("short", 10) == "short"
    cut = shortened("x" * 5000, 100, "open Details")
    assert len(cut) <= 100
    assert cut.endswith(" of 5,000 characters shown; open Details)")


def test_the_same_content_has_the_same_digest_and_another_another():
    assert draw(view(), "root", Look()).digest == draw(view(), "root", Look()).digest
    assert draw(view(), "root", Look()).digest != draw(view("other"), "root", Look()).digest


def test_only_who_should_be_notified_is_mentioned_on_the_root_card():
    assert f"<@{ALICE.user}>" in json.dumps(root_card(view(), Look()).blocks)
