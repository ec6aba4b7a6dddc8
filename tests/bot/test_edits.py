"""The dialog for arguments: what can be edited, what was changed, and what is refused at its own field."""

import json

import pytest

from bot.edits import BadEntries, edited
from bot.errors import BadPayload
from bot.views.editing import edit_modal
from bot.views.refs import ApprovalRef
from sandbox.client import words
from sandbox.view_rules import filled_state, parse_view
from tests.bot.views import RUN, approval, shown
from workflows.rules.canonical import canonical
from workflows.values.approval import ApprovalState

REF = ApprovalRef(run=RUN, approval="4.1", gate="a" * 64)
ARGUMENTS = {
    "service": "checkout",
    "note": "first\nsecond",
    "replicas": 3,
    "dry": False,
    "tags": ["a", "b"],
    "limits": {"cpu": 1.5, "name": "Ünïcode"},
    "owner": None,
    "empty": "",
}


def dialog(arguments=ARGUMENTS, schema=None, **changes):
    asked = approval(shown=shown(arguments=canonical(arguments), **changes), input_schema=schema)
    return parse_view(edit_modal(asked, REF), "modal")


def sent(view, **typed):
    """The dialog as Slack sends it back with *typed* in its fields."""
    given = {}
    for block in view["blocks"]:
        if block["type"] == "input" and (name := block["block_id"].removeprefix("argument/")) in typed:
            given[block["block_id"]] = {block["element"]["action_id"]: {"value": typed[name]}}
    return {"view": {**view, "state": {"values": filled_state(view, given)}}}


def edit(view, arguments=ARGUMENTS, schema=None, **typed):
    """What is made of it: the arguments that change."""
    arguments, without = edited(sent(view, **typed), shown(arguments=canonical(arguments)), schema)
    assert without == ()
    return json.loads(arguments)


def inputs(view):
    return {block["label"]["text"]: block for block in view["blocks"] if block["type"] == "input"}


def test_each_argument_has_a_field_and_what_is_no_text_is_json():
    fields = inputs(dialog())

    assert set(fields) == set(ARGUMENTS)
    assert fields["service"]["element"]["initial_value"] == "checkout"
    assert not fields["service"]["element"]["multiline"]
    assert fields["note"]["element"]["multiline"]
    assert "initial_value" not in fields["empty"]["element"]
    for name in ("replicas", "dry", "tags", "limits", "owner"):
        assert fields[name]["hint"]["text"] == "JSON"
        assert json.loads(fields[name]["element"]["initial_value"]) == ARGUMENTS[name]
        assert fields[name]["element"]["multiline"]
    assert json.loads(dialog()["private_metadata"]) == json.loads(REF.packed())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gate": "b" * 64}, "A newer preview took the place of this one"),
        ({"state": ApprovalState.SUPERSEDED}, "A newer preview took the place of this one"),
        ({"state": ApprovalState.REJECTED}, "This was settled meanwhile"),
    ],
)
def test_what_is_over_or_another_by_now_is_not_edited(changes, said):
    view = parse_view(edit_modal(approval(**changes), REF), "modal")

    assert said in words(view)
    assert view.get("submit") is None


def test_only_what_differs_is_sent_and_keeps_its_type():
    view = dialog()

    assert edit(view, service="1") == {"service": "1"}
    assert edit(view, replicas="4", dry="true") == {"replicas": 4, "dry": True}
    assert edit(view, tags='["a"]', note=None) == {"tags": ["a"], "note": ""}
    assert edit(view, owner='{"id": 7}') == {"owner": {"id": 7}}


def test_another_way_of_writing_the_same_value_changes_nothing():
    with pytest.raises(BadEntries) as refused:
        edit(dialog(), limits='{"name":"Ünïcode","cpu":1.5}', tags='[ "a","b" ]')

    assert refused.value.errors == {"argument/dry": "Nothing was changed."}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('{"cpu": 1, "cpu": 2}', "the key 'cpu' stands there twice"),
        ("NaN", "NaN has no JSON form"),
        ("1e999", "NaN and infinity have no JSON form"),
        ("four", "Expecting value"),
        (None, "Expecting value"),
        ('"\\ud800"', "half of a character"),
        ("[" * 2000 + "]" * 900, "nested too deeply"),
        ("[" * 100 + "]" * 100, "nested more than 64 deep"),
    ],
)
def test_what_is_not_json_is_refused_at_its_field(typed, said):
    with pytest.raises(BadEntries) as refused:
        edit(dialog(), replicas=typed)

    [(block, text)] = refused.value.errors.items()
    assert block == "argument/replicas"
    assert said in text
    assert len(text) < 300


def test_half_a_character_in_a_text_is_refused_and_not_mended():
    with pytest.raises(BadEntries, match="half of a character"):
        edit(dialog(), service="a\ud800b")


def test_what_can_not_be_edited_is_shown_with_the_reason():
    arguments = {
        "password": "•••",
        "long": "x" * 3001,
        "emoji": "🎉" * 1501,
        "hidden": "a\u202eb",
        "a\u200bb": "x",
        "n" * 300: "x",
        "fine": "y",
    }
    view = dialog(arguments, masked=True, locked=("password",))
    said = words(view)

    assert set(inputs(view)) == {"fine"}
    assert "password\n. Can't be edited here: something in it is masked.\n•••" in said
    assert said.count("it is longer than a field of a dialog") == 2
    assert "of 3,001 characters shown; all of it in Details" in said
    assert "it holds characters that can't be seen.\na\\u{202e}b" in said
    assert said.count("its name does not fit a dialog") == 2


def test_what_can_not_be_seen_inside_json_is_escaped_and_comes_back_as_it_was():
    arguments = {"tags": ["a\u202eb"], "n": 1}
    view = dialog(arguments)

    assert "\\u202e" in inputs(view)["tags"]["element"]["initial_value"]
    assert edit(view, arguments, n="2") == {"n": 2}


def test_where_nothing_can_be_edited_there_is_nothing_to_send():
    view = dialog({"password": "•••"}, masked=True, locked=("password",))

    assert view.get("submit") is None
    assert "None of its arguments can be edited here." in words(view)
    assert dialog({}).get("submit") is None


def test_more_arguments_than_a_dialog_holds_are_counted():
    view = dialog({f"name{number:03}": "x" for number in range(100)})

    assert len(inputs(view)) == 60
    assert "the dialog is full" in words(view)
    assert "20 more can't be edited here." in words(view)


def malformed():
    good = sent(dialog())
    yield {}
    yield {"view": None}
    yield {"view": {**good["view"], "state": {}}}
    values = good["view"]["state"]["values"]
    for broken in (
        {},
        {**values, "argument/service": None},
        {**values, "argument/service": {"text": "x"}},
        {**values, "argument/service": {"text": {"value": 5}}},
        {**values, "argument/service": {"other": {"value": "x"}}},
        {**values, "argument/service": {"text": {"value": "x"}, "json": {"value": "1"}}},
    ):
        yield {"view": {**good["view"], "state": {"values": broken}}}


@pytest.mark.parametrize("body", list(malformed()))
def test_a_malformed_dialog_is_refused(body):
    with pytest.raises(BadPayload):
        edited(body, shown(arguments=canonical(ARGUMENTS)), None)
