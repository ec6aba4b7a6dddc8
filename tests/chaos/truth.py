"""What truly happened: the far end's own SQLite file.

One transaction per effect. Beside the effects it keeps every operation from its begin to its end, so that a kill is
written down together with what was in flight at that moment: a figure without that count says nothing.
"""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

IDEMPOTENT, VERIFIABLE, AT_MOST_ONCE = "idempotent", "verifiable", "at_most_once"
CLASSES = (IDEMPOTENT, VERIFIABLE, AT_MOST_ONCE)

WORKER, BOT, SERVER = "worker", "bot", "Temporal"

# Crash points. The far end kills its caller there, so no hook is needed in the code that is tested.
BEFORE = "before it acts"
COMMITTED = "after the commit, before the reply"
REPLIED = "after the reply"
TOOL_DIES = "the tool server dies after the commit"
AIMED = "with work in flight"
ANY_TIME = "at any time"
BEFORE_POST = "before a post"
AFTER_POST = "after a post, before its reply"
CLICKED = "between a click and its acknowledgement"
STOPPED = "stopped past its timeouts, then continued"

LONGEST = 5.0
"""Seconds: no operation takes so long. One that never ended went down with its server."""
_IN_FLIGHT = "ended IS NULL AND begun > ?"

_TABLES = """
CREATE TABLE IF NOT EXISTS effect (
    id INTEGER PRIMARY KEY, class TEXT, item TEXT, key TEXT, arguments TEXT, received TEXT, caller INTEGER, at REAL);
CREATE TABLE IF NOT EXISTS operation (
    id INTEGER PRIMARY KEY, class TEXT, item TEXT, caller INTEGER, server INTEGER, begun REAL, ended REAL, how TEXT);
CREATE TABLE IF NOT EXISTS planned (id INTEGER PRIMARY KEY, point TEXT, class TEXT, taken REAL);
CREATE TABLE IF NOT EXISTS kill (id INTEGER PRIMARY KEY, at REAL, part TEXT, pid INTEGER, point TEXT, in_flight TEXT);
CREATE INDEX IF NOT EXISTS by_item ON effect (item);
CREATE INDEX IF NOT EXISTS in_flight ON operation (ended);
"""


class Row(NamedTuple):
    """One effect that happened."""

    id: int
    effect_class: str
    item: str
    key: str
    """As the caller gave it; empty where the tool takes none."""
    arguments: str
    """What was asked for, without the key."""
    received: str
    """The arguments byte for byte as they came over the pipe."""
    at: float


class Kill(NamedTuple):
    part: str
    point: str
    in_flight: dict[str, int]
    """Operations truly in flight at that moment, by class."""


