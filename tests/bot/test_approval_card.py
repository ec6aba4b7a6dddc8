"""What the card of a change says, and which buttons it has."""

import json

from bot.views.approval import approval_card
from bot.views.details import details_modal
from bot.views.refs import PageRef
from sandbox.client import words
from tests.bot.views import IN_EMERGENCIES, RULE, RUN, approval, buttons, read_as_markup, shown, vote
from tests.workflows.far_end import ALICE, BOB
from workflows.values.approval import ApprovalState
from workflows.values.people import People


def test_what_a_card_can_not_show_whole_can_not_be_approved_on_it():
    big = approval(shown=shown(content=None, text="x" * 50_000))
    card = approval_card(RUN, big)
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64, offer=True)

    assert set(buttons(card)) == {"Reject", "Edit", "Details"}
    assert "50,000 characters shown; open Details" in words(list(card.blocks))
    assert details_modal(big, at.model_copy(update={"page": 99}))["submit"]["text"] == "Approve"


def test_a_preview_that_was_not_kept_whole_can_be_approved_nowhere():
    asked = approval(shown=shown(text="x", complete=False))
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64, offer=True)

    assert set(buttons(approval_card(RUN, asked))) == {"Reject", "Edit", "Details"}
    assert "submit" not in details_modal(asked, at)


def test_an_open_approval_has_four_buttons_and_an_ended_one_none():
    assert list(buttons(approval_card(RUN, approval()))) == ["Approve", "Reject", "Edit", "Details"]
    checked = approval(state=ApprovalState.QUORUM)
    assert list(buttons(approval_card(RUN, checked))) == ["Reject", "Details"]
    for state in ApprovalState:
        if state.ended:
            assert buttons(approval_card(RUN, approval(state=state))) == {}


def test_how_an_approval_ended_reads_differently_each_time():
    ends = [approval_card(RUN, approval(state=state)).text for state in ApprovalState]

    assert len(set(ends)) == len(ends)
    assert "not a refusal" in approval_card(RUN, approval(state=ApprovalState.EXPIRED)).text


def test_a_rejection_is_shown_with_its_reason_and_who_gave_it():
    rejected = approval(state=ApprovalState.REJECTED, votes=(vote(approve=False, reason="wrong version"),))
    card = approval_card(RUN, rejected)

    assert "wrong version" in card.text
    assert '"user_id": "U0BOB"' in json.dumps(card.blocks)


def test_after_a_drift_both_versions_are_shown():
    card = approval_card(
        RUN,
        approval(shown=shown(content={"from": "1.4.9"}), before=shown(content={"from": "1.4.1"})),
    )
    said = words(list(card.blocks))

    assert said.index("What you saw before") < said.index("1.4.1") < said.index("What it would do now")
    assert "1.4.9" in said
    assert "It changed since it was approved" in said


def test_after_an_edit_both_arguments_are_shown_and_who_changed_them():
    edited = approval(shown=shown("cart"), before=shown("checkout"), editors=(BOB,), requesters=(ALICE, BOB))
    card = approval_card(RUN, edited)
    said = words(list(card.blocks))

    before, now, again = (said.index(each) for each in ("Arguments before", "Arguments now", "What you saw"))
    assert "service: \ncheckout" in said[before:now]
    assert "service: \ncart" in said[now:again]
    assert "Its arguments were edited by" in said
    assert '"user_id": "U0BOB"' in json.dumps(card.blocks)
    assert "It changed since it was approved" not in said


def test_what_was_replaced_says_why():
    old = approval(state=ApprovalState.SUPERSEDED, why="its arguments were edited")

    assert "Reason: its arguments were edited." in words(list(approval_card(RUN, old).blocks))


def test_what_is_masked_and_what_holds_a_change_is_said_on_the_card_and_in_the_details():
    frozen = approval(shown=shown(masked=True), held="frozen by U0CAROL <!channel>: release week")
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64)
    for surface in (approval_card(RUN, frozen).blocks, details_modal(frozen, at)["blocks"]):
        said = words(list(surface))
        assert "Secrets in it are masked here. The approval covers the true values." in said
        assert "Held: \nfrozen by U0CAROL <!channel>: release week" in said
        assert "<!channel>" not in "".join(read_as_markup(list(surface)))

    over = approval_card(RUN, frozen.model_copy(update={"state": ApprovalState.REJECTED}))
    assert "Held" not in words(list(over.blocks))


def test_the_glass_can_be_broken_where_the_rule_names_people_for_it_and_the_change_is_seen_whole():
    rule = RULE.model_copy(update={"break_glass": IN_EMERGENCIES})
    held = approval(state=ApprovalState.QUORUM, held="frozen", rule=rule)
    big = approval(rule=rule, shown=shown(content=None, text="x" * 50_000))
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64, page=99, offer=True)

    pressed = buttons(approval_card(RUN, approval(rule=rule)))["Break glass"]
    assert json.loads(pressed["value"])["channel"] == "C0SECURITY"
    assert list(buttons(approval_card(RUN, held))) == ["Reject", "Details", "Break glass"]
    assert "Break glass" not in buttons(approval_card(RUN, held.model_copy(update={"held": ""})))
    assert "Break glass" not in buttons(approval_card(RUN, big))
    assert details_modal(big, at)["blocks"][-1]["elements"][-1]["action_id"] == "break_glass"
    alone = vote(break_glass=True, reason="the site is down")
    assert "Break glass" not in buttons(approval_card(RUN, held.model_copy(update={"votes": (alone,)})))


def test_a_field_within_a_field_is_named_by_both_and_nothing_else_can_look_like_it():
    nested = approval(shown=shown(content={"plan": {"from": "1.4.1"}}))
    flat = approval(shown=shown(content={"plan.from": "1.4.1"}))

    assert "plan.from: " in words(list(approval_card(RUN, nested).blocks))
    assert '"plan.from": ' in words(list(approval_card(RUN, flat).blocks))


def test_who_asked_is_not_called_upon_to_approve():
    rule = RULE.model_copy(update={"approvers": People(users=("U0ALICE", "U0BOB"))})

    assert "<@U0ALICE>" not in json.dumps(approval_card(RUN, approval(rule=rule)).blocks)
    alone = rule.model_copy(update={"approvers": People(users=("U0ALICE",))})
    assert "Nobody else may approve this" in words(list(approval_card(RUN, approval(rule=alone)).blocks))


def test_a_dangerous_change_asks_once_more():
    dangerous = approval(rule=RULE.model_copy(update={"dangerous": True}))

    assert "confirm" in buttons(approval_card(RUN, dangerous))["Approve"]
    assert "confirm" not in buttons(approval_card(RUN, approval()))["Approve"]
