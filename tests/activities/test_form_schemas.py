"""What people may fill in of a tool's schema: without references, and without what Handrail fills in."""

import pytest

from activities.form_schemas import LARGEST, form_schema
from activities.masking import Masker
from workflows.values.tools import KeyForm, KeyPlace, Precondition, PreviewBy, ToolContract

SECRET = "zP4-not-for-people"
KNOWING = Masker([SECRET], [])
PLAIN = ToolContract(name="s.t", server="s", tool="t")


def form(properties, contract=PLAIN, **more):
    return form_schema({"type": "object", "properties": properties, **more}, contract, KNOWING)


def test_references_are_followed_and_what_stands_beside_them_is_kept():
    made = form(
        {
            "place": {"$ref": "#/$defs/Place", "description": "where", "default": "prod"},
            "small": {"$ref": "#/$defs/Size", "maximum": 3},
            "$ref": {"anyOf": [{"$ref": "#/$defs/a~1b"}, {"type": "null"}]},
            "data": {"enum": [{"$ref": "#/$defs/Place"}]},
        },
        **{
            "$defs": {
                "Place": {"enum": ["prod", "staging"]},
                "Size": {"type": "integer"},
                "a/b": {"type": "array", "items": {"$ref": "#/$defs/Size"}},
            }
        },
    )

    assert made == {
        "type": "object",
        "properties": {
            "place": {"enum": ["prod", "staging"], "description": "where", "default": "prod"},
            "small": {"allOf": [{"type": "integer"}, {"maximum": 3}]},
            "$ref": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
            "data": {"enum": [{"$ref": "#/$defs/Place"}]},
        },
        "required": [],
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"a": {"$ref": "https://example.com/schema"}},
        {"a": {"$ref": "#/$defs/missing"}},
        {"a": {"$ref": "#/properties/a"}},
        {"a": {"properties": {"b": {"$ref": "#"}}}},
        {"a": {"patternProperties": {"(a+)+$": {}}}},
        {"a": {"description": "x" * LARGEST}},
        {f"a{n}": {"allOf": [{"$ref": f"#/properties/a{n + 1}"}] * 2} for n in range(60)},
    ],
)
def test_where_no_form_can_be_made_of_it_there_is_none(schema):
    assert form(schema) is None


def test_a_schema_without_properties_makes_no_form():
    assert form_schema({"type": "object"}, PLAIN, KNOWING) is None
    assert form_schema({"$ref": "#/$defs/x", "$defs": {"x": True}}, PLAIN, KNOWING) is None


def test_a_schema_with_a_secret_in_it_makes_no_form():
    assert form({"token": {"default": "none"}}) is not None
    assert form({"token": {"default": SECRET}}) is None


def test_what_handrail_fills_in_is_no_field():
    contract = PLAIN.model_copy(
        update={
            "preview": PreviewBy(dry_run={"dry_run": True}),
            "key": KeyPlace(argument="request_id"),
            "precondition": Precondition(field="revision", argument="expected"),
        }
    )
    names = ["service", "dry_run", "request_id", "expected"]
    made = form({name: {"type": "string"} for name in names}, contract, required=names)

    assert list(made["properties"]) == made["required"] == ["service"]
    labelled = PLAIN.model_copy(update={"key": KeyPlace(argument="labels", form=KeyForm.LABEL)})
    assert list(form({"labels": {"type": "array"}}, labelled)["properties"]) == ["labels"]
