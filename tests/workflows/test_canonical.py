"""Arguments have one form; two that could be confused never have the same digest."""

import contextlib
import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.far_end import DEPLOY
from tests.workflows.samples import call, effect
from workflows.rules.canonical import MAX_BYTES, MAX_DEPTH, NotCanonical, canonical, canonical_text, parse
from workflows.rules.digests import effect_digest, effect_key
from workflows.values.base import CanonicalJson
from workflows.values.tools import EffectClass

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_the_canonical_form_says_the_same_and_is_a_fixed_point(value):
    text = canonical(value)
    assert canonical_text(text) == text
    assert json.loads(text) == value


@given(JSON, JSON)
def test_two_values_share_a_form_only_when_they_are_the_same_json(one, other):
    assert (canonical(one) == canonical(other)) == (
        json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    )


def test_numbers_and_truth_are_told_apart():
    assert len({canonical(value) for value in (1, 1.0, True, "1")}) == 4


def test_the_order_of_keys_does_not_matter_and_that_of_a_list_does():
    assert canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1}) == '{"a":2,"b":1}'
    assert canonical([1, 2]) != canonical([2, 1])


def test_characters_stand_for_themselves():
    assert canonical({"é": "\u2028😀", "e": "\x01"}) == '{"e":"\\u0001","é":"\u2028😀"}'


TOO_LARGE = "larger than 1048576 bytes"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"env":"staging","env":"prod"}', "the key 'env' stands there twice"),
        ('{"a":{"b":1,"c":2,"c":2}}', "the key 'c' stands there twice"),
        ('{"n":NaN}', "NaN has no JSON form"),
        ('{"n":-Infinity}', "-Infinity has no JSON form"),
        ('{"n":1e999}', "NaN and infinity have no JSON form"),
        ('"\\ud800"', "a lone surrogate: half of a character"),
        ('{"\\udfff":1}', "a lone surrogate: half of a character"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested more than 64 deep"),
        ('{"":' * MAX_DEPTH + "1" + "}" * MAX_DEPTH, "nested more than 64 deep"),
        ("[" * 100_000, "nested too deeply"),
        ('"' + "x" * (MAX_BYTES - 1) + '"', TOO_LARGE),
        ('"' + "é" * (MAX_BYTES // 2) + '"', TOO_LARGE),
    ],
    ids=count(),
)
def test_what_two_readers_might_read_differently_is_refused(text, why):
    with pytest.raises(NotCanonical) as refused:
        parse(text)
    assert str(refused.value) == why


@pytest.mark.parametrize("text", ["{", "", "{'a':1}", "1 2", "\ufeff1"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(NotCanonical, match=r"^not JSON: "):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        '"' + "x" * (MAX_BYTES - 2) + '"',
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        '{"":' * (MAX_DEPTH - 1) + "{}" + "}" * (MAX_DEPTH - 1),
    ],
    ids=["large", "deep in lists", "deep in objects"],
)
def test_what_is_as_large_or_as_deep_as_may_be_is_not(text):
    assert canonical_text(text) == text


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({1: "a"}, "a key that is not text: 1"),
        ({"a": object()}, "object has no JSON form"),
        (b"bytes", "bytes has no JSON form"),
        (float("nan"), "NaN and infinity have no JSON form"),
        ("\ud800", "a lone surrogate: half of a character"),
        (json.loads("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)), "nested more than 64 deep"),
        ("x" * MAX_BYTES, TOO_LARGE),
    ],
    ids=count(),
)
def test_a_python_value_without_json_form_is_refused(value, why):
    with pytest.raises(NotCanonical) as refused:
        canonical(value)
    assert str(refused.value) == why


def digest(**other):
    parts = {
        "contract": DEPLOY,
        "arguments": call().arguments,
        "target": "prod/checkout",
        "definition": "d",
        "precondition": CanonicalJson("{}"),
    }
    return effect_digest(**{**parts, **other})


def test_the_effect_digest_covers_every_part_of_what_would_happen():
    digests = {
        digest(),
        digest(arguments=call("1.4.3").arguments),
        digest(target="prod/search"),
        digest(definition="e"),
        digest(precondition=CanonicalJson('{"from":"1.4.1"}')),
        digest(contract=DEPLOY.model_copy(update={"server": "other"})),
        digest(contract=DEPLOY.model_copy(update={"tool": "other"})),
        digest(contract=DEPLOY.model_copy(update={"effect_class": EffectClass.IDEMPOTENT})),
    }
    assert len(digests) == 8


def test_the_key_depends_on_the_call_and_not_on_when_or_how_it_was_shown():
    same = effect_key("run/1", call(), DEPLOY, 1)
    keys = {
        same,
        effect_key("run/2", call(), DEPLOY, 1),
        effect_key("run/1", call("1.4.3"), DEPLOY, 1),
        effect_key("run/1", call().model_copy(update={"number": 2}), DEPLOY, 1),
        effect_key("run/1", call(), DEPLOY.model_copy(update={"target": "all"}), 1),
        effect_key("run/1", call(), DEPLOY, 2),
    }

    assert len(keys) == 6
    assert effect().key == effect(running="1.4.9").key == same


def test_the_key_is_the_one_of_what_was_proposed_however_people_edit_it():
    edited = call("1.4.3").model_copy(update={"before_edits": call().arguments})

    assert effect_key("run/1", edited, DEPLOY, 1) == effect().key


@given(st.text())
def test_parsing_never_fails_in_another_way(text):
    with contextlib.suppress(NotCanonical):
        parse(text)
