"""The fields for arguments: by the tool's JSON schema where that is known, and else by what stands in them now."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.rules.visible import visible
from workflows.values.approval import Shown
from workflows.values.base import Json

from .. import words
from .blocks import units
from .fields import as_said

INPUT_LIMIT = 3000
"""Of a plain_text_input: docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element."""
BLOCK_ID_LIMIT = 255
OPTIONS = 100
OPTION_VALUE, OPTION_LABEL = 150, 75
"""Of an option: docs.slack.dev/reference/block-kit/composition-objects/option-object."""
ARGUMENT = "argument/"
"""How the id of a field's block begins; the rest is the argument's own name."""
LONGEST_NUMBER = 15
"""Characters: what every reader takes for the same number."""


class Kind(StrEnum):
    """How a value is put into a field: the field's action id."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    CHOICES = "choices"
    LINES = "lines"
    """A list of texts, one a line."""
    JSON = "json"


class Field(NamedTuple):
    """One argument as it stands in the dialog."""

    name: str
    kind: Kind
    raw: str
    """As it stands in the field, and comes back when nobody touches it. Of choices: their values, one a line."""
    value: Json = None
    present: bool = True
    """Does the call have it?"""
    shape: dict[str, Any] = {}
    """Its schema; empty where it is not known."""
    required: bool = True
    nullable: bool = False
    locked: str = ""
    """Why it can't be edited here."""

    @property
    def block_id(self) -> str:
        return ARGUMENT + self.name

    @property
    def options(self) -> list[str]:
        """What can be chosen, each as JSON."""
        return options(self.shape if self.kind is Kind.CHOICE else _core(self.shape.get("items"))[0])


def fields_of(shown: Shown, schema: Json) -> list[Field]:
    """Of all arguments, in the order of the schema; those that can't be edited with the reason."""
    try:
        given = parse(shown.arguments)
    except NotCanonical:
        return []
    if not isinstance(given, dict):
        return []
    known = schema if isinstance(schema, dict) else {}
    shapes = known.get("properties", {})
    fields = []
    for name in dict.fromkeys([*shapes, *given]):
        field = _field(name, given, shapes.get(name), required=not known or name in known.get("required", ()))
        if name in shown.locked:
            field = field._replace(locked=words.LOCKED)
        if field.present or not field.locked:
            fields.append(field)
    return fields


def _field(name: str, given: dict[str, Json], schema: Json, *, required: bool) -> Field:
    shape, nullable = _core(schema)
    if nullable and (picks := _picks(shape)):
        shape["enum"] = [*(each for each in picks if each is not None), None]
    present, value = name in given, given.get(name)
    kind, raw = _entry(shape, value, present=present)
    return Field(name, kind, raw, value, present, shape, required, nullable, _why_locked(name, raw))


def _why_locked(name: str, raw: str) -> str:
    if not name or visible(name) != name or units(ARGUMENT + name) > BLOCK_ID_LIMIT:
        return words.BAD_NAME
    if units(raw) > INPUT_LIMIT:
        return words.TOO_LONG_TO_EDIT
    # What somebody edits they have to see, and what they did not touch has to come back as it was.
    return words.HIDDEN_IN_IT if visible(raw) != raw else ""


def _core(schema: Json) -> tuple[dict[str, Any], bool]:
    """A schema without what is wrapped around it, and whether null is allowed too."""
    if not isinstance(schema, dict):
        return {}, False
    shape, nullable = dict(schema), False
    for part in _parts(shape.pop("allOf", None)):
        shape = {**part, **shape}
    for keyword in ("anyOf", "oneOf"):
        parts = _parts(shape.get(keyword))
        others = [part for part in parts if part != {"type": "null"}]
        if len(parts) == 2 and len(others) == 1:
            shape, nullable = {**others[0], **shape}, True
            del shape[keyword]
    kinds = shape.get("type")
    if isinstance(kinds, list) and len(kinds) == 2 and "null" in kinds:
        [shape["type"]], nullable = [kind for kind in kinds if kind != "null"], True
    return shape, nullable


def _parts(schemas: Json) -> list[dict[str, Any]]:
    return [each for each in schemas if isinstance(each, dict)] if isinstance(schemas, list) else []


def _entry(shape: dict[str, Any], value: Json, *, present: bool) -> tuple[Kind, str]:
    """How it is put in, and what stands there now: what the schema says has to fit what is there."""
    empty = value is None
    picks = options(shape)
    if picks and (not present or _as_option(value) in picks):
        return Kind.CHOICE, _as_option(value) if present else ""
    match shape.get("type"):
        case "string" if empty or isinstance(value, str):
            return Kind.TEXT, value or ""
        case "integer" | "number" if empty or _plain_number(value):
            return Kind.NUMBER, "" if empty else json.dumps(value)
        case "array":
            made = _list_entry(shape, [] if empty else value)
            if made is not None:
                return made
    if isinstance(value, str):
        return Kind.TEXT, value
    return Kind.JSON, as_json(value) if present else ""


def _list_entry(shape: dict[str, Any], value: Json) -> tuple[Kind, str] | None:
    items, _ = _core(shape.get("items"))
    if not isinstance(value, list):
        return None
    picks, chosen = options(items), [_as_option(each) for each in value]
    if picks and set(chosen) <= set(picks) and len(set(chosen)) == len(chosen):
        return Kind.CHOICES, in_order(chosen, picks)
    if items.get("type") == "string" and all(map(_fits_a_line, value)):
        return Kind.LINES, "\n".join(value)
    return None


def _fits_a_line(item: Json) -> bool:
    return isinstance(item, str) and bool(item.strip()) and "\n" not in item and visible(item) == item


def _plain_number(value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    said = json.dumps(value)
    return "e" not in said and len(said) <= LONGEST_NUMBER


def options(shape: dict[str, Any]) -> list[str]:
    """The values that can be chosen, each as JSON; none where it is no choice, or Slack has no room for it."""
    made = [_as_option(each) for each in _picks(shape)]
    fits = len(made) < OPTIONS and all(
        0 < units(each) <= OPTION_VALUE and _fits_label(label_of(each)) for each in made
    )
    return made if fits and len(set(made)) == len(made) else []


def _picks(shape: dict[str, Any]) -> list[Json]:
    values = shape.get("enum", [True, False] if shape.get("type") == "boolean" else None)
    return values if isinstance(values, list) else []


def _fits_label(label: str) -> bool:
    return bool(label.strip()) and units(label) <= OPTION_LABEL and visible(label) == label


def _as_option(value: Json) -> str:
    try:
        return canonical(value)
    except NotCanonical:
        return ""


def label_of(option: str) -> str:
    return as_said(parse(option)) if option else ""


def in_order(chosen: Sequence[str], picks: Sequence[str]) -> str:
    """Chosen options one a line, always in the order in which they are offered: they hold no line end."""
    return "\n".join(each for each in picks if each in set(chosen))


def as_json(value: Json) -> str:
    """On several lines where they fit; what can't be seen is escaped."""
    pretty = json.dumps(value, ensure_ascii=False, indent=2)
    if visible(pretty) != pretty:
        pretty = json.dumps(value, indent=2)
    return pretty if units(pretty) <= INPUT_LIMIT else json.dumps(value, ensure_ascii=False)
