"""Do edited arguments fit what the tool says of them? A courtesy at the field: its preview has the last word."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import re2  # type: ignore[import-untyped]
from jsonschema import validators
from jsonschema.exceptions import ValidationError
from referencing.jsonschema import EMPTY_REGISTRY

from workflows.rules.canonical import parse
from workflows.values.approval import Shown
from workflows.values.base import Json

REPEATED = 80
"""Characters of what was typed that its refusal may say again."""


def refusals(
    schema: Json, shown: Shown, changed: Mapping[str, Json], without: Sequence[str]
) -> dict[str, str]:
    """By the name of the argument, what is wrong with it; empty when it fits, or when that can't be said."""
    if not isinstance(schema, dict):
        return {}
    named = [*changed, *without]
    arguments = {**parse(shown.arguments), **changed}
    arguments = {name: value for name, value in arguments.items() if name not in without}
    found: dict[str, str] = {}
    try:
        for error in _validator(schema).iter_errors(arguments):
            name = _blamed(error, named, arguments, masked=shown.masked)
            if name:
                found.setdefault(name, _said(error))
    except Exception:  # noqa: BLE001 - a server's schema may be wrong in any way
        # Nothing is let through by that: the new preview asks the tool itself.
        return {}
    return found


def _said(error: ValidationError) -> str:
    """Without repeating at length what was typed."""
    typed = repr(error.instance)
    return error.message if len(typed) <= REPEATED else error.message.replace(typed, "it")


def _blamed(
    error: ValidationError, named: Sequence[str], arguments: Mapping[str, Json], *, masked: bool
) -> str:
    """The field that the error stands at: what nobody edited was taken before, and is blamed for nothing."""
    if error.absolute_path:
        name = str(error.absolute_path[0])
        return name if name in named else ""
    if error.validator == "required":
        missing = (name for name in named if name not in arguments)
        return next((name for name in missing if error.message.startswith(repr(name))), "")
    # It is about several of them together. What is masked stands there as something else.
    return "" if masked else named[0]


def _validator(schema: dict[str, Any]) -> Any:
    base = validators.validator_for(schema, default=validators.Draft202012Validator)
    # Nothing is fetched for a reference, and no pattern of a server's can keep this process busy for ever.
    guarded: Any = validators.extend(base, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    return guarded(schema, registry=EMPTY_REGISTRY)


def _pattern(_validator: Any, pattern: Any, instance: Json, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, str):
        return
    options = re2.Options()
    options.log_errors = False
    try:
        matches = re2.compile(pattern, options).search(instance)
    except re2.error:
        return
    if not matches:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
