"""Structured content for people: each field a line, lists as bullets, the rest as JSON. Nothing is left out."""

import json
import re
from collections.abc import Iterator
from typing import Any

from workflows.rules.canonical import NotCanonical, parse
from workflows.rules.visible import visible
from workflows.values.approval import Shown
from workflows.values.base import Json

from .blocks import Block, bullets, chunks, line, preformatted, rich, run_of

SHORT = 300
"""Characters of a value that stands on the line of its name."""
FEW = 40
"""Items of a list shown as bullets."""
PLAIN = re.compile(r"[\w-]+")
BATCH = 6000
"""Bytes of one rich text block."""


def pretty(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def fields(content: Json) -> list[Block]:
    """Rich text elements that show all of *content*."""
    if not isinstance(content, dict) or not content:
        return _whole(content)
    made: list[Block] = []
    for name, value in _flat(content):
        label = run_of(f"{name}: ", bold=True)
        if _scalar(value) and "\n" not in (text := _said(value)) and len(text) <= SHORT:
            made.append(line(label, run_of(text, code=True)))
        elif isinstance(value, list) and value and len(value) <= FEW and all(map(_short, value)):
            made += [line(label), bullets(*([run_of(_said(item), code=True)] for item in value))]
        else:
            made += [line(label), *_whole(value)]
    return made


def _flat(content: dict[str, Json], above: str = "") -> Iterator[tuple[str, Json]]:
    """A field within a field is named by both, `plan.from_version`; a name that could be taken for that is quoted."""
    for name, value in content.items():
        said = above + (name if PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False))
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{said}.")
        else:
            yield said, value


def _whole(value: Json) -> list[Block]:
    text = value if isinstance(value, str) else pretty(value)
    return [preformatted(piece) for piece in chunks(visible(text))] or [preformatted(" ")]


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _short(value: Any) -> bool:
    return _scalar(value) and "\n" not in (text := _said(value)) and len(text) <= SHORT


def _said(value: Json) -> str:
    """Text as it is; JSON for the rest, and for text that could be taken for it."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    looks_like_json = value in {"true", "false", "null"} or value.strip() != value or not value
    return json.dumps(value, ensure_ascii=False) if looks_like_json or _number(value) else value


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def argument_fields(arguments: str) -> list[Block]:
    try:
        return fields(parse(arguments))
    except NotCanonical:
        return _whole(arguments)


def argument_text(arguments: str) -> str:
    """The same as plain text, for Details."""
    try:
        return visible(pretty(parse(arguments)))
    except NotCanonical:
        return visible(arguments)


def shown_fields(shown: Shown) -> list[Block]:
    """All that the tool said: its structured answer, and its text where that says something else."""
    if shown.content is None:
        return _whole(shown.text or "(empty)")
    made = fields(shown.content)
    return made if _repeats(shown) else [*made, *_whole(shown.text)]


def shown_text(shown: Shown) -> str:
    """The same as plain text, for Details."""
    if shown.content is None:
        return visible(shown.text or "(empty)")
    made = visible(pretty(shown.content))
    return made if _repeats(shown) else f"{made}\n\n{visible(shown.text)}"


def _repeats(shown: Shown) -> bool:
    if not shown.text.strip():
        return True
    try:
        return bool(parse(shown.text) == shown.content)
    except NotCanonical:
        return False


def block(elements: list[Block]) -> list[Block]:
    """Rich text blocks of at most a few thousand characters each."""
    made: list[Block] = []
    batch: list[Block] = []
    for element in elements:
        if batch and len(json.dumps([*batch, element])) > BATCH:
            made.append(rich(*batch))
            batch = []
        batch.append(element)
    return [*made, rich(*batch)] if batch else made
