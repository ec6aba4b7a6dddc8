"""Tools that the config itself declares: what they offer is what an operator wrote."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from workflows.rules.canonical import canonical
from workflows.values.base import Json

from .tool_replies import NotSent, Refused, ToolDefinition

KEY_ARGUMENT = "idempotency_key"
"""Takes our key, where a tool takes one: what `key_in` names."""
DRY_RUN = "dry_run"
"""Turns a tool into its own preview, where it has one."""
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


def changing_schema(
    arguments: Mapping[str, Mapping[str, Any]], optional: Sequence[str] = ()
) -> dict[str, Any]:
    """Of a tool that shows beforehand what it would do, and does it under our key."""
    schema = input_schema(
        arguments,
        optional,
        {
            DRY_RUN: {"type": "boolean", "description": "Show what it would do, and do nothing."},
            KEY_ARGUMENT: {"type": "string", "maxLength": 255, "description": "Handrail fills it in."},
        },
    )
    # So it can't be called without one, and people are told before they are asked.
    schema["required"].append(KEY_ARGUMENT)
    return schema


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


def plain(value: Any) -> Json:
    """The value without tuples, which are not JSON."""
    match value:
        case dict():
            return {name: plain(item) for name, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            known: Json = value
            return known


class Bounds:
    """Timeouts of the calls under way, which the closing of their server brings forward."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Timeout] = set()
        self.closed = False

    @asynccontextmanager
    async def until(self, when: float) -> AsyncIterator[None]:
        """Raises TimeoutError at *when*, by the loop's clock, or when closed."""
        async with asyncio.timeout_at(when) as bound:
            self._under_way.add(bound)
            try:
                yield
            finally:
                self._under_way.discard(bound)

    def close(self) -> None:
        self.closed = True
        for bound in self._under_way:
            bound.reschedule(asyncio.get_running_loop().time())


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
