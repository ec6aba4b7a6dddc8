r"""Where an idempotency key stands among a call's arguments, and how `verify` asks for it.

value      {"request_id": "<key>"}
trailer    {"message": "Fix it\n\nHandrail-Key: <key>"}
label      {"labels": ["bug", "handrail-<its first 32 digits>"]}
"""

import re
from collections.abc import Iterator, Mapping

from ..values.base import Json
from ..values.tools import KeyForm, KeyPlace, ToolContract
from .canonical import canonical

KEY_PLACEHOLDER = "{key}"
"""Stands where the idempotency key goes, in what is hashed and in what is shown."""
TRAILER = "Handrail-Key: "
LABEL = "handrail-"
LABEL_DIGITS = 32
"""Of 64: labels are short (50 characters at GitHub), and 128 bits tell keys apart as well."""

_A_TRAILER = re.compile(r"\s*handrail-key\s*:", re.IGNORECASE)
_A_LABEL = re.compile(r"handrail-(?:[0-9a-f]{32}|\{key\})", re.IGNORECASE)
_NAME = re.compile(r"\{([^{}]*)\}")


class NoPlace(ValueError):
    """The key can't stand there, or does not; the text says why."""


def mark(contract: ToolContract, key: str) -> str:
    """What `{key}` in a contract's `verify` means: the text by which the key's effect is found again."""
    assert contract.key is not None
    return LABEL + key[:LABEL_DIGITS] if contract.key.form is KeyForm.LABEL else key


def placed(contract: ToolContract, arguments: Mapping[str, Json], key: str) -> dict[str, Json]:
    """*arguments* with the key, once. Raises `NoPlace`, also where another key stands there already.

    What would be sent as the same bytes is the same here: an empty text or list is as good as none.
    """
    place = contract.key
    if place is None:
        return dict(arguments)
    try:
        free = taken_out(contract, arguments, key)
    except NoPlace:
        free = dict(arguments)
    if problem := why_not(contract, free):
        raise NoPlace(problem)
    now = free.get(place.argument)
    put: Json = key
    if place.form is KeyForm.TRAILER:
        put = f"{now}\n\n{TRAILER}{key}" if now else TRAILER + key
    elif place.form is KeyForm.LABEL:
        put = [*(now or ()), mark(contract, key)]
    return {**free, place.argument: put}


def why_not(contract: ToolContract, arguments: Mapping[str, Json]) -> str:
    """Why no key can be put into a planner's arguments; empty when one can."""
    place = contract.key
    problem = place and _problem(place, arguments)
    return f"the argument {place.argument} of {contract.name} {problem}" if place and problem else ""


def _problem(place: KeyPlace, arguments: Mapping[str, Json]) -> str:
    now = arguments.get(place.argument)
    match place.form:
        case KeyForm.VALUE if place.argument in arguments:
            return "is filled in by Handrail"
        case KeyForm.TRAILER if not isinstance(now, str | None):
            return "takes the key as its last line, so it has to be a text"
        case KeyForm.TRAILER if any(_A_TRAILER.match(line) for line in (now or "").splitlines()):
            return "has a line that begins with Handrail-Key: and only Handrail may write one"
        case KeyForm.LABEL if not isinstance(now, list | tuple | None):
            return "takes the key as one of its items, so it has to be a list"
        case KeyForm.LABEL if any(isinstance(item, str) and _A_LABEL.fullmatch(item) for item in now or ()):
            return "has an item that looks like a key, and only Handrail may put one there"
    return ""


def taken_out(contract: ToolContract, arguments: Mapping[str, Json], key: str) -> dict[str, Json]:
    """*arguments* as they were before the key was put there. Raises `NoPlace` where it does not stand."""
    place = contract.key
    if place is None:
        return dict(arguments)
    now, line = arguments.get(place.argument), TRAILER + key
    rest = {name: value for name, value in arguments.items() if name != place.argument}
    left: Json = None
    match place.form, now:
        case KeyForm.VALUE, str() if now == key:
            pass
        case KeyForm.TRAILER, str() if now == line or now.endswith(f"\n\n{line}"):
            left = now.removesuffix(line).removesuffix("\n\n")
        case KeyForm.LABEL, [*left, last] if last == mark(contract, key):
            pass
        case _:
            raise NoPlace(f"the key does not stand in the argument {place.argument} of {contract.name}")
    return {**rest, place.argument: left} if left else rest


def question(contract: ToolContract, arguments: Mapping[str, Json], key: str) -> dict[str, Json]:
    """What `verify` asks its tool with. Raises `NoPlace` where the call lacks an argument that it names.

    A text that is one `{name}` and nothing else keeps the argument's type.
    """
    assert contract.verify is not None
    known = {**arguments, "key": mark(contract, key)}
    asked = filled(contract.verify.arguments, known)
    assert isinstance(asked, dict)
    return asked


def names_in(template: Json) -> Iterator[str]:
    """The names that stand in braces in a contract's `verify` or `undo`."""
    match template:
        case str():
            yield from _NAME.findall(template)
        case dict():
            for item in template.values():
                yield from names_in(item)
        case list() | tuple():
            for item in template:
                yield from names_in(item)


def filled(template: Json, known: Mapping[str, Json]) -> Json:
    """*template* with what its names stand for. Raises `NoPlace` where one of them is not *known*."""
    match template:
        case str():
            whole = _NAME.fullmatch(template)
            if whole:
                return _value(whole[1], known)
            return _NAME.sub(lambda name: _text(_value(name[1], known)), template)
        case dict():
            return {name: filled(item, known) for name, item in template.items()}
        case list() | tuple():
            return [filled(item, known) for item in template]
        case _:
            return template


def _value(name: str, known: Mapping[str, Json]) -> Json:
    if name not in known:
        raise NoPlace(f"the call has no argument {name}")
    return known[name]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else canonical(value)
