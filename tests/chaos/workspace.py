"""The sandbox as a process of its own, with more channels, a log on disk, and crash points around what the bot does.

    python -m tests.chaos.workspace PORT FOLDER

The driver arms a crash point by `POST /page/break {"what": "kill_bot", "point": …}`; the bot is killed the next time
it comes to that point. As with the upstream, the far end kills: the bot knows nothing of it.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from handrail.home import BOT, Home, read_pid
from handrail.ready import say_ready
from handrail.stopping import stop_signals
from sandbox.faults import CallFault, DeliveryFault, Faults
from sandbox.roster import BOT_USER_ID, PEOPLE, Channel
from sandbox.server import Sandbox, SandboxSettings
from sandbox.workspace import Change
from tests.chaos.deployment import CHANNELS
from tests.chaos.truth import AFTER_POST, BEFORE_POST, CLICKED, Truth

Json = dict[str, Any]
POST = "chat.postMessage"


class Seams(Faults):
    """The sandbox's own faults and records, and besides: every record goes to disk, and the bot is killed at seams."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._home = home
        self._log = (home.path / "slack.jsonl").open("a", encoding="utf-8")
        self._truth = Truth(home.path / "truth.sqlite")
        self._armed: list[tuple[str, float]] = []

    async def arm(self, order: Json) -> Json:
        """Kill the bot when it next comes to a point; at a click, *after* so many seconds."""
        self._armed.append((order["point"], float(order.get("after", 0.0))))
        return {}

    def next_call(self, method: str) -> CallFault | None:
        if method == POST:
            self._reached(BEFORE_POST)
        return super().next_call(method)

    def log_call(self, method: str, args: Json, outcome: str, answer: Json | None) -> None:
        super().log_call(method, args, outcome, answer)
        self.write("call", self.calls[-1])
        if method == POST and answer and answer["ok"]:
            # It stands in the channel, and the bot does not know where yet.
            self._reached(AFTER_POST)

    def next_delivery(self, kind: str) -> list[DeliveryFault]:
        if kind == "interactive":
            self._reached(CLICKED)
        return super().next_delivery(kind)

    def log_delivery(self, kind: str, payload: Json, outcome: str) -> None:
        super().log_delivery(kind, payload, outcome)
        # Events repeat what the calls already say.
        self.write(
            "delivery", self.deliveries[-1] if kind != "events_api" else {"type": kind, "outcome": outcome}
        )

    def write(self, kind: str, entry: Mapping[str, Any]) -> None:
        self._log.write(json.dumps({"log": kind, **entry}) + "\n")
        self._log.flush()

    def _reached(self, point: str) -> None:
        for armed in self._armed:
            if armed[0] == point:
                self._armed.remove(armed)
                if armed[1]:
                    asyncio.get_running_loop().call_later(armed[1], self._kill, point)
                else:
                    self._kill(point)
                return

    def _kill(self, point: str) -> None:
        pid = read_pid(self._home.pid_file(BOT))
        if pid is not None:
            with suppress(ProcessLookupError):
                self._truth.kill(BOT, point, pid)


async def main(port: int, folder: Path) -> None:
    home = Home(folder)
    seams = Seams(home)
    settings = SandboxSettings(port=port, rate_limits=False)
    sandbox = Sandbox(settings, breakers={"kill_bot": seams.arm})
    sandbox.faults = seams

    def note(change: Change) -> None:
        if change.kind == "ephemeral":
            seams.write(
                "whisper", {"to": change.viewer, "at": float(change.body["ts"]), "message": change.body}
            )

    with stop_signals() as stop:
        await sandbox.start()
        for channel in CHANNELS:
            members = [*PEOPLE, BOT_USER_ID]
            sandbox.world.workspace.channels[channel] = Channel(channel, channel.lower(), members)
        sandbox.world.workspace.watch(note)
        say_ready(os.environ)
        await stop.wait()
        await sandbox.stop()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
