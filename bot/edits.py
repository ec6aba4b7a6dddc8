"""What somebody typed into the dialog for arguments: read strictly, and only what they changed."""

from typing import Any

from workflows.rules.canonical import NotCanonical, canonical, canonical_text, parse
from workflows.values.base import CanonicalJson, Json, Value

from . import words
from .errors import BadPayload
from .payloads import Payload
from .views.editing import ARGUMENT, JSON, TEXT
from .views.text import one_line, shortened

WHY = 200
"""Characters of a reason under a field."""


class BadEntry(Exception):
    """What was typed can't be used; *block* says in which field, the text why."""

    def __init__(self, block: str, text: str) -> None:
        super().__init__(text)
        self.block = block
        self.text = text


class Entry(Value):
    """One field: what stood in it when it was shown, and what was sent."""

    block: str
    kind: str
    before: str
    after: str

    @property
    def name(self) -> str:
        return self.block.removeprefix(ARGUMENT)


def entries(body: Payload) -> list[Entry]:
    """The fields of the dialog, in its order. Raises BadPayload."""
    view = body.get("view")
    blocks = view.get("blocks") if isinstance(view, dict) else None
    state = view.get("state") if isinstance(view, dict) else None
    values = state.get("values") if isinstance(state, dict) else None
    if not isinstance(blocks, list) or not isinstance(values, dict):
        raise BadPayload("view.blocks or view.state.values is missing")
    return [_entry(block, values) for block in blocks if _is_field(block)]


def _is_field(block: Any) -> bool:
    return isinstance(block, dict) and str(block.get("block_id", "")).startswith(ARGUMENT)


def _entry(block: dict[str, Any], values: dict[str, Any]) -> Entry:
    element, sent = block.get("element"), values.get(block["block_id"])
    if not isinstance(element, dict) or not isinstance(sent, dict) or len(sent) != 1:
        raise BadPayload("a field of the dialog is malformed")
    [(kind, answer)] = sent.items()
    before, after = element.get("initial_value") or "", answer.get("value") if isinstance(answer, dict) else 0
    if kind not in (TEXT, JSON) or not isinstance(before, str) or not isinstance(after, str | None):
        raise BadPayload("a field of the dialog is malformed")
    return Entry(block=block["block_id"], kind=kind, before=before, after=after or "")


def changed(typed: list[Entry]) -> CanonicalJson:
    """A JSON object of the arguments that differ from what was shown. Raises BadEntry, BadPayload."""
    if not typed:
        raise BadPayload("the dialog has no fields")
    values = {entry.name: _value(entry) for entry in typed}
    made = {entry.name: values[entry.name] for entry in typed if _differs(entry, values[entry.name])}
    if not made:
        raise BadEntry(typed[0].block, words.NOTHING_EDITED)
    return canonical(made)


def _value(entry: Entry) -> Json:
    """A text stays a text; whatever was something else is read as JSON."""
    try:
        value = entry.after if entry.kind == TEXT else parse(entry.after)
        canonical(value)
    except NotCanonical as error:
        said = words.NOT_SENDABLE if entry.kind == TEXT else words.NOT_JSON
        why = shortened(one_line(str(error).removeprefix("not JSON: ")), WHY)
        raise BadEntry(entry.block, said.format(why=why)) from None
    return value


def _differs(entry: Entry, value: Json) -> bool:
    """Another value, not another way of writing the same one."""
    if entry.kind == TEXT:
        return bool(value != entry.before)
    try:
        return canonical(value) != canonical_text(entry.before)
    except NotCanonical:
        return True
