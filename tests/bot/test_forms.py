"""The dialog for arguments, made from the tool's own schema: a field for each kind, and errors where they belong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.edits import BadEntries, edited
from bot.errors import BadPayload
from bot.views.editing import edit_modal
from sandbox.view_rules import complaints, filled_state, parse_view
from tests.bot.test_edits import REF, inputs
from tests.bot.views import approval, shown
from workflows.rules.canonical import canonical

SCHEMA = {
    "type": "object",
    "properties": {
        "service": {"type": "string", "description": "Which\n service <!channel>", "pattern": "^[a-z]+$"},
        "replicas": {"type": "integer", "minimum": 1, "maximum": 9},
        "ratio": {"type": "number"},
        "place": {"enum": ["prod", "staging"]},
        "size": {"allOf": [{"enum": [1, "1", None]}, {"title": "Size"}]},
        "force": {"type": "boolean"},
        "careful": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "hosts": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "zones": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        "note": {"type": ["string", "null"]},
        "limits": {"type": "object", "properties": {"cpu": {"type": "number"}}},
    },
    "required": ["service", "replicas", "place", "hosts"],
    "additionalProperties": False,
}
ARGUMENTS = {
    "service": "checkout",
    "replicas": 3,
    "place": "prod",
    "hosts": ["h1", "h2"],
    "zones": ["c", "a"],
    "note": "x",
    "limits": {"cpu": 1},
}


def dialog(arguments=ARGUMENTS, schema=SCHEMA):
    asked = approval(shown=shown(arguments=canonical(arguments)), input_schema=schema)
    return parse_view(edit_modal(asked, REF), "modal")


def answered(element, typed):
    kind = element["type"]
    if kind in ("static_select", "radio_buttons"):
        return {"selected_option": {"value": typed} if typed is not None else None}
    return {"selected_options": typed} if kind == "multi_static_select" else {"value": typed}


def send(arguments=ARGUMENTS, schema=SCHEMA, **typed):
    """What is made of the dialog with *typed* in its fields: what changes, and what is left out."""
    view = dialog(arguments, schema)
    given = {
        block["block_id"]: {block["element"]["action_id"]: answered(block["element"], typed[name])}
        for name, block in inputs(view).items()
        if name in typed
    }
    body = {"view": {**view, "state": {"values": filled_state(view, given)}}}
    made = edited(body, shown(arguments=canonical(arguments)), schema)
    return json.loads(made.arguments), made.without


def refused(**typed):
    with pytest.raises(BadEntries) as bad:
        send(**typed)
    return bad.value.errors


def chosen(*values):
    return [{"value": json.dumps(value)} for value in values]


def test_each_kind_of_argument_has_its_own_kind_of_field():
    fields = inputs(dialog())
    kinds = {name: block["element"]["type"] for name, block in fields.items()}

    assert list(kinds) == list(SCHEMA["properties"])
    assert kinds == {
        "service": "plain_text_input",
        "replicas": "number_input",
        "ratio": "number_input",
        "place": "static_select",
        "size": "static_select",
        "force": "radio_buttons",
        "careful": "radio_buttons",
        "hosts": "plain_text_input",
        "zones": "multi_static_select",
        "note": "plain_text_input",
        "limits": "plain_text_input",
    }
    assert fields["replicas"]["element"]["max_value"] == "9"
    assert not fields["replicas"]["element"]["is_decimal_allowed"]
    assert fields["place"]["element"]["initial_option"]["value"] == '"prod"'
    assert [each["text"]["text"] for each in fields["size"]["element"]["options"]] == [
        "1",
        '"1"',
        "null",
        "(left out)",
    ]
    assert fields["hosts"]["element"]["initial_value"] == "h1\nh2"
    assert [each["value"] for each in fields["zones"]["element"]["initial_options"]] == ['"a"', '"c"']
    assert fields["service"]["hint"]["text"] == "The tool says: Which service <!channel>"
    assert json.loads(fields["limits"]["element"]["initial_value"]) == {"cpu": 1}


def test_what_the_tool_requires_has_to_be_filled_in_and_the_rest_may_be_left_out():
    view = dialog()
    emptied = {
        block["block_id"]: {block["element"]["action_id"]: {"value": None}}
        for block in inputs(view).values()
        if block["element"]["type"].endswith("_input")
    }

    assert set(complaints(view, filled_state(view, emptied))) == {
        f"argument/{name}" for name in ("service", "replicas", "hosts")
    }
    assert send(note=None, limits=None, zones=[]) == ({}, ("zones", "note", "limits"))


def test_all_that_may_be_left_out_says_so_and_what_goes_then():
    given = {"type": "object", "required": ["service"]}
    given["properties"] = {
        "service": {"type": "string", "default": "search"},
        "strategy": {"enum": ["rolling", "at once"], "default": "rolling"},
        "notify": {"type": "boolean", "default": False},
        "note": {"type": "string", "default": "", "description": "Why"},
        "zones": {"type": "array", "items": {"type": "string"}, "default": None},
    }
    fields = inputs(dialog({"service": "checkout"}, given))
    hints = {name: block.get("hint", {}).get("text", "") for name, block in fields.items()}

    assert [name for name, block in fields.items() if block["optional"]] == [
        "strategy",
        "notify",
        "note",
        "zones",
    ]
    assert hints == {
        "service": "",
        "strategy": "Left out, it is rolling, as the tool says.",
        "notify": "Left out, it is false, as the tool says.",
        "note": 'Left out, it is "", as the tool says. The tool says: Why',
        "zones": "One a line.",
    }
    assert send({"service": "checkout", "notify": True}, given, notify=None) == ({}, ("notify",))


def test_what_is_chosen_and_typed_keeps_its_type():
    assert send(replicas="4", ratio="0.5", place='"staging"', size='"1"') == (
        {"replicas": 4, "ratio": 0.5, "place": "staging", "size": "1"},
        (),
    )
    assert send(force="true", careful="null", hosts="h1\r\n\nh3\n") == (
        {"force": True, "careful": None, "hosts": ["h1", "h3"]},
        (),
    )
    assert send(zones=chosen("b", "a"), limits='{"cpu": 2}') == (
        {"zones": ["a", "b"], "limits": {"cpu": 2}},
        (),
    )
    with_size = {**ARGUMENTS, "size": None}
    assert send(with_size, size="-") == ({}, ("size",))


def test_what_nobody_touched_is_sent_by_nobody():
    assert refused() == {"argument/service": "Nothing was changed."}
    # The same zones in another order, the same JSON written otherwise, the same number with a zero before it.
    same = refused(zones=chosen("c", "a"), limits='{ "cpu":1 }')
    assert same == {"argument/service": "Nothing was changed."}


def test_whatever_the_schema_refuses_is_said_at_its_field_and_all_at_once():
    errors = refused(service="Checkout!", replicas="12", limits='{"cpu": "many"}')

    assert errors == {
        "argument/service": "The tool does not take this: 'Checkout!' does not match '^[a-z]+$'.",
        "argument/replicas": "The tool does not take this: 12 is greater than the maximum of 9.",
        "argument/limits": "The tool does not take this: 'many' is not of type 'number'.",
    }
    assert refused(replicas="three", service="A") == {
        "argument/replicas": "This can't be read as a number, such as 3 or 0.5: Expecting value: line 1 column 1 (char 0)."
    }
    assert "argument/ratio" in refused(ratio="NaN")
    assert "argument/replicas" in refused(replicas="1.5")


def test_what_is_wrong_with_what_nobody_edited_is_blamed_on_nothing():
    odd = {**ARGUMENTS, "place": "moon", "service": "OLD"}

    assert send(odd, replicas="4") == ({"replicas": 4}, ())
    # It is no choice then: what stands there is not among what could be chosen.
    assert inputs(dialog(odd))["place"]["element"]["type"] == "plain_text_input"
    assert refused_of(odd, place="mars") == {
        "argument/place": "The tool does not take this: 'mars' is not one of ['prod', 'staging']."
    }


def refused_of(arguments, schema=SCHEMA, **typed):
    with pytest.raises(BadEntries) as bad:
        send(arguments, schema, **typed)
    return bad.value.errors


def test_what_concerns_several_arguments_is_said_at_the_first_that_was_edited():
    either = {**SCHEMA, "not": {"required": ["force", "note"]}}

    [(at, said)] = refused_of(ARGUMENTS, either, force="true").items()
    assert at == "argument/force"
    assert "should not be valid" in said


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"enum": ["x" * 76]}, "x" * 76),
        ({"enum": ["a\u202eb", "c"]}, "c"),
        ({"enum": [f"n{n}" for n in range(100)]}, "n1"),
        ({"enum": ["a", "b"]}, "c"),
        ({"enum": []}, "c"),
        ({"type": "integer"}, "3"),
        ({"type": "array", "items": {"type": "string"}}, "h"),
    ],
)
def test_what_slack_has_no_field_for_is_a_text(schema, value):
    made = {"type": "object", "properties": {"a": schema}}

    assert inputs(dialog({"a": value}, made))["a"]["element"]["type"] == "plain_text_input"
    assert inputs(dialog({"a": value}, made))["a"]["element"]["action_id"] == "text"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "number"}, 1e300),
        ({"type": "integer"}, 12345678901234567890),
        ({"type": "array", "items": {"type": "string"}}, ["a\nb"]),
        ({"type": "array", "items": {"type": "string"}}, [""]),
        ({"type": "array", "items": {"enum": ["a"]}}, ["a", "a"]),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "string"}, None),
    ],
)
def test_what_a_plainer_field_could_not_give_back_is_json_or_stays_as_it_was(schema, value):
    made = {"type": "object", "properties": {"a": schema, "b": {"type": "string"}}}
    [block] = [block for name, block in inputs(dialog({"a": value}, made)).items() if name == "a"]

    assert block["element"]["action_id"] == ("json" if value is not None else "text")
    assert send({"a": value}, made, b="x") == ({"b": "x"}, ())


def test_a_pattern_that_would_keep_the_bot_busy_does_not():
    made = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}

    assert "does not match" in refused_of({"a": "a"}, made, a="a" * 60 + "!")["argument/a"]
    lookahead = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(?=b)"}}}
    assert send({"a": "a"}, lookahead, a="c") == ({"a": "c"}, ())


def test_a_choice_that_was_not_offered_is_refused():
    with pytest.raises(BadPayload):
        send(place='"moon"')
    with pytest.raises(BadPayload):
        send(zones="a")


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYWORDS = st.sampled_from(
    ["type", "enum", "anyOf", "allOf", "items", "minimum", "maximum", "description", "minItems", "pattern"]
)
SHAPES = st.recursive(
    st.dictionaries(KEYWORDS, ODD | st.sampled_from(["string", "integer", "array", "boolean"]), max_size=4),
    lambda inner: st.dictionaries(KEYWORDS, inner | st.lists(inner, max_size=3), max_size=3),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, value=ODD)
def test_whatever_a_server_says_of_its_arguments_the_dialog_opens_and_can_be_sent(shape, value):
    schema = {"type": "object", "properties": {"a": shape, "b": {"type": "string"}}, "required": ["a"]}
    value = json.loads(json.dumps(value).encode("utf-8", "replace"))

    assert send({"a": value}, schema, b="x") == ({"b": "x"}, ())
