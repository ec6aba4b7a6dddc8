"""All that the oracle may look at, as plain values: what the far end, the server and Slack's stand-in wrote down.

Nothing here is asked of Handrail but the audit and the view, which is what its people would be shown.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.deployment import Goal
from tests.chaos.truth import Row

Json = dict[str, Any]


class Signal(NamedTuple):
    """What somebody said to a workflow, as its history has it."""

    name: str
    body: Json
    at: float


@dataclass
class Run:
    """One workflow `AgentRun`."""

    id: str
    item: str
    signals: list[Signal] = field(default_factory=list)
    started: float = 0.0
    closed: float | None = None
    result: Json | None = None
    audit: list[Json] = field(default_factory=list)
    view: Json | None = None
    """Of one that is open."""
    broken: list[str] = field(default_factory=list)
    """Workflow tasks that failed, by their cause."""


@dataclass
class Effect:
    """One workflow `Effect`."""

    id: str
    run: str
    order: Json
    decided: float
    """When the workflow task began in which its run started it."""
    started: float
    closed: float | None = None
    outcome: Json | None = None
    lost: bool = False
    """The last attempt to apply it ended without a word on what became of it."""
    told: bool = False
    """Its run was told that nobody can know."""
    broken: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.order["effect"]["key"])

    @property
    def said(self) -> str:
        """The outcome's state, in a machine's word; empty while there is none, or where it is a person's."""
        return "" if self.outcome is None or self.outcome.get("by") else str(self.outcome["state"])


@dataclass
class Delivery:
    """Something a person did, as Slack handed it to the bot."""

    kind: str
    payload: Json
    at: float
    outcome: str

    @property
    def acknowledged(self) -> bool:
        return self.outcome == "acknowledged"


class Whisper(NamedTuple):
    """What one person was told, and only they."""

    to: str
    channel: str
    thread: str
    at: float


@dataclass
class Evidence:
    goals: dict[str, Goal] = field(default_factory=dict)
    """By item."""
    rows: Sequence[Row] = ()
    runs: dict[str, Run] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    leases: dict[str, str] = field(default_factory=dict)
    """Open leases: the effect that holds each."""
    deliveries: list[Delivery] = field(default_factory=list)
    whispers: list[Whisper] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Runs in whose thread people were asked what became of a change."""
    answered: set[str] = field(default_factory=set)
    """Dialogs that were sent back with an error."""
    leaks: list[str] = field(default_factory=list)
    """Places where the canary was found."""

    def run_of(self, item: str) -> list[Run]:
        return [run for run in self.runs.values() if run.item == item]

    def effects_of(self, item: str) -> list[Effect]:
        ids = {run.id for run in self.run_of(item)}
        return [effect for effect in self.effects.values() if effect.run in ids]


def read_log(lines: Sequence[str], evidence: Evidence) -> None:
    """Take in what the workspace wrote down."""
    for line in lines:
        entry = json.loads(line)
        match entry["log"]:
            case "delivery" if "payload" in entry:
                evidence.deliveries.append(
                    Delivery(entry["type"], entry["payload"], entry["at"], entry["outcome"])
                )
            case "whisper":
                said = entry["message"]
                where = Whisper(entry["to"], said["channel"], said.get("thread_ts", ""), entry["at"])
                evidence.whispers.append(where)
            case "call" if entry["method"] == "chat.postMessage" and "ts" in entry:
                evidence.asked |= _asks_about(entry["args"])


def _asks_about(message: Json) -> set[str]:
    """The run of a card that asks what became of a change."""
    return {
        json.loads(element["value"])["run"]
        for block in message.get("blocks") or []
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "resolve_happened"
    }
