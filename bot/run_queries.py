"""Which runs a list means, as Temporal's visibility is asked for them: by search attributes, so no worker has to be up."""

import re

from workflows import attributes
from workflows.values.people import Person
from workflows.values.view import RunState

EVERY = ""
UNDER_WAY = 'ExecutionStatus = "Running"'
WAITING = f"{attributes.STATE.name} = '{RunState.WAITING.value}' AND {UNDER_WAY}"
"""Nothing is under way but people's answers. A run may also wait for somebody while it works on something else."""
NONE = "WorkflowId = ''"
_ID = re.compile(r"[A-Za-z0-9_]+")


def of(person: Person) -> str:
    if not (_ID.fullmatch(person.team) and _ID.fullmatch(person.user)):
        return NONE
    return f"{attributes.REQUESTER.name} = '{person.team}/{person.user}'"


def in_channel(channel: str, person: Person) -> str:
    """Those of a channel. One that has not shown itself yet is known by who asked, not by its thread."""
    if not _ID.fullmatch(channel):
        return NONE
    return f"({attributes.THREAD.name} STARTS_WITH '{channel}/' OR ({of(person)} AND {attributes.THREAD.name} IS NULL))"
