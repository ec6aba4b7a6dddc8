"""What a tool says of itself, and what that makes of some arguments."""

from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import exceptions, validators
from referencing.jsonschema import EMPTY_REGISTRY

from workflows.values.base import Json

from .safe import safe_text
from .tool_replies import ToolDefinition


def problem(schema: Mapping[str, Any], arguments: Json, filled_later: Iterable[str] = ()) -> str:
    """What is wrong with the arguments, in a sentence; empty when they fit. It may quote them whole.

    *filled_later* are arguments that Handrail adds when it sends (the key, the precondition): their absence is fine.
    """
    if not isinstance(arguments, dict):
        return "the arguments are not an object"
    try:
        validator_of = validators.validator_for(schema, default=validators.Draft202012Validator)
        required = [name for name in schema.get("required", ()) if name not in set(filled_later)]
        # With a registry of its own it fetches nothing: a `$ref` to an address is the server's text, not our wish.
        validator = validator_of({**schema, "required": required}, registry=EMPTY_REGISTRY)
        error = exceptions.best_match(validator.iter_errors(arguments))
    except Exception as error:  # noqa: BLE001 - a server's schema may be wrong in any way
        return f"its input schema can't be used: {_in_line(str(error))}"
    if error is None:
        return ""
    where = ".".join(str(part) for part in error.absolute_path)
    return f"{where}: {_in_line(error.message)}" if where else _in_line(error.message)


def known(schema: Mapping[str, Any], arguments: Mapping[str, Json]) -> dict[str, Json]:
    """Those of the arguments that the tool knows."""
    return {name: value for name, value in arguments.items() if knows(schema, name)}


def knows(schema: Mapping[str, Any], name: str) -> bool:
    properties = schema.get("properties")
    return isinstance(properties, dict) and name in properties


def requires(schema: Mapping[str, Any], name: str) -> bool:
    required = schema.get("required")
    return isinstance(required, list) and name in required


def says_it_changes(tool: ToolDefinition) -> bool:
    """Its hints are the server's claims: they can only make us stricter than the contract, never looser."""
    reads = tool.annotations.get("readOnlyHint")
    return reads is False or (reads is not True and tool.annotations.get("destructiveHint") is True)


def _in_line(text: str) -> str:
    return safe_text(" ".join(text.split()))
