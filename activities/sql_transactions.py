"""One call as one transaction, in a thread of its own. Until COMMIT is sent nothing was done, whatever goes wrong."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import isfinite
from time import monotonic
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from workflows.rules.canonical import NotCanonical, canonical
from workflows.values.base import Json

from . import sql_ledger
from .declared import DRY_RUN, KEY_ARGUMENT, fingerprint
from .safe import safe_json, safe_text
from .sql_dialects import begin, passes, undone, words
from .sql_tools import SqlTool
from .tool_replies import NotSent, Refused, ReplyLost, ToolReply, cut

LONGEST_REHEARSAL = 10.0
"""Seconds for each statement of a preview, after which no other begins: it holds locks meanwhile."""
LONGEST_WAIT = 5.0
"""Seconds that a change waits for the locks of others; a preview half as long."""
LONGEST_CELL = 20_000
"""Characters."""
LARGEST_RESULT = 60_000
"""Bytes: a TEXT of MySQL holds no more."""
MOST_CHANGED = 10_000
"""Rows that RETURNING may give back."""

Arguments = Mapping[str, Json]


class Fate:
    """Whether a transaction may still be committed: it is given up, or committed, and never both."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.committing = False
        self.until = float("inf")
        """By the monotonic clock: no statement begins later."""
        self._given_up = False

    def give_up(self) -> None:
        """Nobody waits any more: what is not being committed by now will not be."""
        with self._lock:
            self._given_up = not self.committing

    def go_on(self) -> None:
        """Raises NotSent when it was given up."""
        if self._given_up or monotonic() > self.until:
            raise NotSent("it took too long, and is undone")

    def commit(self) -> None:
        with self._lock:
            self.go_on()
            self.committing = True


@dataclass(frozen=True)
class Transaction:
    """A call of a tool. *what* is its full name."""

    engine: Engine
    what: str
    tool: SqlTool
    arguments: Arguments
    seconds: float
    fate: Fate = field(default_factory=Fate)

    def run(self) -> ToolReply:
        """Raises NotSent, Refused or ReplyLost."""
        if self.tool.query:
            return self._read()
        if self.arguments.get(DRY_RUN):
            return self._rehearse()
        return self._apply()

    def _read(self) -> ToolReply:
        with self._begun(reads=True) as connection:
            rows, more = self._rows(connection, self.tool.query)
        return _reply({"rows": rows, "has_more": more})

    def _rehearse(self) -> ToolReply:
        """What it would change, which is undone."""
        self.fate.until = monotonic() + LONGEST_REHEARSAL
        with self._begun(most=LONGEST_REHEARSAL, lock_seconds=LONGEST_WAIT / 2) as connection:
            if not sql_ledger.exists(connection):
                raise Refused(f"the table {sql_ledger.NAME} is missing: `handrail ledger` makes it")
            changed, whole = self._change(connection)
        if not whole:
            raise Refused(
                f"{self.what} touches more rows than the {self.tool.max_rows} that can be shown: its max_rows says how many"
            )
        return _reply({DRY_RUN: True, **changed})

    def _apply(self) -> ToolReply:
        key, request = str(self.arguments[KEY_ARGUMENT]), self._request()
        with self._begun() as connection:
            if sql_ledger.take(connection, key, self.what, request):
                changed, _ = self._change(connection)
                changed = _remembered(changed)
                sql_ledger.keep(connection, key, changed)
                self._commit(connection)
                return _reply(changed)
        return self._done_before(key, request)

    def _done_before(self, key: str, request: str) -> ToolReply:
        with self._begun(reads=True) as connection:
            found = sql_ledger.find(connection, key)
        if found is None:
            raise NotSent(f"{self.what} was tried with this key a moment ago, and undone")
        if found["request"] != request:
            return ToolReply(
                text=f"this key stands for another change already, of {found['tool']} at {found['at']}",
                structured={"code": "KEY_REUSED"},
                is_error=True,
                other={},
            )
        result = found["result"]
        assert isinstance(result, dict)
        return _reply(result)

    def _change(self, connection: Connection) -> tuple[dict[str, Json], bool]:
        """Carry the statements out. True: no row that they touch was left out."""
        before, more_before = self._shown(connection)
        count, returned = 0, []
        for statement in self.tool.statements:
            self.fate.go_on()
            result = self._execute(connection, statement)
            given = [_row(row) for row in result.fetchmany(MOST_CHANGED)] if result.returns_rows else []
            returned += given
            count += len(given) if result.returns_rows else max(result.rowcount, 0)
        after, more_after = self._shown(connection)
        if self.tool.expect_rows is not None and count != self.tool.expect_rows:
            raise Refused(
                f"{self.what} would change {count} rows, and {self.tool.expect_rows} were expected; it was undone"
            )
        changed: dict[str, Json] = {"changed": count}
        if self.tool.shows:
            changed |= {"before": before, "after": after}
        if returned:
            changed["returned"] = returned[: self.tool.max_rows]
        return changed, not (more_before or more_after or len(returned) > self.tool.max_rows)

    def _shown(self, connection: Connection) -> tuple[list[Json], bool]:
        return self._rows(connection, self.tool.shows) if self.tool.shows else ([], False)

    def _rows(self, connection: Connection, query: str) -> tuple[list[Json], bool]:
        """At most so many as may be shown. True: there are more."""
        self.fate.go_on()
        # On the server's side, where it can: a result of any size costs no more than what is taken of it.
        with self._execute(connection, query, stream_results=True) as result:
            found = result.fetchmany(self.tool.max_rows + 1)
            return [_row(row) for row in found[: self.tool.max_rows]], len(found) > self.tool.max_rows

    def _execute(self, connection: Connection, sql: str, **options: Any) -> CursorResult[Any]:
        statement = text(sql).execution_options(**options)
        bound = {name: _bound(self.arguments.get(name), connection) for name in statement.compile().params}
        return connection.execute(statement, bound)

    def _commit(self, connection: Connection) -> None:
        self.fate.commit()
        try:
            connection.commit()
        except DBAPIError as error:
            if undone(error):
                raise
            raise ReplyLost(f"the answer to the COMMIT of {self.what} was lost: {words(error)}") from None

    def _request(self) -> str:
        own = {name: value for name, value in self.arguments.items() if name != KEY_ARGUMENT}
        return fingerprint({"tool": self.what, "arguments": own})

    def _begun(
        self, *, reads: bool = False, most: float = 600.0, lock_seconds: float = LONGEST_WAIT
    ) -> AbstractContextManager[Connection]:
        return begun(
            self.engine, self.what, reads=reads, seconds=min(self.seconds, most), lock_seconds=lock_seconds
        )


