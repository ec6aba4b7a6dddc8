"""Where a key stands: put there once, found again, and never a part of what is approved."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workflows.rules.canonical import canonical
from workflows.rules.digests import effect_digest
from workflows.rules.keys import (
    KEY_PLACEHOLDER,
    NoPlace,
    mark,
    names_in,
    placed,
    question,
    taken_out,
    why_not,
)
from workflows.values.tools import KeyForm, KeyPlace, ToolContract, Verify

KEY, OTHER = "a1" * 32, "b2" * 32


def contract(form: KeyForm | None, argument: str = "it", **terms: object) -> ToolContract:
    key = None if form is None else KeyPlace(argument=argument, form=form)
    return ToolContract(name="git.commit", server="git", tool="commit", key=key, **terms)


VALUE, TRAILER, LABEL = (contract(form) for form in KeyForm)
NOWHERE = contract(None)
CONTRACTS = st.sampled_from([VALUE, TRAILER, LABEL, NOWHERE])

TEXTS = st.text() | st.sampled_from(
    ["", "Fix", "Fix\n\n", "{key}", "Handrail-Key", f"Fix {KEY}", "Fix\n\n{key}"]
)
ITEMS = st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS, max_size=3)
ARGUMENTS = st.fixed_dictionaries({}, optional={"it": ITEMS, "also": ITEMS})


def digest(terms: ToolContract, arguments: dict) -> str:
    return effect_digest(terms, canonical(arguments), "target", "definition", canonical(None))


def sent(terms: ToolContract, arguments: dict, key: str = KEY) -> dict:
    """The arguments with the key; a case without a place for it is left to other tests."""
    try:
        return placed(terms, arguments, key)
    except NoPlace:
        assume(False)
        raise


@given(CONTRACTS, ARGUMENTS)
def test_with_the_key_and_without_it_it_is_the_same_effect(terms, arguments):
    sending = sent(terms, arguments)

    assert digest(terms, taken_out(terms, sending, KEY)) == digest(terms, arguments)


@given(CONTRACTS, ARGUMENTS)
def test_with_the_placeholder_and_without_it_it_is_the_same_effect(terms, arguments):
    assert digest(terms, sent(terms, arguments, KEY_PLACEHOLDER)) == digest(terms, arguments)


@given(CONTRACTS, ARGUMENTS, ARGUMENTS)
def test_two_calls_are_the_same_effect_only_when_the_same_bytes_are_sent(terms, one, other):
    same_bytes = canonical(sent(terms, one)) == canonical(sent(terms, other))

    assert (digest(terms, one) == digest(terms, other)) == same_bytes


@given(CONTRACTS, ARGUMENTS)
def test_a_key_is_put_there_once_however_often_it_is_put(terms, arguments):
    once = sent(terms, arguments)

    assert placed(terms, once, KEY) == once


@given(CONTRACTS, ARGUMENTS)
def test_nothing_but_its_own_argument_changes(terms, arguments):
    rest = {**sent(terms, arguments), "it": None}

    assert rest == {**arguments, "it": None}


@given(st.sampled_from([VALUE, TRAILER, LABEL]), ARGUMENTS)
def test_another_key_makes_other_bytes_and_is_not_taken_for_ours(terms, arguments):
    sending = sent(terms, arguments)

    assert sending != sent(terms, arguments, OTHER)
    with pytest.raises(NoPlace, match=r"^the key does not stand in the argument it of git\.commit$"):
        taken_out(terms, sending, OTHER)
    with pytest.raises(NoPlace):
        placed(terms, sending, OTHER)


MARKED = st.sampled_from(
    [
        5,
        OTHER,
        f"Fix\n\nHandrail-Key: {OTHER}",
        "Handrail-Key: {key}\n\nHandrail-Key: {key}",
        [f"handrail-{OTHER[:32]}", "handrail-{key}"],
        ["handrail-{key}", "handrail-{key}"],
    ]
)


@given(st.sampled_from([VALUE, TRAILER, LABEL]), MARKED, ARGUMENTS)
def test_where_no_key_could_stand_the_digest_is_that_of_nothing_that_is_sent(terms, marked, arguments):
    refused = {**arguments, "it": marked}
    assume(why_not(terms, refused))

    assert digest(terms, refused) != digest(terms, sent(terms, arguments))


@pytest.mark.parametrize(
    ("terms", "before", "after"),
    [
        (VALUE, {}, {"it": KEY}),
        (TRAILER, {"it": "Fix it"}, {"it": f"Fix it\n\nHandrail-Key: {KEY}"}),
        (TRAILER, {"it": ""}, {"it": f"Handrail-Key: {KEY}"}),
        (TRAILER, {}, {"it": f"Handrail-Key: {KEY}"}),
        (TRAILER, {"it": None}, {"it": f"Handrail-Key: {KEY}"}),
        (LABEL, {"it": ["bug", 7]}, {"it": ["bug", 7, f"handrail-{KEY[:32]}"]}),
        (LABEL, {}, {"it": [f"handrail-{KEY[:32]}"]}),
        (NOWHERE, {"it": "Fix it"}, {"it": "Fix it"}),
    ],
)
def test_each_form_puts_the_key_in_its_own_way(terms, before, after):
    assert placed(terms, before, KEY) == after


FILLED_IN = "is filled in by Handrail"
A_LINE = "has a line that begins with Handrail-Key: and only Handrail may write one"
AN_ITEM = "has an item that looks like a key, and only Handrail may put one there"


@pytest.mark.parametrize(
    ("terms", "arguments", "why"),
    [
        (VALUE, {"it": OTHER}, FILLED_IN),
        (VALUE, {"it": None}, FILLED_IN),
        (VALUE, {"it": KEY_PLACEHOLDER}, FILLED_IN),
        (TRAILER, {"it": 5}, "takes the key as its last line, so it has to be a text"),
        (TRAILER, {"it": f"Fix\n\nHandrail-Key: {OTHER}"}, A_LINE),
        (TRAILER, {"it": "Fix\n\nHandrail-Key: {key}"}, A_LINE),
        (TRAILER, {"it": f" handrail-key : {KEY}\nSigned-off-by: me"}, A_LINE),
        (TRAILER, {"it": f"Handrail-Key: {KEY}\n\nHandrail-Key: {KEY}"}, A_LINE),
        (LABEL, {"it": "bug"}, "takes the key as one of its items, so it has to be a list"),
        (LABEL, {"it": [f"Handrail-{OTHER[:32]}"]}, AN_ITEM),
        (LABEL, {"it": [f"handrail-{KEY[:32]}", "bug"]}, AN_ITEM),
        (LABEL, {"it": ["handrail-{key}"]}, AN_ITEM),
    ],
)
def test_where_no_key_can_stand_it_says_why(terms, arguments, why):
    with pytest.raises(NoPlace) as refused:
        placed(terms, arguments, KEY)
    assert str(refused.value) == f"the argument it of git.commit {why}"


@pytest.mark.parametrize(
    ("terms", "arguments"),
    [
        (VALUE, {"it": KEY}),
        (TRAILER, {"it": f"Handrail-Key: {KEY}"}),
        (LABEL, {"it": [f"handrail-{KEY[:32]}"]}),
    ],
)
def test_a_planner_that_brings_a_key_is_refused_whichever_it_is(terms, arguments):
    """Placing is idempotent, so the one who looks beforehand has to ask."""
    assert placed(terms, arguments, KEY) == arguments
    assert why_not(terms, arguments)
    assert not why_not(terms, {})


@pytest.mark.parametrize("label", ["handrail-demo", "handrail-beef", f"handrail-{KEY}"])
def test_a_label_that_only_begins_like_ours_is_anybodys(label):
    assert placed(LABEL, {"it": [label]}, KEY) == {"it": [label, f"handrail-{KEY[:32]}"]}


@pytest.mark.parametrize(("terms", "marked"), [(VALUE, KEY), (TRAILER, KEY), (LABEL, f"handrail-{KEY[:32]}")])
def test_the_mark_is_what_is_looked_for(terms, marked):
    assert mark(terms, KEY) == marked
    assert marked in canonical(placed(terms, {}, KEY))


# What verify asks


def asks(arguments: dict) -> ToolContract:
    return contract(KeyForm.LABEL, "labels", verify=Verify(tool="find", arguments=arguments, found="hits"))


def test_the_question_names_the_mark_and_the_call_s_own_arguments_with_their_types():
    terms = asks({"labels": ["{key}"], "repo": "{owner}/{repo}", "number": "{number}", "open": True})

    asked = question(terms, {"owner": "me", "repo": "it", "number": 7, "labels": ["bug"]}, KEY)

    assert asked == {"labels": [f"handrail-{KEY[:32]}"], "repo": "me/it", "number": 7, "open": True}


def test_what_stands_in_an_argument_is_never_read_as_a_name():
    assert question(asks({"q": "{title} {key}"}), {"title": "{key}{number}"}, KEY) == {
        "q": f"{{key}}{{number}} handrail-{KEY[:32]}"
    }


def test_an_argument_that_is_no_text_is_json_among_text():
    assert question(asks({"q": "n={n} {key}"}), {"n": {"b": True}}, KEY)["q"].startswith('n={"b":true} ')


def test_a_call_without_the_argument_that_is_asked_for_can_not_be_looked_for():
    with pytest.raises(NoPlace, match="the call has no argument service"):
        question(asks({"q": "{key}", "service": "{service}"}), {}, KEY)


def test_the_names_in_a_question_are_found_wherever_they_stand():
    assert {*names_in({"a": "{key}", "b": [{"c": "x{one}y{two}"}], "d": 5})} == {"key", "one", "two"}
