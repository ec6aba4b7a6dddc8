"""Structured content for people: each field a line, lists as bullets, the rest as JSON. Nothing is left out.

What changes stands as old → new: two fields that say so of themselves, or two versions of the same.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from workflows.rules.canonical import NotCanonical, parse
from workflows.rules.visible import visible
from workflows.values.approval import Shown
from workflows.values.base import Json

from .. import words
from .blocks import Block, bullets, chunks, line, preformatted, rich, run_of
from .diffs import is_diff, lines_changed, partner
from .text import one_line

SHORT = 300
"""Characters of a value that stands on the line of its name."""
FEW = 40
"""Items of a list shown as bullets."""
PLAIN = re.compile(r"[a-z0-9_][\w-]*")
"""A field's name that stands as it is: all labels of ours begin with a capital."""
WORD = re.compile(r"[\w.:/@+#-]+")
"""A value that stands on a line with others as it is."""
IN_LINE = 60
"""Characters of it there."""
BATCH = 6000
"""Bytes of one rich text block."""


BESIDE = 3
"""Lines that stay the same beside each change, where only changes are shown."""
MISSING = object()
"""One of the versions does not have it."""


class Changed(NamedTuple):
    old: Any
    new: Any


def pretty(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def fields(content: Json) -> list[Block]:
    """Rich text elements that show all of *content*."""
    if not isinstance(content, dict) or not content:
        return _whole(content)
    return _lines(_flat(content))


def fields_changed(before: Json, now: Json) -> list[Block]:
    """The same for two versions: what differs as old → new, all of both."""
    if not isinstance(before, dict) or not isinstance(now, dict) or not (before or now):
        return _text_changed(_as_text(before), _as_text(now))
    return _lines(_compared(before, now))


def fields_differing(before: Json, now: Json) -> list[Block]:
    """Of two versions only what differs, as old → new."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return _lines_differing(_as_text(before), _as_text(now))
    return _lines(row for row in _compared(before, now) if isinstance(row[1], Changed))


def _lines_differing(old: str, new: str) -> list[Block]:
    compared = lines_changed(visible(old), visible(new), BESIDE)
    return [preformatted(piece, "diff") for piece in chunks(compared)]


def _lines(rows: Iterator[tuple[str, Any]]) -> list[Block]:
    made: list[Block] = []
    for name, value in rows:
        label = run_of(f"{name}: ")
        if isinstance(value, Changed):
            made += _changed(label, value)
        elif _short(value):
            made.append(line(label, run_of(as_said(value), code=True)))
        elif isinstance(value, list) and value and len(value) <= FEW and all(map(_short, value)):
            made += [line(label), bullets(*([run_of(as_said(item), code=True)] for item in value))]
        else:
            made += [line(label), *_whole(value)]
    return made


def _flat(content: dict[str, Json], above: str = "") -> Iterator[tuple[str, Json]]:
    """A field within a field is named by both, `plan.from_version`; a name that could be taken for that is quoted."""
    becomes = _pairs(content)
    for name, value in content.items():
        if name in becomes.values():
            continue
        said, other = above + _quoted(name), becomes.get(name, "")
        new = content.get(other)
        if not other:
            yield from _below(said, value)
        elif isinstance(value, dict) and isinstance(new, dict) and (value or new):
            yield from _compared(value, new, f"{said} → {_quoted(other)}, ")
        else:
            yield f"{said} → {_quoted(other)}", Changed(value, new)


def _pairs(content: dict[str, Json]) -> dict[str, str]:
    """What was, and what it becomes. Each name stands in one pair at most: none may be lost to two."""
    pairs: dict[str, str] = {}
    for name in content:
        if name not in pairs.values():
            free = [each for each in content if each not in pairs and each not in pairs.values()]
            if other := partner(name, free):
                pairs[name] = other
    return pairs


def _below(said: str, value: Json) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        yield from _flat(value, f"{said}.")
    else:
        yield said, value


def _compared(before: dict[str, Json], now: dict[str, Json], above: str = "") -> Iterator[tuple[str, Any]]:
    for name in dict.fromkeys([*before, *now]):
        said, old, new = above + _quoted(name), before.get(name, MISSING), now.get(name, MISSING)
        if isinstance(old, dict) and isinstance(new, dict) and (old or new):
            yield from _compared(old, new, f"{said}.")
        elif MISSING not in (old, new) and _same(old, new):
            yield from _below(said, new)
        else:
            yield said, Changed(old, new)


def in_line(name: str, value: Json) -> str:
    """An argument among others on one line. Text that could pass for several is quoted; a cut shows as `…`."""
    said = as_said(value)
    if isinstance(value, str) and not WORD.fullmatch(said):
        said = json.dumps(value, ensure_ascii=False)
    cut = said if len(said) <= IN_LINE else f"{said[: IN_LINE - 1]}…"
    return one_line(f"{_quoted(name)} {cut}")


def _quoted(name: str) -> str:
    return name if PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _same(old: Json, new: Json) -> bool:
    """As written: in Python 1, 1.0 and true are equal."""
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _changed(label: Block, value: Changed) -> list[Block]:
    """On one line where both are short; else line by line."""
    if not all(each is MISSING or _short(each) for each in value):
        old, new = map(_as_text, value)
        if old == new and not _same(*value):
            old, new = map(pretty, value)
        return [line(label), *_text_changed(old, new)]
    if MISSING not in value and _same(*value):
        return [line(label, run_of(as_said(value.new), code=True), run_of(f" ({words.THE_SAME})"))]
    return [line(label, _version(value.old, strike=True), run_of(" → "), _version(value.new))]


def _version(value: Any, **style: bool) -> Block:
    if value is MISSING:
        return run_of(words.NOT_THERE, italic=True)
    said = as_said(value)
    # In plain text, where no style tells them apart, an arrow in a value could pass for ours.
    return run_of(json.dumps(said, ensure_ascii=False) if "→" in said else said, code=True, **style)


def _as_text(value: Any) -> str:
    if value is MISSING:
        return ""
    if isinstance(value, str):
        return value
    listed = isinstance(value, list) and value and all(map(_short, value))
    return "\n".join(map(as_said, value)) if listed else pretty(value)


def _text_changed(old: str, new: str) -> list[Block]:
    if old == new:
        return _whole(new)
    compared = lines_changed(visible(old), visible(new))
    if not compared:
        return [_told(words.BEFORE), *_whole(old), _told(words.NOW), *_whole(new)]
    return [preformatted(piece, "diff") for piece in chunks(compared)]


def _told(label: str) -> Block:
    return line(run_of(label, italic=True))


def _whole(value: Json) -> list[Block]:
    text = value if isinstance(value, str) else pretty(value)
    language = "diff" if is_diff(text) else ""
    return [preformatted(piece, language) for piece in chunks(visible(text))] or [preformatted(" ")]


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _short(value: Any) -> bool:
    if isinstance(value, str) and "\n" in value.strip("\n"):
        return False
    return _scalar(value) and len(as_said(value)) <= SHORT


def as_said(value: Json) -> str:
    """Text as it is; JSON for the rest, and for text that could be taken for it."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    odd = value in {"true", "false", "null"} or value.strip() != value or not value
    return json.dumps(value, ensure_ascii=False) if odd or _number(value) else value


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


def arguments_changed(before: str, now: str) -> list[Block]:
    try:
        return fields_changed(parse(before), parse(now))
    except NotCanonical:
        return _text_changed(before, now)


def arguments_differing(before: str, now: str) -> list[Block]:
    try:
        return fields_differing(parse(before), parse(now))
    except NotCanonical:
        return _lines_differing(before, now)


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


def shown_changed(before: Shown, now: Shown) -> list[Block]:
    """What the tool said before and what it says now."""
    if before.content is None or now.content is None:
        return _text_changed(shown_text(before), shown_text(now))
    made = fields_changed(before.content, now.content)
    return made if _repeats(before) and _repeats(now) else [*made, *_text_changed(before.text, now.text)]


def shown_differing(before: Shown, now: Shown) -> list[Block]:
    """Of what it said before and says now only what differs."""
    if before.content is None or now.content is None:
        return _lines_differing(shown_text(before), shown_text(now))
    made = fields_differing(before.content, now.content)
    return made if _repeats(before) and _repeats(now) else [*made, *_lines_differing(before.text, now.text)]


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
