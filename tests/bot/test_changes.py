"""The card that the changes of one turn share: each in full, decided one by one or all at once."""

import json
from datetime import timedelta

import pytest

from bot.cards import bare, draw, gates_on, in_sections, over, slots
from bot.views.blocks import fits
from bot.views.changes import changes_card
from bot.views.look import Look
from bot.views.refs import ApprovalRef, GroupRef
from sandbox.blocks import parse_message_blocks
from sandbox.client import words
from tests.bot.views import IN_EMERGENCIES, NOON, RULE, RUN, approval, shown, together, view, vote
from tests.workflows.far_end import BOB
from workflows.rules.digests import gates_digest
from workflows.values.approval import ApprovalState
from workflows.values.people import People


def card_of(*made):
    return changes_card(RUN, together(*made))


def labels(card):
    return [
        element["text"]["text"]
        for block in card.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def pressed(card, label):
    rows = [block["elements"] for block in card.blocks if block["type"] == "actions"]
    return next(each for row in rows for each in row if each["text"]["text"] == label)


def test_four_changes_stand_on_one_card_each_with_its_arguments_preview_and_buttons():
    card = card_of(*(approval(f"service-{number}") for number in range(4)))
    said = words(list(card.blocks))

    for number in range(4):
        assert f"{number + 4}. fleet.deploy on prod/service-{number}" in said
        assert f"service: \nservice-{number}" in said
    assert said.count("from → to: \n1.4.1\n → \n1.4.2") == 4
    assert labels(card)[:4] == ["Approve 4", "Reject 4", "Edit 4", "Details 4"]
    assert labels(card)[-2:] == ["Approve all 4", "Reject all 4"]
    assert said.startswith("Approval needed: 4 of 4 changes")
    assert said.count("may decide") == 1


def test_eight_small_changes_fit_whole():
    assert "Approve all 8" in labels(card_of(*(approval(f"service-{number}") for number in range(8))))


def test_a_button_for_all_carries_exactly_what_the_card_shows():
    made = together(approval(), approval(), approval(state=ApprovalState.REJECTED))
    ref = GroupRef.model_validate_json(pressed(changes_card(RUN, made), "Approve all 2")["value"])

    assert ref.approvals == ("4.1", "5.1")
    assert ref.gates == gates_digest([made[0].gate, made[1].gate])


def test_what_is_too_big_loses_its_approve_and_the_others_keep_theirs():
    big = approval("big", shown=shown(content=None, text="x" * 50_000))
    card = card_of(approval(), big, approval(), approval())

    assert [label for label in labels(card) if label.startswith("Approve")] == [
        "Approve 4",
        "Approve 6",
        "Approve 7",
        "Approve the 3 shown whole",
    ]
    ref = GroupRef.model_validate_json(pressed(card, "Approve the 3 shown whole")["value"])
    assert ref.approvals == ("4.1", "6.1", "7.1")
    assert "Reject all 4" in labels(card)
    said = words(list(card.blocks))
    assert "50,000 characters shown; open Details" in said
    assert said.count("This is not all of it.") == 1


def test_where_none_fits_whole_none_can_be_approved_here():
    card = card_of(*[approval(shown=shown(content=None, text="x" * 20_000))] * 8)

    assert not [label for label in labels(card) if label.startswith("Approve")]
    assert "Reject all 8" in labels(card)


def test_a_preview_that_was_not_kept_whole_is_not_approved_with_the_others():
    card = card_of(approval(), approval(shown=shown(complete=False)), approval())

    assert "Approve 5" not in labels(card)
    assert "Approve the 2 shown whole" in labels(card)
    assert "too long to keep whole" in words(list(card.blocks))


def test_what_is_over_gives_its_room_to_what_can_still_be_decided():
    wide = shown(content=None, text="x" * 5000)
    card = card_of(approval(shown=wide, state=ApprovalState.REJECTED), approval(shown=wide), approval())
    assert "Approve all 2" in labels(card)

    both = card_of(approval(shown=wide), approval(shown=wide), approval(shown=wide))
    assert "Approve all 3" not in labels(both)


def test_after_the_decisions_each_line_says_who_when_and_why_and_no_button_is_left():
    at = {"ended_at": NOON}
    approved = approval(state=ApprovalState.APPROVED, votes=(vote(),), **at)
    rejected = approval(
        state=ApprovalState.REJECTED, votes=(vote(approve=False, reason="not before noon"),), **at
    )
    card = card_of(approved, rejected, approval(state=ApprovalState.EXPIRED, **at))
    said = words(list(card.blocks))

    assert labels(card) == []
    assert said.startswith("Decided: 3 changes")
    assert "Reason: not before noon." in said
    assert "This is not a refusal." in said
    assert json.dumps(card.blocks).count('"user_id": "U0BOB"') == 2
    assert "5. fleet.deploy on prod/checkout: version 1.4.2: rejected" in card.text


def test_what_is_being_checked_can_still_be_rejected_but_not_approved_again():
    card = card_of(approval(state=ApprovalState.QUORUM, votes=(vote(),)), approval())

    assert labels(card) == [
        "Reject 4",
        "Details 4",
        "Approve 5",
        "Reject 5",
        "Edit 5",
        "Details 5",
        "Reject all 2",
    ]
    assert words(list(card.blocks)).startswith("Approval needed: 1 of 2 changes")


def test_all_at_once_asks_once_more_where_one_of_them_is_dangerous():
    dangerous = RULE.model_copy(update={"dangerous": True})

    assert "confirm" in pressed(card_of(approval(), approval(rule=dangerous)), "Approve all 2")
    assert "confirm" not in pressed(card_of(approval(), approval()), "Approve all 2")


def test_where_different_people_decide_it_stands_beside_each():
    other = RULE.model_copy(update={"approvers": People(users=("U0CAROL",)), "name": "databases"})
    said = words(list(card_of(approval(), approval(rule=other)).blocks))

    assert said.count("may decide") == 2
    assert said.index("5. fleet.deploy") < said.index("<@U0CAROL> may decide")


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_pages_of_a_turn_are_two_cards_of_what_stands_on_them_now(newest_first):
    made = [
        each.model_copy(update={"id": f"{number}.1", "slot": f"changes/2/{1 + number // 9}"})
        for number, each in enumerate([approval()] * 12, 1)
    ]
    newer = made[3].model_copy(update={"id": "4.2", "gate": "b" * 64})
    old = made[3].model_copy(update={"state": ApprovalState.SUPERSEDED})
    ends = (newer, old) if newest_first else (old, newer)
    run = view(approvals=(ends[0], *made[:3], ends[1], *made[4:]))

    assert list(slots(run)) == ["root", "changes/2/1", "changes/2/2", "again/4.2"]
    first, second = (draw(run, slot, Look()) for slot in ("changes/2/1", "changes/2/2"))
    assert [f"Approve {number}" for number in range(1, 9)] == [
        label for label in labels(first) if label.startswith("Approve ") and "all" not in label
    ]
    assert ApprovalRef.model_validate_json(pressed(first, "Approve 4")["value"]).approval == "4.2"
    assert "Approve all 4" in labels(second)
    assert gates_on(run, "changes/2/1").count("b" * 64) == 1
    assert len(gates_on(run, "changes/2/1")) == 8


def test_a_card_on_which_all_is_over_is_not_worth_a_message_of_its_own():
    ended = together(*[approval(state=ApprovalState.WITHDRAWN)] * 2)

    assert "changes/2/1" in over(view(approvals=tuple(ended)))
    assert "changes/2/1" not in over(view(approvals=(*together(approval()), ended[1])))
    assert gates_on(view(approvals=(*together(approval()), ended[1])), "changes/2/1") == [f"{4:064}"]


WORST = {"two units": "🎉", "hidden": "\u202e", "escaped": "<>&", "wide": "漢", "lines": "a\n"}


@pytest.mark.parametrize("text", [each * 5000 for each in WORST.values()], ids=list(WORST))
@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("state", [ApprovalState.OPEN, ApprovalState.REJECTED])
def test_a_card_fits_whatever_stands_on_it(text, number, state):
    """With other people for each change, everything long, and all its buttons."""
    made = []
    for each in range(number):
        crowd = tuple(f"U0PERSON{each}{other:04}" for other in range(40))
        rule = RULE.model_copy(
            update={"approvers": People(users=crowd, groups=crowd), "name": text, "quorum": 3}
        )
        strict = rule.model_copy(update={"dangerous": True, "break_glass": IN_EMERGENCIES})
        made.append(
            approval(
                text,
                state,
                rule=strict,
                held=text,
                why=text,
                votes=(vote(reason=text),) * 40,
                editors=(BOB, BOB),
                before=shown(text, masked=True),
                deadline=NOON + timedelta(minutes=each),
                ended_at=NOON,
            )
        )
    card = card_of(*made)

    assert fits(card.blocks)
    parse_message_blocks(json.loads(json.dumps(list(card.blocks))))
    parse_message_blocks(json.loads(json.dumps(list(bare(card).blocks))))


def test_a_server_without_rich_text_gets_the_same_words_and_can_approve():
    card = card_of(*(approval(f"service-{number}") for number in range(8)))
    plainer = in_sections(card)

    assert plainer is not None
    parse_message_blocks(json.loads(json.dumps(list(plainer.blocks))))
    assert labels(plainer) == labels(card)
    assert "service: service-7" in words(list(plainer.blocks))


def test_a_card_that_is_shown_bare_says_which_change_each_button_is_for_and_approves_nothing():
    rule = RULE.model_copy(update={"break_glass": IN_EMERGENCIES})
    plain = bare(card_of(approval(rule=rule), approval(rule=rule)))

    assert labels(plain) == [
        "Reject 4",
        "Edit 4",
        "Details 4",
        "Reject 5",
        "Edit 5",
        "Details 5",
        "Reject all 2",
    ]
    assert "4. fleet.deploy on prod/checkout: version 1.4.2: approval needed" in words(list(plain.blocks))
