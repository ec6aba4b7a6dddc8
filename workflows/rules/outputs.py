"""`handrail.read_output`: which part of which answer a planner wants. A run reads nothing but answers to its own calls."""

from typing import NamedTuple

from workflows.values.base import CanonicalJson, Json
from workflows.values.calls import Transcript
from workflows.values.outputs import OutputPart, Stored

from .canonical import parse

READ_OUTPUT = "handrail.read_output"
"""No server may be called `handrail`."""
DATA = ".data"


class NoSuchPart(ValueError):
    """The text says what is wrong with the call, to whoever made it."""


class _Named(NamedTuple):
    name: str
    stored: Stored


def wanted(arguments: CanonicalJson, transcript: Transcript) -> OutputPart:
    """Raises NoSuchPart."""
    said: dict[str, Json] = parse(arguments)
    if unknown := said.keys() - {"output", "from", "length", "lines", "search"}:
        raise NoSuchPart(f"it has no argument {min(unknown)}")
    if "lines" in said and "length" in said:
        raise NoSuchPart("give either lines or length")
    named = _named(said.get("output"), transcript)
    by_lines = said.get("lines") is not None
    search = said.get("search", "")
    if not isinstance(search, str):
        raise NoSuchPart("search has to be a text")
    return OutputPart(
        name=named.name,
        stored=named.stored,
        start=_number(said, "from", least=1 if by_lines else 0) or int(by_lines),
        length=_number(said, "length", least=1),
        lines=_number(said, "lines", least=1),
        search=search,
    )


def _named(output: Json, transcript: Transcript) -> _Named:
    name = str(output) if isinstance(output, str | int) and not isinstance(output, bool) else ""
    number = name.removesuffix(DATA)
    kept = transcript.output(int(number)) if number.isdecimal() and len(number) < 10 else None
    if kept is None:
        known = ", ".join(str(each) for each in transcript.outputs) or "none"
        raise NoSuchPart(f"output has to be the number of a call whose answer is kept ({known}), as a text")
    stored = kept.data if name.endswith(DATA) or kept.text is None else kept.text
    if stored is None:
        raise NoSuchPart(f"call {number} has no data that is kept; its text is `{number}`")
    return _Named(name, stored)


def _number(said: dict[str, Json], name: str, least: int) -> int | None:
    number = said.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise NoSuchPart(f"{name} has to be a whole number, at least {least}")
    return number
