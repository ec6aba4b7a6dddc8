"""Handrail's own tools: they need no server, no contract and no rule, for they change nothing but the run itself."""

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError

from ..values.base import CanonicalJson, Json
from ..values.signals import Event
from ..values.waits import AskPerson, WaitForEvent, WaitUntil, Wish
from .canonical import parse

SERVER = "handrail"
"""No server of an operator's may have this name."""


SAID = {"extra_forbidden": "there is no such argument", "missing": "it is needed"}
"""By pydantic's name of the error. The others say it well themselves."""


class OwnTool(NamedTuple):
    name: str
    description: str
    takes: type[Wish]

    @property
    def schema(self) -> dict[str, Json]:
        """JSON schema of its arguments."""
        return self.takes.model_json_schema()


class BadArguments(ValueError):
    """Not what the tool takes; the text says why."""


WAIT_UNTIL = OwnTool(
    "handrail.wait_until",
    "Wait until a time, or for a while, at most 30 days. Costs nothing meanwhile.",
    WaitUntil,
)
WAIT_FOR_EVENT = OwnTool(
    "handrail.wait_for_event",
    "Wait until something happened outside that is told by webhook. What came before counts too, once. When "
    "nothing came in time the answer says `happened: false`.",
    WaitForEvent,
)
ASK_PERSON = OwnTool(
    "handrail.ask_person",
    "Ask the people of this run something that only they can know or choose, and wait for the answer. It approves "
    "nothing: changes are asked about by themselves.",
    AskPerson,
)
ALL = {tool.name: tool for tool in (WAIT_UNTIL, WAIT_FOR_EVENT, ASK_PERSON)}


def wish(tool: str, arguments: CanonicalJson) -> Wish:
    """What a call wants. Raises `BadArguments`."""
    return _wish(ALL[tool], parse(arguments))


def problem(tool: str, arguments: Json) -> str:
    """What is wrong with the arguments, in words; empty when they fit."""
    try:
        _wish(ALL[tool], arguments)
    except BadArguments as bad:
        return str(bad)
    return ""


def unknown(tool: str, arguments: Iterable[str]) -> list[str]:
    """Names of arguments that the tool does not know."""
    known = ALL[tool].schema["properties"]
    return [name for name in arguments if name not in known]


def fits(wanted: WaitForEvent, event: Event) -> bool:
    """Is this what is waited for?"""
    return (event.source, event.key) == (wanted.source, wanted.key) and all(
        event.facts.get(name) in values for name, values in wanted.where.items()
    )


def _wish(tool: OwnTool, arguments: Json) -> Wish:
    try:
        return tool.takes.model_validate(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = SAID.get(first["type"]) or first["msg"].removeprefix("Value error, ")
        raise BadArguments(
            f"{tool.name} can't be called like that: {f'{where}: ' if where else ''}{said}."
        ) from None
