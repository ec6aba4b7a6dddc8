"""What the tools take with which a run waits. A planner's arguments are read into these, strictly."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from .base import Value
from .durations import duration

LONGEST = timedelta(days=30)
"""No call waits longer. The embedded server remembers for as long what a run has done (docs/guarantees.md)."""
USUAL = timedelta(hours=24)
QUESTION_LIMIT = 2000
"""Characters."""
OPTION_LIMIT = 70
"""Characters; a button of Slack's takes 75."""
MOST_OPTIONS = 10
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def _moment(value: Any) -> datetime | None:
    try:
        at = None if value is None else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = None
    if value is not None and (at is None or at.utcoffset() is None):
        raise ValueError("expected a time with its zone, such as 2026-11-26T15:00:00+01:00")
    return at


def _patience(value: Any) -> timedelta | None:
    try:
        wanted = None if value is None else duration(value)
    except ValueError as error:
        raise ValueError(f"expected {error}") from None
    if wanted is not None and wanted > LONGEST:
        raise ValueError(f"at most {LONGEST.days} days can be waited for")
    return wanted


def _name(value: str) -> str:
    if not _SOURCE.fullmatch(value):
        raise ValueError("expected a name of small letters, digits, _ and -")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    """What a fact may be: one value, or a list of them; numbers and yes or no as JSON spells them."""
    values = value if isinstance(value, list | tuple) else [value]
    texts = [str(each).lower() if isinstance(each, bool) else each for each in values]
    if not texts or not all(isinstance(each, str | int) for each in texts):
        raise ValueError("expected a text, or a list of texts of which one has to fit")
    return tuple(str(each) for each in texts)


def _lean(schema: dict[str, Any]) -> None:
    """Without what only takes a model's room."""
    schema.pop("title")
    for each in schema["properties"].values():
        each.pop("title", None)
        each.pop("default", None)


Moment = Annotated[
    datetime | None, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Patience = Annotated[timedelta | None, BeforeValidator(_patience), WithJsonSchema({"type": "string"})]
Wanted = Annotated[
    tuple[str, ...],
    BeforeValidator(_texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Source = Annotated[str, AfterValidator(_name)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=QUESTION_LIMIT)]
Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=OPTION_LIMIT)]


class Arguments(Value):
    """An argument that a tool does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_lean)


class Patient(Arguments):
    within: Patience = Field(
        None, description="How long to wait at most, such as 90s or 2h; 24h when left out."
    )

    @property
    def patience(self) -> timedelta:
        return self.within or USUAL


class WaitUntil(Arguments):
    at: Moment = Field(None, description="A time with its zone. Either this or for.")
    for_: Patience = Field(None, alias="for", description="How long, such as 90s or 2h. Either this or at.")

    @model_validator(mode="after")
    def _one_of_both(self) -> "WaitUntil":
        if (self.at is None) == (self.for_ is None):
            raise ValueError("expected either at or for")
        return self


class WaitForEvent(Patient):
    source: Source = Field(description="Where it comes from, by the name of its webhook.")
    key: str = Field(min_length=1, max_length=500, description="What it is about.")
    where: dict[str, Wanted] = Field(
        {}, description="Facts that it has to have: a value, or a list of values."
    )


class AskPerson(Patient):
    question: Text
    options: tuple[Option, ...] = Field(
        (),
        max_length=MOST_OPTIONS,
        description="Possible answers. Without any, people answer in their own words.",
    )
    who: Literal["steering", "requester"] = Field(
        "steering",
        description="Who may answer: all who may steer this run, or only the person who asked for it.",
    )

    @model_validator(mode="after")
    def _a_choice(self) -> "AskPerson":
        if len(self.options) == 1 or len(set(self.options)) < len(self.options):
            raise ValueError("expected no options, or two and more that differ")
        return self


Wish = WaitUntil | WaitForEvent | AskPerson
