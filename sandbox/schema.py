"""Small checks that compose into the shape of a block, and word their refusals as Slack does."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias


class Problems:
    """What is wrong with a payload, each with a JSON pointer to the place."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, pointer: str, words: str) -> None:
        self.found.append(f"{words} [json-pointer:{pointer}]")


Check: TypeAlias = Callable[[Any, str, Problems], None]


def string(longest: int | None = None, shortest: int = 1) -> Check:
    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add(at, "must provide a string")
        elif len(value) < shortest:
            problems.add(at, f"must be more than {shortest - 1} characters")
        elif longest is not None and len(value) > longest:
            problems.add(at, f"must be less than {longest + 1} characters")

    return check


def one_of(*allowed: str) -> Check:
    def check(value: Any, at: str, problems: Problems) -> None:
        if value not in allowed:
            problems.add(at, f"must be one of: {', '.join(allowed)}")

    return check


def boolean(value: Any, at: str, problems: Problems) -> None:
    if not isinstance(value, bool):
        problems.add(at, "must provide a boolean")


def integer(value: Any, at: str, problems: Problems) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        problems.add(at, "must provide an integer")


def number(value: Any, at: str, problems: Problems) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        problems.add(at, "must provide a number")


def anything(_value: Any, _at: str, _problems: Problems) -> None:
    """For what Slack checks and this sandbox does not draw."""


def items(each: Check, *, most: int | None = None, fewest: int = 0) -> Check:
    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add(at, "must provide an array")
            return
        if most is not None and len(value) > most:
            problems.add(at, f"no more than {most} items allowed")
        if len(value) < fewest:
            problems.add(at, f"no fewer than {fewest} items allowed")
        for index, item in enumerate(value):
            each(item, f"{at}/{index}", problems)

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these properties: Slack refuses the ones it does not know."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(at, "must provide an object")
            return
        for name in required:
            if name not in value:
                problems.add(at, f"missing required field: {name}")
        for name, inner in value.items():
            if name not in known:
                problems.add(at, f"invalid additional property: {name}")
            else:
                known[name](inner, f"{at}/{name}", problems)

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` says which of *kinds* it is."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(at, "must provide an object")
        elif "type" not in value:
            problems.add(at, "missing required field: type")
        elif value["type"] not in kinds:
            problems.add(f"{at}/type", f"unsupported type: {value['type']}")
        else:
            kinds[value["type"]](value, at, problems)

    return check
