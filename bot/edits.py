"""What somebody typed into the dialog for arguments: read strictly, and only what they changed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.values.approval import Shown
from workflows.values.base import CanonicalJson, Json

from . import words
from .errors import BadPayload
from .form_check import refusals
from .payloads import Payload
from .views.editing import LEFT_OUT
from .views.forms import ARGUMENT, Field, Kind, fields_of, in_order
from .views.text import one_line, shortened

WHY = 200
"""Characters of a reason under a field."""


class BadEntries(Exception):
    """What was typed can't be used: why, by the id of its field's block."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


class Edited(NamedTuple):
    """What differs from what was shown."""

    arguments: CanonicalJson
    """A JSON object with those that change."""
    without: tuple[str, ...]
    """Those that are left out."""


class Entry(NamedTuple):
    field: Field
    raw: str
    """As it was sent: like the field's own."""


def first_field(body: Payload) -> str:
    """The id of a block that an error can stand at. Raises BadPayload."""
    return next(iter(_values(body)))


def edited(body: Payload, shown: Shown, schema: Json) -> Edited:
    """Of the dialog made from *shown* and *schema*. Raises BadEntries, BadPayload."""
    values = _values(body)
    fields = [each for each in fields_of(shown, schema) if not each.locked and each.block_id in values]
    typed = [Entry(field, _raw(field, values[field.block_id])) for field in fields]
    if not typed:
        raise BadPayload("the dialog has no fields")
    changed, without, errors = _changes([each for each in typed if each.raw != each.field.raw])
    if errors:
        raise BadEntries(errors)
    if not changed and not without:
        raise BadEntries({typed[0].field.block_id: words.NOTHING_EDITED})
    refused = refusals(schema, shown, changed, without)
    if refused:
        raise BadEntries({ARGUMENT + name: _why(words.TOOL_REFUSES, said) for name, said in refused.items()})
    return Edited(canonical(changed), without)


def _values(body: Payload) -> dict[str, Any]:
    view = body.get("view")
    state = view.get("state") if isinstance(view, dict) else None
    values = state.get("values") if isinstance(state, dict) else None
    if not isinstance(values, dict) or not values:
        raise BadPayload("view.state.values is missing")
    return values


def _raw(field: Field, sent: Any) -> str:
    answer = sent.get(field.kind) if isinstance(sent, dict) and len(sent) == 1 else None
    if not isinstance(answer, dict):
        raise BadPayload("a field of the dialog is malformed")
    match field.kind:
        case Kind.CHOICE:
            return _chosen([answer.get("selected_option")], [*field.options, LEFT_OUT]).replace(LEFT_OUT, "")
        case Kind.CHOICES:
            return _chosen(answer.get("selected_options"), field.options)
    value = answer.get("value")
    if not isinstance(value, str | None):
        raise BadPayload("a field of the dialog is malformed")
    return value or ""


def _chosen(picked: Any, offered: Sequence[str]) -> str:
    if not isinstance(picked, list):
        raise BadPayload("a choice of the dialog is malformed")
    values = [each.get("value") if isinstance(each, dict) else each for each in picked if each is not None]
    if not set(map(str, values)) <= set(offered):
        raise BadPayload("a choice that the dialog did not offer")
    return in_order(list(map(str, values)), offered)


def _changes(typed: Sequence[Entry]) -> tuple[dict[str, Json], tuple[str, ...], dict[str, str]]:
    """New values, what is left out, and what can't be read: another way of writing a value is no change."""
    changed: dict[str, Json] = {}
    without: list[str] = []
    errors: dict[str, str] = {}
    for field, raw in typed:
        if not field.required and not (raw if field.kind is Kind.TEXT else raw.strip()):
            without += [field.name] if field.present else []
            continue
        try:
            value = _value(field, raw)
            if not field.present or canonical(value) != canonical(field.value):
                changed[field.name] = value
        except NotCanonical as error:
            said = {Kind.JSON: words.NOT_JSON, Kind.NUMBER: words.NOT_A_NUMBER}.get(
                field.kind, words.NOT_SENDABLE
            )
            errors[field.block_id] = _why(said, str(error).removeprefix("not JSON: "))
    return changed, tuple(without), errors


def _value(field: Field, raw: str) -> Json:
    """Raises NotCanonical."""
    if not raw and field.nullable:
        return None
    match field.kind:
        case Kind.TEXT:
            return raw
        case Kind.LINES:
            return [item for item in raw.replace("\r\n", "\n").split("\n") if item.strip()]
        case Kind.CHOICES:
            return [parse(each) for each in raw.split("\n") if each]
    value = parse(raw)
    if field.kind is Kind.NUMBER and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise NotCanonical("it is none")
    return value


def _why(said: str, why: str) -> str:
    return said.format(why=shortened(one_line(why), WHY))