def effects(engine: Engine, what: str, key: str, seconds: float) -> ToolReply:
    """Those that were made under a key: one or none."""
    with begun(engine, what, reads=True, seconds=seconds, lock_seconds=LONGEST_WAIT) as connection:
        found = sql_ledger.find(connection, key)
    return _reply({"effects": [found] if found else []})


@contextmanager
def begun(
    engine: Engine, what: str, *, reads: bool, seconds: float, lock_seconds: float
) -> Iterator[Connection]:
    """A transaction that is undone unless it is committed. What goes wrong in it was not done."""
    try:
        with engine.connect() as connection:
            begin(connection, reads=reads, seconds=seconds, lock_seconds=lock_seconds)
            yield connection
    except DBAPIError as error:
        kind = NotSent if passes(error) else Refused
        raise kind(f"{what} was not done: {words(error)}") from None
    except (SQLAlchemyError, OverflowError, NotCanonical) as error:
        raise Refused(f"{what} was not done: {' '.join(str(error).split())}") from None


def _bound(value: Json, connection: Connection) -> Any:
    """An argument as a driver takes it: lists are arrays of PostgreSQL, and JSON elsewhere, as mappings are."""
    if isinstance(value, dict) or (isinstance(value, list) and connection.dialect.name != "postgresql"):
        return canonical(value)
    return value


def _remembered(changed: dict[str, Json]) -> dict[str, Json]:
    """What the ledger keeps of it, and what is answered each time."""
    kept = {name: value for name, value in changed.items() if name != "before"}
    try:
        if len(canonical(kept).encode()) <= LARGEST_RESULT:
            return kept
    except NotCanonical:
        pass
    return {"changed": changed["changed"], "rows": "left out: they are too large to be kept"}


def _row(row: Any) -> dict[str, Json]:
    return {safe_text(str(name)): _cell(value) for name, value in row._mapping.items()}  # noqa: SLF001 - its public name


def _cell(value: object) -> Json:
    match value:
        case None | bool() | int() | float():
            return value if not isinstance(value, float) or isfinite(value) else str(value)
        case dict() | list():
            return safe_json(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes() | memoryview():
            return f"[{len(value)} bytes]"
        case _:
            said = safe_text(str(value))
            return (
                said if len(said) <= LONGEST_CELL else f"{said[:LONGEST_CELL]}… [cut: {len(said)} characters]"
            )


def _reply(structured: dict[str, Json]) -> ToolReply:
    text = json.dumps(structured, ensure_ascii=False, sort_keys=True)
    return ToolReply(text=cut(text), structured=structured, is_error=False, other={})
