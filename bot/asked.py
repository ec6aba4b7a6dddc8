"""Somebody asked something."""

from workflows.values.base import Value
from workflows.values.people import Person, Place


class Asked(Value):
    """Who asked, and where the answer goes."""

    person: Person
    place: Place
    occasion: str
    """What Slack repeats of it."""
