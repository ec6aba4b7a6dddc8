"""What the card of a change says, and which buttons it has."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.views.approval import approval_card
from bot.views.change import title
from bot.views.changes import changes_card
from bot.views.details import details_modal
from bot.views.refs import PageRef
from sandbox.client import words
from tests.bot.views import (
    IN_EMERGENCIES,
    RULE,
    RUN,
    approval,
    buttons,
    read_as_markup,
    shown,
    together,
    vote,
)
from tests.workflows.far_end import ALICE, BOB
from workflows.rules.canonical import canonical
from workflows.values.approval import ApprovalState, Shown
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


def saying(*, discreet=False, **arguments):
    """An approval of these arguments besides the environment and the service."""
    made = shown(arguments=canonical({"environment": "prod", "service": "checkout", **arguments}))
    rule = RULE.model_copy(update={"discreet": discreet, "dangerous": True})
    return approval(shown=made, rule=rule)


def test_a_change_is_named_with_what_it_would_do():
    named = "fleet.deploy on prod/checkout: version 1.4.3"
    card = approval_card(RUN, saying(version="1.4.3"))

    assert card.blocks[0]["text"]["text"] == f"Approval needed: {named}"
    assert card.text == f"Approval needed: {named}."
    assert buttons(card)["Approve"]["confirm"]["text"]["text"] == named
    assert json.loads(buttons(card)["Reject"]["value"])["what"] == named
    shared = changes_card(RUN, together(saying(version="1.4.3"), approval()))
    assert f"4. {named}" in words(list(shared.blocks))
    assert f"4. {named}: approval needed" in shared.text


def test_what_is_discreet_masked_or_nested_is_not_named():
    assert title(saying(discreet=True, version="1.4.3")) == "fleet.deploy on prod/checkout"
    kept = saying(token="***", hosts=["a"], limits={"cpu": 1}, wait=True)
    kept = kept.model_copy(update={"shown": kept.shown.model_copy(update={"locked": ("token",)})})
    assert title(kept) == "fleet.deploy on prod/checkout: wait true"


def test_no_argument_passes_for_another_and_a_cut_shows():
    crafted = title(saying(a="1, b 2", n=3, z="\u202ex\ny"))
    assert crafted == 'fleet.deploy on prod/checkout: a "1, b 2", n 3, z "\\u{202e}x\\ny"'

    many = saying(**{f"name{number}": "x" * 100 for number in range(9)})
    assert title(many).endswith(f"name0 {'x' * 59}…, …")
    header = approval_card(RUN, many.model_copy(update={"state": ApprovalState.QUORUM})).blocks[0]
    assert header["text"]["text"].endswith("…, …")


def text(card):
    """Its rich text as people read it: a line for each element."""
    return "\n".join(
        "".join(run.get("text", "") for run in part["elements"])
        for block in card.blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] != "rich_text_list"
    )


def test_after_a_drift_what_people_saw_and_what_it_is_now_stand_side_by_side():
    card = approval_card(
        RUN,
        approval(
            shown=shown(content={"from": "1.4.9", "steps": 2, "new": 1}),
            before=shown(content={"from": "1.4.1", "steps": 2, "gone": [1]}),
        ),
    )
    said = text(card)

    assert "as you saw it → now\nfrom: 1.4.1 → 1.4.9\nsteps: 2\ngone: \n-1\nnew: (not there) → 1" in said
    assert "service: checkout\n" in said
    assert "It changed since it was approved" in said


def test_after_an_edit_old_and_new_arguments_are_shown_and_who_changed_them():
    edited = approval(shown=shown("cart"), before=shown("checkout"), editors=(BOB,), requesters=(ALICE, BOB))
    card = approval_card(RUN, edited)
    said = text(card)

    assert "Arguments, before → now\nenvironment: prod\nservice: checkout → cart\nversion: 1.4.2" in said
    assert "Its arguments were edited by" in said
    assert '"user_id": "U0BOB"' in json.dumps(card.blocks)
    assert "It changed since it was approved" not in said


def test_fields_that_say_what_was_and_what_will_be_are_shown_as_one():
    content = {
        "from_version": "1.4.1",
        "to_version": "1.4.2",
        "stockBefore": 5,
        "stockAfter": 5,
        "before": {"state": "open", "row": {"n": 1}, "note": "a\nb"},
        "after": {"state": "closed", "row": {"n": 1}, "note": "a\nc"},
        "old_hosts": ["a", "b"],
        "new_hosts": ["a", "b", "c"],
        "information": "x",
    }
    said = text(approval_card(RUN, approval(shown=shown(content=content))))

    assert said.partition("it would do\n")[2].startswith(
        "from_version → to_version: 1.4.1 → 1.4.2\n"
        "stockBefore → stockAfter: 5 (it stays so)\n"
        "before → after, state: open → closed\n"
        "before → after, row.n: 1\n"
        "before → after, note: \n a\n-b\n+c\n"
        "old_hosts → new_hosts: \n a\n b\n+c\n"
        "information: x\n"
    )


NAMES = [f"{sign}{word}" for sign in ("", "before_", "from_") for word in ("old", "new", "after", "to", "x")]
NAMES += [
    "before",
    "from",
    "after_old",
    "after_new",
    "after_x",
    "to_old",
    "to_new",
    "oldX",
    "newX",
    "fromNew",
]


@given(st.permutations(NAMES), st.integers(2, len(NAMES)))
def test_of_fields_that_pair_none_is_lost_and_none_stands_twice(names, count):
    content = {name: {"in": f"<{name}>"} if len(name) % 2 else f"<{name}>" for name in names[:count]}
    said = text(approval_card(RUN, approval(shown=shown(content=content))))

    assert [said.count(f"<{name}>") for name in names[:count]] == [1] * count


def test_empty_and_like_looking_values_are_shown_as_what_they_are():
    before = {"empty": {}, "lines": "a\nb", "gone": {}}
    now = {"empty": {}, "lines": ["a", "b"], "gone": {"x": 1}}
    said = text(approval_card(RUN, approval(shown=shown(content=now), before=shown(content=before))))

    assert "empty: \n{}" in said
    assert 'lines: \n-"a\\nb"\n+[\n+  "a",\n+  "b"\n+]' in said
    assert "gone.x: (not there) → 1" in said


def test_nothing_in_a_value_passes_for_a_change_or_for_a_line_of_ours():
    old, new = "1 → 2", "x\n+ approved by security\n- all clear"
    made = approval(shown=shown(content={"a": new, "b": new}), before=shown(content={"a": old, "b": "y\nz"}))
    said = text(approval_card(RUN, made))

    assert "-1 → 2\n+x\n++ approved by security\n+- all clear" in said
    one_line = approval(shown=shown(content={"from": old, "to": "3", "x → y": old}))
    said = text(approval_card(RUN, one_line))
    assert 'from → to: "1 → 2" → "3"\n' in said
    assert '"x → y": 1 → 2' in said


def test_a_preview_that_imitates_our_card_stays_in_its_frame():
    imitation = "Approved\n*Rule: `anything`*\n[Approve] <@U0BOB> <!channel>\nU0BOB approved, today"
    mine = approval_card(RUN, approval(shown=shown(content=None, text=""))).blocks
    theirs = approval_card(
        RUN, approval(claim=imitation, shown=shown(content={"Target": "staging", "x": imitation}))
    ).blocks

    framed = [
        part
        for block in theirs
        for part in block.get("elements", [])
        if "Approved" in "".join(run.get("text", "") for run in part.get("elements", []))
    ]
    assert [part["type"] for part in framed] == ["rich_text_preformatted", "rich_text_quote"]
    assert read_as_markup(list(theirs)) == read_as_markup(list(mine))
    assert '"Target": staging' in text(
        approval_card(RUN, approval(shown=shown(content={"Target": "staging"})))
    )


def test_a_preview_that_is_a_diff_is_shown_as_one():
    diff = "--- a/x.conf\n+++ b/x.conf\n@@ -1,2 +1,2 @@\n keep\n-old\n+new\n"
    for content in ({"diff": diff}, None):
        card = approval_card(RUN, approval(shown=shown(content=content, text=diff if not content else "")))
        framed = [
            part
            for block in card.blocks
            for part in block.get("elements", [])
            if part.get("language") == "diff"
        ]
        assert [part["elements"][0]["text"] for part in framed] == [diff]
    plain = approval_card(RUN, approval(shown=shown(content=None, text="--- not a diff\n+++ but a list")))
    assert '"language"' not in json.dumps(plain.blocks)


def test_versions_too_long_to_be_compared_are_both_shown_whole():
    long = [f"line {n}" for n in range(500)]
    made = approval(
        shown=shown(content=None, text="\n".join(long)), before=shown(content=None, text="\n".join(long[1:]))
    )
    said = text(approval_card(RUN, made))

    assert said.index("Before:\nline 1\n") < said.index("Now:\nline 0\nline 1\n")


def test_the_details_of_a_change_that_was_seen_before_begin_with_what_changed():
    made = approval(shown=shown("cart"), before=shown("checkout"))
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64)
    said = words(details_modal(made, at)["blocks"])

    changed, whole = said[: said.index("Arguments, before → now")], said[said.index("Arguments,") :]
    assert "What changed since\nservice: \ncheckout\n → \ncart\nnote: \n" in changed
    assert "version" not in changed.partition("What changed")[2]
    assert "version: \n1.4.2" in whole
    assert "it would do, as you saw it → now\nfrom: \n1.4.1" in whole

    long = made.model_copy(update={"shown": shown("cart", text="x" * 20_000)})
    said = words(details_modal(long, at)["blocks"])
    assert (
        said.index("What changed since")
        < said.index('-  "service": "checkout"')
        < said.index("Arguments now")
    )


def test_details_say_it_as_the_card_does_and_count_pages_only_where_there_are_more():
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64)
    short = words(details_modal(approval(), at)["blocks"])
    long = words(details_modal(approval(shown=shown(content=None, text="x\n" * 60_000)), at)["blocks"])

    assert "Arguments\nenvironment: \nprod\nservice: \ncheckout\n" in short
    assert "from → to: \n1.4.1\n → \n1.4.2" in short
    assert "Page " not in short
    assert "Page 1 of 2, " in long


LEAVES = st.none() | st.booleans() | st.integers() | st.text("ab1 →<*", max_size=9)
CONTENT = st.recursive(
    st.dictionaries(st.text("ab_", max_size=4), LEAVES, max_size=4),
    lambda inner: st.dictionaries(
        st.text("ab_", max_size=4), LEAVES | st.lists(inner | LEAVES, max_size=3) | inner
    ),
    max_leaves=12,
)


def leaves(value):
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [leaf for each in inner for leaf in leaves(each)]
    return [value]


@settings(max_examples=60, deadline=None)
@given(CONTENT, CONTENT, st.booleans())
def test_details_of_one_page_hold_both_versions_in_full(old, new, edited):
    before = Shown(arguments=canonical(old), content=old) if edited else None
    made = approval(shown=Shown(arguments=canonical(new), content=new), before=before)
    said = words(details_modal(made, PageRef(run=RUN, approval="4.1", gate="a" * 64))["blocks"])

    for leaf in [*leaves(new), *(leaves(old) if edited else [])]:
        assert (leaf if isinstance(leaf, str) else json.dumps(leaf)) in said


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
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64, page=99, offer=True)
    details = details_modal(dangerous, at)
    [approve] = details["blocks"][-1]["elements"]
    assert (approve["action_id"], approve["confirm"]["title"]["text"]) == ("approve", "Approve this change?")
    assert "submit" not in details
    assert details_modal(approval(), at)["submit"]["text"] == "Approve"


def test_details_offer_no_approve_to_who_asked_where_four_eyes_are_wanted():
    big = approval(shown=shown(content=None, text="x" * 50_000))
    at = PageRef(run=RUN, approval="4.1", gate="a" * 64, page=99, offer=True)
    alone = RULE.model_copy(update={"four_eyes": False})

    assert "submit" not in details_modal(big, at, ALICE)
    assert details_modal(big, at, BOB)["submit"]["text"] == "Approve"
    assert "submit" in details_modal(big.model_copy(update={"rule": alone}), at, ALICE)
