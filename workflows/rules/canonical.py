"""The one form in which arguments are hashed, shown and sent.

UTF-8 JSON, keys sorted by code point, no spaces, no duplicate keys, no NaN or infinity, no lone surrogates, no
Unicode normalisation: bytes are bytes. Arguments are parsed once, where they arrive; what is compared afterwards are
these bytes, never dicts (`1 == 1.0 == True` in Python, and json keeps the last of two equal keys).
"""

import json
from typing import NoReturn

from ..values.base import CanonicalJson, Json

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64


class NotCanonical(ValueError):
    """Not JSON that could be hashed and sent without a doubt; the text says why."""


def parse(text: str) -> Json:
    """Strict JSON. Raises `NotCanonical` for whatever two readers might read differently."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise NotCanonical(f"larger than {MAX_BYTES} bytes")
    try:
        value: Json = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except NotCanonical:
        raise
    except RecursionError:
        raise NotCanonical("nested too deeply") from None
    except ValueError as error:
        raise NotCanonical(f"not JSON: {error}") from None
    _check(value, MAX_DEPTH)
    return value


def canonical(value: Json) -> CanonicalJson:
    """*value* in canonical form. Raises `NotCanonical` when it has none."""
    _check(value, MAX_DEPTH)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if len(text.encode()) > MAX_BYTES:
        raise NotCanonical(f"larger than {MAX_BYTES} bytes")
    return CanonicalJson(text)


def canonical_text(text: str) -> CanonicalJson:
    """The canonical form of JSON text that came from outside."""
    return canonical(parse(text))


def _check(value: Json, depth: int) -> None:
    if depth == 0:
        raise NotCanonical(f"nested more than {MAX_DEPTH} deep")
    match value:
        case str():
            _check_text(value)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise NotCanonical(f"a key that is not text: {key!r}")
                _check_text(key)
                _check(item, depth - 1)
        case list() | tuple():
            for item in value:
                _check(item, depth - 1)
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
            raise NotCanonical("NaN and infinity have no JSON form")
        case None | bool() | int() | float():
            pass
        case _:
            raise NotCanonical(f"{type(value).__name__} has no JSON form")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("a lone surrogate: half of a character") from None


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise NotCanonical(f"the key {twice!r} stands there twice")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise NotCanonical(f"{name} has no JSON form")
