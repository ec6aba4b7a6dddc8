"""The dialog in which the arguments of a change are edited: one field for each, made from what is shown of them."""

import json
from typing import NamedTuple

from workflows.rules.canonical import NotCanonical, parse
from workflows.rules.visible import visible
from workflows.values.approval import ApprovalState, Shown
from workflows.values.base import Json
from workflows.values.view import ApprovalView

from .. import words
from .blocks import Block, context, header, line, plain, preformatted, rich, run_of, section, units
from .change import title
from .modals import PAGE_BYTES, View, modal, said_modal
from .refs import ApprovalRef
from .text import shortened

INPUT_LIMIT = 3000
"""Of a plain_text_input: docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element."""
BLOCK_ID_LIMIT = 255
FIELDS = 60
OTHERS = 20
"""How many of the arguments that can't be edited are shown; the others are counted."""
EXCERPT = 300
ONE_LINE = 80
"""Characters beyond which a text gets a field of several lines."""
ARGUMENT = "argument/"
"""How the id of a field's block begins; the rest is the argument's own name."""
TEXT, JSON = "text", "json"
"""What is typed into a field: a text stays a text, everything else is JSON."""


class Field(NamedTuple):
    name: str
    kind: str
    text: str
    """As it stands in the field: exactly what is sent back when nobody touches it."""
    locked: str = ""
    """Why it can't be edited here."""


def edit_modal(approval: ApprovalView, about: ApprovalRef) -> View:
    """*about*: what was clicked on, which may have ended or been replaced since."""
    if approval.gate != about.gate or approval.state is ApprovalState.SUPERSEDED:
        return said_modal(words.EDIT_REPLACED, words.EDIT_TITLE)
    if approval.state.ended:
        return said_modal(words.SETTLED, words.EDIT_TITLE)
    return _editor(approval, about)


def _editor(approval: ApprovalView, about: ApprovalRef) -> View:
    inputs: list[Block] = []
    others: list[Field] = []
    for field in fields_of(approval.shown):
        made = _input(field)
        if field.locked:
            others.append(field)
        elif len(inputs) >= FIELDS or len(json.dumps([*inputs, made])) > PAGE_BYTES:
            others.append(field._replace(locked=words.NO_ROOM))
        else:
            inputs.append(made)
    means = context(words.EDIT_MEANS) if inputs else section(words.NOTHING_TO_EDIT)
    blocks = [header(title(approval)), means, *inputs, *_others(others)]
    return modal("edit", words.EDIT_TITLE, about, blocks, words.PREVIEW_AGAIN if inputs else "")


def fields_of(shown: Shown) -> list[Field]:
    try:
        given = parse(shown.arguments)
    except NotCanonical:
        return []
    if not isinstance(given, dict):
        return []
    return [_field(name, value, masked=name in shown.locked) for name, value in given.items()]


def _field(name: str, value: Json, *, masked: bool) -> Field:
    kind = TEXT if isinstance(value, str) else JSON
    text = value if isinstance(value, str) else _as_json(value)
    locked = ""
    if masked:
        locked = words.LOCKED
    elif not name or visible(name) != name or units(ARGUMENT + name) > BLOCK_ID_LIMIT:
        locked = words.BAD_NAME
    elif units(text) > INPUT_LIMIT:
        locked = words.TOO_LONG_TO_EDIT
    elif visible(text) != text:
        # What somebody edits they have to see, and what they did not touch has to come back as it was.
        locked = words.HIDDEN_IN_IT
    return Field(name, kind, text, locked)


def _as_json(value: Json) -> str:
    """On several lines where they fit; what can't be seen is escaped."""
    pretty = json.dumps(value, ensure_ascii=False, indent=2)
    if visible(pretty) != pretty:
        pretty = json.dumps(value, indent=2)
    return pretty if units(pretty) <= INPUT_LIMIT else json.dumps(value, ensure_ascii=False)


def _input(field: Field) -> Block:
    entry: Block = {"type": "plain_text_input", "action_id": field.kind, "max_length": INPUT_LIMIT}
    entry["multiline"] = field.kind == JSON or "\n" in field.text or len(field.text) > ONE_LINE
    if field.text:
        entry["initial_value"] = field.text
    made: Block = {
        "type": "input",
        "block_id": ARGUMENT + field.name,
        "label": plain(field.name),
        "element": entry,
        # A text may be made empty.
        "optional": field.kind == TEXT,
    }
    if field.kind == JSON:
        made["hint"] = plain(words.IS_JSON)
    return made


def _others(others: list[Field]) -> list[Block]:
    made = []
    for field in others[:OTHERS]:
        name = line(
            run_of(shortened(field.name, EXCERPT), bold=True),
            run_of(f". {words.NOT_EDITABLE} {field.locked}."),
        )
        made.append(rich(name, preformatted(shortened(visible(field.text), EXCERPT, "all of it in Details"))))
    if len(others) > OTHERS:
        made.append(context(f"{len(others) - OTHERS} more can't be edited here."))
    return made
