"""The dialog in which the arguments of a change are edited: one field for each."""

import json

from workflows.rules.visible import visible
from workflows.values.approval import ApprovalState
from workflows.values.view import ApprovalView

from .. import words
from .blocks import Block, context, header, line, plain, preformatted, rich, run_of, section
from .change import title
from .fields import as_said
from .forms import INPUT_LIMIT, Field, Kind, fields_of, label_of
from .modals import PAGE_BYTES, View, modal, said_modal
from .refs import ApprovalRef
from .text import one_line, shortened

FIELDS = 60
OTHERS = 20
"""How many of the arguments that can't be edited are shown; the others are counted."""
EXCERPT = 300
DEFAULT = 100
"""Characters of a default in a hint."""
ONE_LINE = 80
"""Characters beyond which a text gets a field of several lines."""
LEFT_OUT = "-"
"""The option for an argument that the call does not have. No value is written so in JSON."""


def edit_modal(approval: ApprovalView, about: ApprovalRef) -> View:
    """*about*: what was clicked on, which may have ended or been replaced since."""
    if why := no_longer(approval, about):
        return said_modal(why, words.EDIT_TITLE)
    inputs: list[Block] = []
    others: list[Field] = []
    for field in fields_of(approval.shown, approval.input_schema):
        made = _input(field)
        if field.locked:
            others.append(field)
        elif len(inputs) < FIELDS and len(json.dumps([*inputs, made])) <= PAGE_BYTES:
            inputs.append(made)
        elif field.present:
            others.append(field._replace(locked=words.NO_ROOM))
    means = context(words.EDIT_MEANS) if inputs else section(words.NOTHING_TO_EDIT)
    blocks = [header(title(approval)), means, *inputs, *_others(others)]
    return modal("edit", words.EDIT_TITLE, about, blocks, words.PREVIEW_AGAIN if inputs else "")


def no_longer(approval: ApprovalView, about: ApprovalRef) -> str:
    """Why what was clicked on can't be edited any more; empty when it can."""
    if approval.gate != about.gate or approval.state is ApprovalState.SUPERSEDED:
        return words.EDIT_REPLACED
    return words.SETTLED if approval.state.ended else ""


def _input(field: Field) -> Block:
    made: Block = {
        "type": "input",
        "block_id": field.block_id,
        "label": plain(field.name),
        "element": _element(field),
        "optional": _may_be_empty(field),
    }
    if hint := _hint(field):
        made["hint"] = plain(hint)
    return made


def _may_be_empty(field: Field) -> bool:
    """Slack asks for every other one to be filled in."""
    if field.kind is Kind.CHOICE:
        return not field.required
    if field.kind is Kind.TEXT and (not field.shape or not field.raw):
        return True
    some = field.kind in (Kind.LINES, Kind.CHOICES) and not field.shape.get("minItems")
    return some or field.nullable or not field.required


def _hint(field: Field) -> str:
    how = {Kind.JSON: words.IS_JSON, Kind.LINES: words.ONE_A_LINE}.get(field.kind, "")
    said = field.shape.get("description")
    told = one_line(said) if isinstance(said, str) else ""
    tool = words.TOOL_SAYS.format(text=shortened(told, EXCERPT)) if told else ""
    return " ".join(filter(None, [how, _default(field), tool]))


def _default(field: Field) -> str:
    """What goes for an argument that is left out, where the schema says it."""
    value = field.shape.get("default")
    if field.required or value is None:
        return ""
    return words.TOOL_TAKES.format(value=shortened(one_line(as_said(value)), DEFAULT))


def _element(field: Field) -> Block:
    match field.kind:
        case Kind.CHOICE:
            return _choice(field)
        case Kind.CHOICES:
            return _choices(field)
        case Kind.NUMBER:
            return _number(field)
    several = field.kind in (Kind.JSON, Kind.LINES) or "\n" in field.raw or len(field.raw) > ONE_LINE
    return {
        "type": "plain_text_input",
        "action_id": field.kind.value,
        "max_length": INPUT_LIMIT,
        "multiline": several,
        **({"initial_value": field.raw} if field.raw else {}),
    }


def _choice(field: Field) -> Block:
    offered = {each: _option(each, label_of(each)) for each in field.options}
    if not field.required:
        offered[""] = _option(LEFT_OUT, words.ARGUMENT_LEFT_OUT)
    few = field.shape.get("type") == "boolean"
    return {
        "type": "radio_buttons" if few else "static_select",
        "action_id": field.kind.value,
        "options": list(offered.values()),
        **({"initial_option": offered[field.raw]} if field.raw in offered else {}),
    }


def _choices(field: Field) -> Block:
    offered = {each: _option(each, label_of(each)) for each in field.options}
    chosen = [offered[each] for each in field.raw.split("\n") if each]
    return {
        "type": "multi_static_select",
        "action_id": field.kind.value,
        "options": list(offered.values()),
        **({"initial_options": chosen} if chosen else {}),
    }


def _option(value: str, label: str) -> Block:
    return {"text": plain(label), "value": value}


def _number(field: Field) -> Block:
    made: Block = {
        "type": "number_input",
        "action_id": field.kind.value,
        "is_decimal_allowed": field.shape.get("type") == "number",
    }
    if field.raw:
        made["initial_value"] = field.raw
    least, most = field.shape.get("minimum"), field.shape.get("maximum")
    if type(least) is int:
        made["min_value"] = str(least)
    if type(most) is int and not (type(least) is int and least > most):
        made["max_value"] = str(most)
    return made


def _others(others: list[Field]) -> list[Block]:
    made = []
    for field in others[:OTHERS]:
        name = line(
            run_of(shortened(field.name, EXCERPT), bold=True),
            run_of(f". {words.NOT_EDITABLE} {field.locked}."),
        )
        made.append(rich(name, preformatted(shortened(visible(field.raw), EXCERPT, "all of it in Details"))))
    if len(others) > OTHERS:
        made.append(context(f"{len(others) - OTHERS} more can't be edited here."))
    return made
