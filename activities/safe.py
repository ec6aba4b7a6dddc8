"""Text from outside, made safe where it comes in: neither UTF-8 nor most stores can hold all that a program may say."""

from typing import Any

DEPTH_LIMIT = 200  # levels; pydantic's own parser has the same


def safe_text(text: str) -> str:
    """The text with lone surrogates and NULs replaced."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def safe_json(value: Any, depth: int = 0) -> Any:
    """The JSON value with every text in it made safe. Raises ValueError where it is nested too deeply."""
    if depth > DEPTH_LIMIT:
        raise ValueError("nested too deeply")
    match value:
        case str():
            return safe_text(value)
        case dict():
            return {safe_text(str(key)): safe_json(inner, depth + 1) for key, inner in value.items()}
        case list():
            return [safe_json(inner, depth + 1) for inner in value]
        case _:
            return value
