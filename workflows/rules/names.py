"""Identities are derived, not stored: the same thing twice is then the same run."""

import hashlib
import re
from collections.abc import Mapping

from ..values.people import Person

LONGEST = 40
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_FILLERS = frozenset({"the", "a", "an", "to", "in", "is", "of", "on", "please"})


def run_id(team: str, occasion: str) -> str:
    """The workflow id of the run that *occasion* (a trigger id or event id: what Slack repeats) starts."""
    return f"run/{team}/{hashlib.sha256(f'{team}/{occasion}'.encode()).hexdigest()[:24]}"


def run_of(team: str, firing: str) -> str:
    """The workflow id of the run that a firing of a schedule starts, by the workflow id of that firing."""
    return run_id(team, f"schedule/{firing}")


def schedule_id(team: str, name: str) -> str:
    """Of a schedule, in Temporal."""
    return f"schedule/{team}/{name}"


def firing_id(team: str, name: str) -> str:
    """What the workflow ids of a schedule's firings begin with: Temporal adds the time."""
    return f"firing/{team}/{name}"


def mailbox_id(source: str, key: str) -> str:
    """The workflow id of the `Mailbox` that keeps the events of *source* about *key*. A key may hold anything."""
    return f"mailbox/{source}/{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def direct_messages_id(person: Person) -> str:
    """The workflow id of the `DirectMessages` of *person*."""
    return f"direct-messages/{person.team}/{person.user}"


def person_of(workflow_id: str) -> Person:
    """Whose `DirectMessages` that is."""
    _, team, user = workflow_id.split("/")
    return Person(team=team, user=user)


def slug(goal: str, agent: str, parameters: Mapping[str, str]) -> str:
    """What a run is called, without its number: its agent and the first thing said of what, `deploy-checkout`.

    A goal without *parameters* lends its own first words.
    """
    said = f"{agent} {next(iter(parameters.values()))}" if parameters else goal
    words = re.findall(r"[a-z0-9]+", said.lower().replace("'", ""))
    kept = [word for word in words if word not in _FILLERS][:2]
    return "-".join(kept)[:LONGEST].strip("-") or agent


def fallback_number(workflow_id: str) -> str:
    """In place of a number when nobody can count: short, and the same for the same run."""
    return hashlib.sha256(workflow_id.encode()).hexdigest()[:4]


def is_environment(name: str) -> bool:
    """Can a freeze be declared of it? Of a name with odd characters nobody could see what it names."""
    return _ENVIRONMENT.fullmatch(name) is not None
