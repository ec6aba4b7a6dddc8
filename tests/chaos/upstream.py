"""A tool server that knows what truly happened, and that kills its caller where it was told to.

Plain Python on purpose: with every kill of a worker one of these starts again, and the protocol's library alone takes a
second of that. Three tools change something, one for each class of effect; each takes 50 to 800 ms.
"""

import json
import os
import random
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.chaos.truth import (
    AT_MOST_ONCE,
    BEFORE,
    COMMITTED,
    IDEMPOTENT,
    REPLIED,
    TOOL_DIES,
    VERIFIABLE,
    WORKER,
    Truth,
)

Arguments = dict[str, Any]

TRUTH = Path(os.environ["CHAOS_TRUTH"])
SEED = os.environ["CHAOS_SEED"]
CALLER = os.getppid()
SHORTEST, LONGEST = 0.05, 0.8
"""Seconds that an operation takes."""

CHANGES = {"order": IDEMPOTENT, "label": VERIFIABLE, "send": AT_MOST_ONCE}
READS = ("plan", "find")
THING = {"item": {"type": "string"}, "shelf": {"type": "string"}, "room": {"type": "string"}}
MORE: dict[str, dict[str, Any]] = {
    "order": {"request_id": {"type": "string"}},
    "label": {"labels": {"type": "array", "items": {"type": "string"}}},
}

out = threading.Lock()
hung_up = threading.Event()


def say(message: dict[str, Any]) -> None:
    with out:
        try:
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            hung_up.set()


def answer(number: int, structured: dict[str, Any], **more: object) -> None:
    content = [{"type": "text", "text": json.dumps(structured)}]
    say({"id": number, "result": {"content": content, "structuredContent": structured, **more}})


def definitions() -> list[dict[str, Any]]:
    find = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}
    changes = {
        name: {"type": "object", "properties": {**THING, **MORE.get(name, {})}, "required": [*THING]}
        for name in CHANGES
    }
    plan = {"type": "object", "properties": THING, "required": [*THING]}
    return [{"name": name, "inputSchema": it} for name, it in {**changes, "plan": plan, "find": find}.items()]


def read(number: int, name: str, arguments: Arguments) -> None:
    if name == "find":
        truth = Truth(TRUTH)
        answer(number, {"objects": truth.labelled(arguments["label"])})
        truth.close()
    else:
        would = f"put {arguments['item']} on {arguments['shelf']} in {arguments['room']}"
        answer(number, {"would": would})


class Operation:
    """One call that changes something, in a thread of its own."""

    def __init__(self, number: int, name: str, arguments: Arguments) -> None:
        self._number = number
        self._arguments = arguments
        self._class = CHANGES[name]
        self._item: str = arguments["item"]

    def run(self) -> None:
        self._truth = Truth(TRUTH)
        point = self._truth.take(self._class)
        operation, nth = self._truth.begin(self._class, self._item, CALLER)
        chance = random.Random(f"{SEED}/{self._item}/{nth}")
        self._truth.end(operation, self._carry_out(point, chance))
        if point == TOOL_DIES:
            os._exit(1)
        self._truth.close()

    def _carry_out(self, point: str, chance: random.Random) -> str:
        """How it ended."""
        lasts, when = chance.uniform(SHORTEST, LONGEST), chance.random()
        goes_on = chance.random() < 0.5
        if point == BEFORE:
            self._kill(point)
            return "abandoned"
        hung_up.wait(lasts * when)
        # Some servers finish what they began for somebody who is gone, some don't.
        if hung_up.is_set() and not goes_on:
            return "abandoned"
        effect = self._commit()
        if point == COMMITTED:
            self._kill(point)
            return "unanswered"
        if point == TOOL_DIES:
            self._truth.end_all_of(os.getpid())
            return "died"
        time.sleep(lasts * (1 - when))
        answer(self._number, {"effect": effect, "item": self._item})
        if point == REPLIED:
            self._kill(point)
        return "answered"

    def _commit(self) -> int:
        asked, key = dict(self._arguments), ""
        if self._class == IDEMPOTENT:
            key = asked.pop("request_id", "")
        elif self._class == VERIFIABLE:
            key = " ".join(asked.pop("labels", []))
        as_asked = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        received = json.dumps(self._arguments, ensure_ascii=False)
        return self._truth.commit(self._class, self._item, key, as_asked, received)

    def _kill(self, point: str) -> None:
        # Whoever adopted this process is not to be killed.
        if os.getppid() == CALLER:
            with suppress(ProcessLookupError):
                self._truth.kill(WORKER, point, CALLER)


def hear(message: dict[str, Any]) -> None:
    number, method, params = message.get("id"), message.get("method"), message.get("params") or {}
    if number is None or method is None:
        return
    if method == "initialize":
        me = {"name": "upstream", "version": "1"}
        version = params["protocolVersion"]
        hello = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": me}
        say({"id": number, "result": hello})
    elif method == "tools/list":
        say({"id": number, "result": {"tools": definitions()}})
    elif method == "tools/call" and params.get("name") in READS:
        read(number, params["name"], params.get("arguments") or {})
    elif method == "tools/call" and params.get("name") in CHANGES:
        operation = Operation(number, params["name"], params.get("arguments") or {})
        threading.Thread(target=operation.run).start()
    elif method == "ping":
        say({"id": number, "result": {}})
    else:
        say({"id": number, "error": {"code": -32601, "message": "no such method"}})


def main() -> None:
    # As a careless server would: what it says on stderr is no business of any log that people read.
    sys.stderr.write(f"upstream: logged in with {os.environ['CHAOS_CANARY']}\n")
    sys.stderr.flush()
    for line in sys.stdin:
        hear(json.loads(line))
    # What was begun goes on after the caller has gone: the threads are waited for.
    hung_up.set()


if __name__ == "__main__":
    main()
