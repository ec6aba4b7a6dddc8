"""What would take a change back: the call that its tool's contract names, filled from what is known of the change.

fleet.deploy {"service": "checkout", "version": "1.4.2"}, whose preview said {"from_version": "1.4.1"}, under
`undo: {tool: fleet.deploy, with: {service: "{service}", version: "{preview.from_version}"}}`
is taken back by fleet.deploy {"service": "checkout", "version": "1.4.1"}
"""

from collections.abc import Mapping

from .. import words
from ..values.base import MASKED, CanonicalJson, Json
from ..values.tools import ToolContract, Undo
from .canonical import canonical, parse
from .keys import NoPlace, filled, names_in

PREVIEW, RESULT = "preview.", "result."
"""What a name begins with that is no argument of the call."""


def from_preview(undo: Undo | None, content: Json) -> dict[str, Json]:
    """What *undo* takes from a preview's structured *content*, as far as it is there."""
    return _taken(undo, PREVIEW, content) if undo is not None else {}


def inverse(
    contract: ToolContract, arguments: CanonicalJson, before: Mapping[str, Json], result: Json
) -> CanonicalJson:
    """The arguments of the call that takes this one back. Raises `NoPlace` where something that it needs is not known.

    *before*: what `from_preview` found. An argument that the call left out is left out there, too.
    """
    assert contract.undo is not None
    given = parse(arguments)
    after = _taken(contract.undo, RESULT, result)
    for name, value in after.items():
        if MASKED in canonical(value):
            raise NoPlace(words.IS_MASKED.format(name=name))
    for name in sorted(names_of(contract.undo)[1] - {*before, *after}):
        raise NoPlace(words.NOTHING_KNOWN.format(name=name))
    template = {
        name: value
        for name, value in contract.undo.arguments.items()
        if not (isinstance(value, str) and _left_out(value, given))
    }
    return canonical(filled(template, {**given, **before, **after}))


def names_of(undo: Undo) -> tuple[set[str], set[str]]:
    """The arguments of the call that it names, and the fields of its preview and result, with their prefix."""
    names = set(names_in(undo.arguments))
    fields = {name for name in names if name.startswith((PREVIEW, RESULT))}
    return names - fields, fields


def _left_out(value: str, given: Mapping[str, Json]) -> bool:
    name = value[1:-1]
    return value == f"{{{name}}}" and not name.startswith((PREVIEW, RESULT)) and name not in given


def _taken(undo: Undo, prefix: str, content: Json) -> dict[str, Json]:
    names = {name for name in names_in(undo.arguments) if name.startswith(prefix)}
    found = {name: _at(content, name.removeprefix(prefix).split(".")) for name in sorted(names)}
    return {name: value for name, value in found.items() if value is not None}


def _at(content: Json, path: list[str]) -> Json:
    """None where there is no such field."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return content
