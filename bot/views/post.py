"""A message that a run's tool posts, outside of the run's own thread."""

from .blocks import ELEMENT_LIMIT, Message, context, line, message, rich, run_of
from .text import code, escaped

LONGEST_POST = ELEMENT_LIMIT
"""Characters, with what is invisible written out: one element, so that no line of it is broken."""


def signature(run_name: str) -> str:
    return f"From the run {run_name}"


def post(text: str, run_name: str) -> Message:
    """*text* can neither mention nor link nor format, and ends before our own line."""
    return message(escaped(text), rich(line(run_of(text))), context(signature(code(run_name))))
