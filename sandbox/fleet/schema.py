"""The tables of the fleet's file, and what is in them on the first day."""

import sqlite3
from datetime import UTC, datetime, timedelta

from sandbox.fleet import catalogue

VERSION = 1  # PRAGMA user_version of a file laid out as below

TABLES = (
    """CREATE TABLE services (
        service TEXT NOT NULL, environment TEXT NOT NULL,
        version TEXT NOT NULL, previous TEXT, revision INTEGER NOT NULL,
        PRIMARY KEY (service, environment)) STRICT""",
    # The last deployment that reached the instance: how a rollout knows where it stands.
    """CREATE TABLE instances (
        id TEXT PRIMARY KEY, service TEXT NOT NULL, environment TEXT NOT NULL, number INTEGER NOT NULL,
        version TEXT NOT NULL, deployment INTEGER NOT NULL) STRICT""",
    # key: a request id of restart. boot: the server process that is to answer; null for what bypassed the server.
    # rolled_at: when the last instance was reached. reply_lost: it is certain that nobody was answered.
    """CREATE TABLE deployments (
        id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, environment TEXT NOT NULL,
        from_version TEXT NOT NULL, version TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('deploy', 'rollback', 'restart')),
        by TEXT NOT NULL, key TEXT, at TEXT NOT NULL, replied_at TEXT,
        rolled_at TEXT, boot TEXT, reply_lost INTEGER NOT NULL DEFAULT 0, seeded INTEGER NOT NULL DEFAULT 0) STRICT""",
    """CREATE TABLE requests (
        key TEXT PRIMARY KEY, arguments TEXT NOT NULL, result TEXT NOT NULL) STRICT""",
    # key: the reference that the caller gave, where it gave one.
    """CREATE TABLE tickets (
        id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, service TEXT NOT NULL, body TEXT NOT NULL,
        key TEXT, by TEXT NOT NULL, at TEXT NOT NULL) STRICT""",
    "CREATE TABLE faults (name TEXT PRIMARY KEY) STRICT",
    # What somebody last asked a plan for. Bookkeeping for the page: it changes nothing of the fleet.
    """CREATE TABLE planned (
        one INTEGER PRIMARY KEY CHECK (one = 1), service TEXT NOT NULL, environment TEXT NOT NULL,
        version TEXT NOT NULL) STRICT""",
)


class NotAFleetError(Exception):
    """The file holds something else. The text says what to do."""


def ensure(connection: sqlite3.Connection) -> None:
    """Lay the tables out and fill them, unless that was done. Call it inside a writing transaction.

    Raises NotAFleetError: the file is a database of somebody else's, or of another version.
    """
    [(version,)] = connection.execute("PRAGMA user_version")
    if version == VERSION:
        return
    [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_master")
    if version or tables:
        raise NotAFleetError("it is a database, but not of this fleet; name another file or delete it")
    for table in TABLES:
        connection.execute(table)
    _seed(connection, datetime.now(UTC))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _seed(connection: sqlite3.Connection, now: datetime) -> None:
    for past in catalogue.HISTORY:
        at = now - past.before
        done = connection.execute(
            "INSERT INTO deployments (service, environment, from_version, version, kind, by, at, replied_at, rolled_at,"
            " seeded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                past.service,
                past.environment,
                past.from_version,
                past.version,
                past.kind,
                past.by,
                stamp(at),
                stamp(at + timedelta(seconds=40)),
                stamp(at + timedelta(seconds=40)),
            ),
        )
        connection.execute(
            "INSERT INTO services VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET"
            " version = excluded.version, previous = excluded.previous, revision = revision + 1",
            (past.service, past.environment, past.version, past.from_version),
        )
        for number in range(1, catalogue.INSTANCES[past.service][past.environment] + 1):
            connection.execute(
                "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?)",
                (
                    f"{past.service}-{past.environment}-{number}",
                    past.service,
                    past.environment,
                    number,
                    past.version,
                    done.lastrowid,
                ),
            )
    connection.execute(
        "INSERT INTO tickets (title, service, body, by, at) VALUES (?, ?, ?, ?, ?)",
        (
            "Checkout in prod is slow",
            "checkout",
            "Customers wait more than a second to pay, since this morning's deployment. Retrying sometimes helps.",
            "alice",
            stamp(now - timedelta(hours=4)),
        ),
    )
