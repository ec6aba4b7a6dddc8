"""pydantic's findings in the words of the file: the key, what was expected, what was found."""

from datetime import timedelta
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from workflows.values.durations import words

from .problems import KeyPath, Problem, within
from .schema import File
from .secrets import EVENTS
from .server_sections import KINDS, tag
from .source import Source

TAGS = [tag(key) for key in KINDS]
NEVER_QUOTED: tuple[KeyPath, ...] = (("masking", "values"), EVENTS)
LONGEST_FOUND = 60
"""Characters of a value that a message repeats."""

EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "model_type": "a mapping",
    "string_too_short": "some text",
    "string_type": "text",
    "too_short": "at least one entry",
    "tuple_type": "a list",
}
"""By pydantic's name of the error. The others say it well themselves."""
TOO_LONG = {"string_too_long": "characters", "too_long": "entries"}


def problems_of(error: ValidationError, source: Source) -> list[Problem]:
    """Every finding with its line. What is missing from the environment was said already."""
    return [
        source.problem(path, _text(details, path, source))
        for details in error.errors(include_url=False)
        for path in [_path(details)]
        if not source.unset(path)
    ]


def _path(details: ErrorDetails) -> KeyPath:
    """Where it is. pydantic marks a bad key of a mapping with a last part of its own, and the kind of a server."""
    path = tuple(part for part in details["loc"] if part not in TAGS)
    return path[:-1] if path[-1:] == ("[key]",) else path


def _text(details: ErrorDetails, path: KeyPath, source: Source) -> str:
    kind = details["type"]
    if kind == "extra_forbidden":
        return _unknown_key(details["loc"])
    if kind == "missing":
        return "expected this key, found nothing"
    if kind == "value_error":
        expected = str(details["ctx"]["error"])
    elif kind in TOO_LONG:
        expected = f"at most {details['ctx']['max_length']} {TOO_LONG[kind]}"
    else:
        expected = EXPECTED.get(kind) or details["msg"].removeprefix("Input should be ")
    return f"expected {expected}, found {found(details['input'], path, source)}"


def found(value: Any, path: KeyPath, source: Source) -> str:
    """*value* for a message; as it was written, where the environment filled it in."""
    if within(path, NEVER_QUOTED):
        return "something else: write it in quotes"
    if path in source.from_environment:
        return f"the value of {source.from_environment[path]}"
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST_FOUND else value[: LONGEST_FOUND - 1] + "…")
    if isinstance(value, timedelta):
        return words(value)
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    kinds = {dict: "a mapping", type(None): "nothing"}
    return kinds.get(type(value)) or str(value).lower()


def _unknown_key(path: KeyPath) -> str:
    known = known_keys(path[:-1])
    close = get_close_matches(str(path[-1]), known, n=1)
    if close:
        return f"there is no such key; did you mean {close[0]}?"
    return f"there is no such key; known here: {', '.join(known)}"


def known_keys(path: KeyPath) -> list[str]:
    """The keys that may stand in the mapping at *path*."""
    kind: Any = File
    for part in path:
        kind = _plain(_inside(_plain(kind), part))
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return []
    return [spec.alias or name for name, spec in kind.model_fields.items()]


def _plain(kind: Any) -> Any:
    """Without `Annotated` and `| None`."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        choices = [choice for choice in get_args(kind) if choice is not type(None)]
        return _plain(choices[0]) if len(choices) == 1 else kind
    return kind


def _inside(kind: Any, part: str | int) -> Any:
    """The type of one entry of a mapping, a list or a section."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {spec.alias or name: spec.annotation for name, spec in kind.model_fields.items()}
        return fields.get(str(part))
    choices = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return next((choice for choice in choices if Tag(str(part)) in get_args(choice)), None)
    return choices[1 if get_origin(kind) is dict else 0] if choices else None
