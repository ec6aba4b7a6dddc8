"""What differs between databases: how a transaction is bounded, and what an error proves."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from .sql_tools import SqlSettings

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql", "sqlite": "pysqlite"}
CONNECTING = 10
"""Seconds to connect."""


def engine_of(settings: SqlSettings) -> Engine:
    """A connection for each call, so that none is used again that died meanwhile. Raises ImportError."""
    url = make_url(settings.url)
    if url.drivername in DRIVERS:
        url = url.set(drivername=f"{url.drivername}+{DRIVERS[url.drivername]}")
    if settings.password is not None:
        url = url.set(password=settings.password)
    # Arguments are not to stand in errors, which are logged and shown.
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_arguments(url))


def _arguments(url: URL) -> dict[str, Any]:
    match url.get_backend_name():
        case "postgresql":
            # Of a network that swallows everything nobody hears; without these a thread would wait for hours.
            return {
                "connect_timeout": CONNECTING,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 30_000,
            }
        case "sqlite":
            return {"isolation_level": None}  # transactions begin where `begin` says, and nowhere else
        case _:
            return {"connect_timeout": CONNECTING, "read_timeout": 630, "write_timeout": 30}


def begin(connection: Connection, *, reads: bool, seconds: float, lock_seconds: float) -> None:
    """Begin a transaction whose statements and waits for locks are bounded.

    What changes something is SERIALIZABLE: what the preview saw, what is counted and what is changed are of one moment.
    """
    match connection.dialect.name:
        case "postgresql":
            _begin_postgresql(connection, reads=reads, seconds=seconds, lock_seconds=lock_seconds)
        case "sqlite":
            _begin_sqlite(connection, reads=reads, seconds=seconds, lock_seconds=lock_seconds)
        case _:
            _begin_mysql(connection, reads=reads, seconds=seconds, lock_seconds=lock_seconds)


def _begin_postgresql(connection: Connection, *, reads: bool, seconds: float, lock_seconds: float) -> None:
    mode = "READ ONLY" if reads else "ISOLATION LEVEL SERIALIZABLE"
    bound = max(1, int(seconds * 1000))
    connection.exec_driver_sql(f"SET TRANSACTION {mode}")
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {bound}")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(lock_seconds * 1000)}")
    # A worker that was stopped in the middle holds no locks for longer than this.
    connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {bound}")


def _begin_sqlite(connection: Connection, *, reads: bool, seconds: float, lock_seconds: float) -> None:
    until = time.monotonic() + seconds
    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(lock_seconds * 1000)}")
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _begin_mysql(connection: Connection, *, reads: bool, seconds: float, lock_seconds: float) -> None:
    connection.exec_driver_sql(f"SET SESSION innodb_lock_wait_timeout = {max(1, int(lock_seconds))}")
    if connection.dialect.name == "mysql" and not getattr(connection.dialect, "is_mariadb", False):
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {int(seconds * 1000)}")
    if not reads:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    connection.exec_driver_sql("START TRANSACTION READ ONLY" if reads else "START TRANSACTION")


# Errors

_MYSQL_PASSING = {
    1040,
    1042,
    1043,
    1053,
    1105,
    1158,
    1159,
    1160,
    1161,
    1205,
    1213,
    1317,
    2002,
    2003,
    2006,
    2013,
    3024,
}


def passes(error: DBAPIError) -> bool:
    """May the same go well in a moment: a lock, a deadlock, a timeout, a connection?"""
    code = _code(error)
    match code:
        case str() if code.startswith("SQLITE_"):
            return code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT"))
        case str():
            # Of PostgreSQL: connection, rollback, resources, not ready, operator's intervention, system.
            return code[:2] in ("08", "40", "53", "55", "57", "58")
        case int():
            return code in _MYSQL_PASSING
        case _:
            return True  # the connection is gone


def undone(error: DBAPIError) -> bool:
    """Does an error that COMMIT ended with prove that nothing was committed?"""
    code = _code(error)
    match code:
        case "40003":  # statement_completion_unknown
            return False
        case str() if code.startswith("SQLITE_"):
            return code.startswith(("SQLITE_BUSY", "SQLITE_CONSTRAINT"))
        case str():
            return code[:2] in ("40", "23")
        case _:
            return code == 1213


def words(error: DBAPIError) -> str:
    """What the database itself says, in a line, and its code."""
    code = _code(error)
    said = " ".join(str(error.orig).split())
    return f"{said} ({code})" if code is not None else said


def _code(error: DBAPIError) -> str | int | None:
    """SQLSTATE of PostgreSQL, the number of MySQL, the name of SQLite; None where the connection broke."""
    found: Callable[[str], Any] = lambda name: getattr(error.orig, name, None)  # noqa: E731
    if code := found("sqlstate") or found("sqlite_errorname"):
        return str(code)
    given = getattr(error.orig, "args", ())
    return given[0] if given and isinstance(given[0], int) else None
