"""What tools answered, kept whole outside of the history: a run holds what it needs to find it again."""

from .base import Value


class Stored(Value):
    """A text in the blob store, without secrets."""

    digest: str
    """SHA-256 of its UTF-8: 64 hex digits."""
    characters: int


class Output(Value):
    """An answer that is kept whole; what is short enough to stand in the transcript for ever has none."""

    text: Stored | None = None
    data: Stored | None = None
    """The structured answer, as canonical JSON."""


class OutputPart(Value):
    """Read a part of a kept answer."""

    name: str
    """As the planner calls it: `17`, or `17.data`."""
    stored: Stored
    start: int = 0
    """The first character; the number of the first line where *lines* are asked for, from 1."""
    length: int | None = None
    """Characters; as many as one answer takes when None."""
    lines: int | None = None
    search: str = ""
    """Only the places where this text stands, from *start* on, whatever the case of its letters."""
