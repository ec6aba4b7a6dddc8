"""Tools that the config itself declares: what they offer is what an operator wrote."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from workflows.rules.canonical import canonical
from workflows.values.base import Json

from .tool_replies import NotSent, Refused, ToolDefinition

KEY_ARGUMENT = "idempotency_key"
"""Takes our key, where a tool takes one: what `key_in` names."""
NAME = re.compile(r"\{([^{}]*)\}")
LEFT_OUT = object()
"""What a template becomes that names an argument which the call does not have."""

Arguments = Mapping[str, Json]


def input_schema(
    arguments: Mapping[str, Mapping[str, Any]], optional: Sequence[str], filled_in: Mapping[str, Any]
) -> dict[str, Any]:
    """Strict: an argument it does not know is a mistake, and each is required unless it is named *optional*."""
    return {
        "type": "object",
        "properties": {**{name: dict(said) for name, said in arguments.items()}, **filled_in},
        "required": [name for name in arguments if name not in optional],
        "additionalProperties": False,
    }


def fingerprint(declared: Json) -> str:
    """Of all that decides what is sent: where an operator changes it, what was approved is not sent any more."""
    return sha256(canonical(declared).encode()).hexdigest()


def expected(
    server: str, offered: Mapping[str, ToolDefinition], tool: str, as_listed: ToolDefinition | None
) -> None:
    """Raises NotSent where the server has no such tool, or another one than was looked at."""
    known = offered.get(tool)
    if known is None:
        raise NotSent(f"{server} has no tool {tool}")
    if as_listed is not None and not known.same_as(as_listed):
        raise NotSent(f"{server} describes {tool} differently than a moment ago")


def filled(template: Json, arguments: Arguments) -> Any:
    """The template with `{name}` replaced. A text that is one name and nothing else keeps the argument's type.

    An entry that names an argument which the call leaves out is left out as well. Raises Refused.
    """
    match template:
        case str():
            return _text(template, arguments)
        case dict():
            inner = {name: filled(item, arguments) for name, item in template.items()}
            return {name: item for name, item in inner.items() if item is not LEFT_OUT}
        case list() | tuple():
            items = [filled(item, arguments) for item in template]
            return [item for item in items if item is not LEFT_OUT]
        case _:
            return template


def _text(template: str, arguments: Arguments) -> Any:
    if any(name not in arguments for name in NAME.findall(template)):
        return LEFT_OUT
    whole = NAME.fullmatch(template)
    if whole:
        return arguments[whole[1]]
    return NAME.sub(lambda name: word(name[1], arguments[name[1]]), template)


def word(name: str, value: Json) -> str:
    """An argument within a text. Raises Refused where it is none that could stand there."""
    match value:
        case str():
            return value
        case bool() | int() | float():
            return canonical(value)
        case _:
            raise Refused(
                f"the argument {name} can't stand in a text: it is neither text, a number nor true or false"
            )
