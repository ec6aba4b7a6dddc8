"""The `handrail.yaml` of a chaos run, and what it means: who may decide on what, and which goal asks for what."""

import json
import random
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.chaos.truth import AT_MOST_ONCE, CLASSES, IDEMPOTENT, VERIFIABLE

ROOT = Path(__file__).parent.parent.parent
ALICE, BOB, CAROL, GUS = "U0ALICE", "U0BOB", "U0CAROL", "U0GUS"
"""Gus is a guest: a rule may name him, and he may decide on nothing all the same."""
CHANNELS = [f"C0CHAOS{number:02}" for number in range(40)]
"""Slack takes one message a second in a channel."""
TOOLS = {IDEMPOTENT: "order", VERIFIABLE: "label", AT_MOST_ONCE: "send"}
EXPIRES = 20.0
"""Seconds, in the room `brief`."""
CALL_TIMEOUT = 8.0
"""Seconds: shorter than the heartbeat timeout of the steps that apply."""


class Room(NamedTuple):
    """An environment with its rule."""

    name: str
    approvers: tuple[str, ...] = ()
    quorum: int = 0

    def may_decide(self, requester: str) -> tuple[str, ...]:
        """Those whose word counts."""
        return tuple(who for who in self.approvers if who not in (requester, GUS))


OPEN = Room("open")
ONE = Room("one", (ALICE, BOB, GUS), 1)
TWO = Room("two", (ALICE, BOB, CAROL, GUS), 2)
BRIEF = Room("brief", (ALICE, BOB), 1)
ROOMS = {room.name: room for room in (OPEN, ONE, TWO, BRIEF)}


class Goal(NamedTuple):
    """What one run is asked for: one effect on an item of its own, so that every row tells whose it is."""

    item: str
    effect_class: str
    shelf: str
    """The target. Some share one, and then the second run is told who holds it."""
    room: Room
    channel: str
    by: str

    @property
    def text(self) -> str:
        return f"{TOOLS[self.effect_class]} {self.item} on {self.shelf} in {self.room.name}"

    @property
    def arguments(self) -> str:
        """As the upstream has to receive them, without the key."""
        asked = {"item": self.item, "room": self.room.name, "shelf": self.shelf}
        return json.dumps(asked, sort_keys=True, separators=(",", ":"))


def goal(number: int, chance: random.Random) -> Goal:
    [room] = chance.choices((OPEN, ONE, TWO, BRIEF), (48, 38, 10, 4))
    return Goal(
        item=f"item-{number:05}",
        effect_class=CLASSES[number % len(CLASSES)],
        shelf=f"shelf-{chance.randrange(150)}",
        room=room,
        channel=CHANNELS[number % len(CHANNELS)],
        by=chance.choice((ALICE, CAROL)) if room is not TWO else chance.choice((ALICE, BOB, CAROL)),
    )


def write(folder: Path, seed: str, canary: str) -> Path:
    """Write the config into *folder*; its path."""
    server = {
        "command": "${HANDRAIL_PYTHON}",
        "args": ["-P", "-m", "tests.chaos.upstream"],
        "env": {
            "PYTHONPATH": str(ROOT),
            "CHAOS_TRUTH": str(folder / "truth.sqlite"),
            "CHAOS_SEED": seed,
            "CHAOS_CANARY": canary,
        },
    }
    whole = {
        "servers": {"up": server},
        "tools": _tools(),
        "rules": [_rule(room) for room in ROOMS.values()],
        "agents": {tool: _agent(tool) for tool in TOOLS.values()},
    }
    file = folder / "handrail.yaml"
    file.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return file


def _tools() -> dict[str, object]:
    common = {
        "environment": "{room}",
        "target": "{shelf}",
        "timeout": f"{CALL_TIMEOUT:.0f}s",
        "where_to_look": "the upstream's own table",
    }
    planned = {**common, "preview": {"tool": "plan"}}
    verify = {"tool": "find", "with": {"label": "{key}"}, "found": "objects", "settle": "2s"}
    labels = {"argument": "labels", "as": "label"}
    return {
        "up.plan": {"reads": True},
        "up.find": {"reads": True},
        "up.order": {**planned, "class": IDEMPOTENT, "key_in": {"argument": "request_id"}},
        "up.label": {**planned, "class": VERIFIABLE, "key_in": labels, "verify": verify},
        "up.send": {**common, "class": AT_MOST_ONCE},
    }


def _rule(room: Room) -> dict[str, object]:
    rule: dict[str, object] = {"name": f"changes in {room.name}", "environments": [room.name]}
    if not room.quorum:
        return {**rule, "then": "allow"}
    asked = {"then": "ask", "approvers": {"users": list(room.approvers)}, "quorum": room.quorum}
    return {**rule, **asked, **({"expires_after": f"{EXPIRES:.0f}s"} if room is BRIEF else {})}


def _agent(tool: str) -> dict[str, object]:
    given = {"item": "{{ thing }}", "shelf": "{{ shelf }}", "room": "{{ room }}"}
    step = {"id": "it", "title": f"{tool} {{{{ thing }}}}", "call": f"up.{tool}", "with": given}
    runbook = {
        "phrases": [f"{tool} <thing> on <shelf> in <room>"],
        "steps": [step],
        "answer": "{{ thing }} is done.",
    }
    return {"description": f"Does one {tool}.", "runbook": runbook}