class Truth:
    """A connection to the file; one per thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _at_once(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # What the far end writes

    def begin(self, effect_class: str, item: str, caller: int) -> tuple[int, int]:
        """The operation's id, and the how manieth it is for this item."""
        row = (effect_class, item, caller, os.getpid(), time.time())
        with self._at_once() as db:
            made = db.execute(
                "INSERT INTO operation (class, item, caller, server, begun) VALUES (?, ?, ?, ?, ?)", row
            )
            count = db.execute("SELECT count(*) FROM operation WHERE item = ?", (item,)).fetchone()
            assert made.lastrowid is not None
            return made.lastrowid, int(count[0])

    def commit(self, effect_class: str, item: str, key: str, arguments: str, received: str) -> int:
        """The effect, and for the idempotent class the look for its key, in one transaction. Returns the effect's id."""
        with self._at_once() as db:
            if effect_class == IDEMPOTENT:
                known = db.execute("SELECT id FROM effect WHERE class = ? AND key = ?", (effect_class, key))
                if found := known.fetchone():
                    return int(found[0])
            row = (effect_class, item, key, arguments, received, os.getppid(), time.time())
            made = db.execute(
                "INSERT INTO effect (class, item, key, arguments, received, caller, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            assert made.lastrowid is not None
            return made.lastrowid

    def end(self, operation: int, how: str) -> None:
        self._db.execute(
            "UPDATE operation SET ended = ?, how = ? WHERE id = ?", (time.time(), how, operation)
        )

    def end_all_of(self, server: int) -> None:
        """A server goes down with everything it is at."""
        self._db.execute(
            "UPDATE operation SET ended = ?, how = 'died' WHERE server = ? AND ended IS NULL",
            (time.time(), server),
        )

    def labelled(self, key: str) -> list[dict[str, Any]]:
        """What the verifiable tool's `find` answers."""
        rows = self._db.execute("SELECT id, item FROM effect WHERE class = ? AND key = ?", (VERIFIABLE, key))
        return [{"id": number, "item": item} for number, item in rows]

    # Crash points

    def plan(self, point: str, effect_class: str) -> None:
        """The next operation of this class crashes its caller there."""
        self._db.execute("INSERT INTO planned (point, class) VALUES (?, ?)", (point, effect_class))

    def take(self, effect_class: str) -> str:
        """The crash point planned for an operation that begins now, if any."""
        found = self._db.execute(
            "UPDATE planned SET taken = ? WHERE id = (SELECT id FROM planned WHERE taken IS NULL AND class = ?"
            " ORDER BY id LIMIT 1) RETURNING point",
            (time.time(), effect_class),
        ).fetchone()
        return str(found[0]) if found else ""

    def planned(self) -> int:
        """How many were not taken yet."""
        return int(self._db.execute("SELECT count(*) FROM planned WHERE taken IS NULL").fetchone()[0])

    def forget_planned(self) -> None:
        self._db.execute("UPDATE planned SET taken = 0 WHERE taken IS NULL")

    def kill(self, part: str, point: str, pid: int, how: signal.Signals = signal.SIGKILL) -> None:
        """Write down what is in flight, and kill *pid*. Raises ProcessLookupError where somebody was faster."""
        with self._at_once() as db:
            if db.execute("SELECT 1 FROM kill WHERE pid = ? AND point <> ?", (pid, STOPPED)).fetchone():
                raise ProcessLookupError(pid)
            whose = " AND caller = ?" if part == WORKER else ""
            counted = db.execute(
                f"SELECT class, count(*) FROM operation WHERE {_IN_FLIGHT}{whose} GROUP BY class",
                (time.time() - LONGEST, pid) if whose else (time.time() - LONGEST,),
            )
            row = (time.time(), part, pid, point, json.dumps(dict(counted.fetchall())))
            db.execute("INSERT INTO kill (at, part, pid, point, in_flight) VALUES (?, ?, ?, ?, ?)", row)
            os.kill(pid, how)

    # What is read

    def busy(self) -> dict[int, int]:
        """Callers that have operations in flight, and how many."""
        rows = self._db.execute(
            f"SELECT caller, count(*) FROM operation WHERE {_IN_FLIGHT} GROUP BY caller",
            (time.time() - LONGEST,),
        )
        return dict(rows.fetchall())

    def happened(self, item: str) -> int:
        return int(self._db.execute("SELECT count(*) FROM effect WHERE item = ?", (item,)).fetchone()[0])

    def rows(self) -> list[Row]:
        found = self._db.execute(
            "SELECT id, class, item, key, arguments, received, at FROM effect ORDER BY id"
        )
        return [Row(*row) for row in found]

    def killed(self) -> int:
        """How many were killed so far; what was only stopped is not among them."""
        return int(self._db.execute("SELECT count(*) FROM kill WHERE point <> ?", (STOPPED,)).fetchone()[0])

    def kills(self) -> list[Kill]:
        found = self._db.execute("SELECT part, point, in_flight FROM kill ORDER BY id")
        return [Kill(part, point, json.loads(in_flight)) for part, point, in_flight in found]
