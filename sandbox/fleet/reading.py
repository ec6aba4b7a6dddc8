"""What the fleet's file says: one SQLite file, shared by the server processes and the page."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from sandbox.fleet import boots, catalogue, plans, schema
from sandbox.fleet.schema import NotAFleetError
from sandbox.fleet.values import (
    Deployment,
    Instance,
    Kind,
    Refusal,
    Service,
    Ticket,
)

PATIENCE = 10.0  # seconds to wait for another process's transaction
LOSE_NEXT_REPLY = "lose_next_reply"


class Reading:
    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, made and filled first where there is none.

        Raises NotAFleetError where the file is something else, sqlite3.Error where it can't be opened or written.
        """
        opened = cls(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None), path)
        try:
            opened._connection.execute("PRAGMA journal_mode = WAL")
            with opened.transaction() as connection:
                schema.ensure(connection)
        except sqlite3.DatabaseError as error:
            opened.close()
            if error.sqlite_errorname == "SQLITE_NOTADB":
                raise NotAFleetError("it is not a database") from error
            raise
        except NotAFleetError:
            opened.close()
            raise
        return opened

    @classmethod
    def open_to_read(cls, path: Path) -> Self:
        """Open an existing file. Raises sqlite3.OperationalError where there is none."""
        address = f"{path.absolute().as_uri()}?mode=ro"
        return cls(sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None), path)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self, *, writes: bool = True) -> Iterator[sqlite3.Connection]:
        """All of it or nothing. One that only reads sees one moment."""
        self._connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def services(self, environment: str | None = None) -> tuple[Service, ...]:
        places = self._connection.execute(
            "SELECT service, environment FROM services WHERE ? IS NULL OR environment = ?",
            (environment, environment),
        ).fetchall()
        order = {name: number for number, name in enumerate(catalogue.SERVICES)}
        places.sort(key=lambda place: (catalogue.ENVIRONMENTS.index(place[1]), order[place[0]]))
        return tuple(self.service(*place) for place in places)

    def service(
        self, service: str, environment: str, *, otherwise: Literal["NOT_FOUND", "INVALID"] = "NOT_FOUND"
    ) -> Service:
        """One service in one environment. Raises Refusal, with the code *otherwise*, where there is none."""
        if environment not in catalogue.ENVIRONMENTS:
            raise Refusal(
                otherwise, f"no environment {environment}; there are {' and '.join(catalogue.ENVIRONMENTS)}"
            )
        place = (service, environment)
        found = self._connection.execute(
            "SELECT version, previous, revision FROM services WHERE service = ? AND environment = ?", place
        ).fetchone()
        if found is None:
            raise Refusal(otherwise, f"no service {service}; there are {', '.join(catalogue.SERVICES)}")
        version, previous, revision = found
        running = self._connection.execute(
            "SELECT id, version FROM instances WHERE service = ? AND environment = ? ORDER BY number", place
        ).fetchall()
        versions = tuple(each_version for _, each_version in running)
        health, note = plans.health(service, environment, versions)
        [(unfinished,)] = self._connection.execute(
            "SELECT count(*) FROM deployments WHERE service = ? AND environment = ? AND rolled_at IS NULL",
            place,
        )
        return Service(
            service=service,
            environment=environment,
            version=version,
            previous=previous,
            health=health,
            note=note,
            metrics=catalogue.metrics(service, versions, environment),
            instances=tuple(
                Instance(id=name, version=runs, health=catalogue.behaviour(service, runs, environment).health)
                for name, runs in running
            ),
            deploying=bool(unfinished),
            revision=revision,
        )

    def deployments(self, service: str | None, environment: str | None, limit: int) -> tuple[Deployment, ...]:
        """The newest first."""
        return tuple(
            deployment(row)
            for row in self._connection.execute(
                "SELECT id, service, environment, from_version, version, kind, by, key, at, replied_at FROM deployments"
                " WHERE (? IS NULL OR service = ?)"
                " AND (? IS NULL OR environment = ?) ORDER BY id DESC LIMIT ?",
                (service, service, environment, environment, limit),
            )
        )

    def tickets(self, service: str | None = None, reference: str | None = None) -> tuple[Ticket, ...]:
        return tuple(
            Ticket(id=number, title=title, service=of, body=body, reference=mark, by=by, at=at)
            for number, title, of, body, mark, by, at in self._connection.execute(
                "SELECT id, title, service, body, key, by, at FROM tickets"
                " WHERE (? IS NULL OR service = ?) AND (? IS NULL OR key = ?) ORDER BY id",
                (service, service, reference, reference),
            )
        )

    def planned(self) -> tuple[str, str, str] | None:
        """Service, environment and version that somebody last asked a plan for."""
        found: tuple[str, str, str] | None = self._connection.execute(
            "SELECT service, environment, version FROM planned"
        ).fetchone()
        return found

    def loses_next_reply(self) -> bool:
        [(armed,)] = self._connection.execute(
            "SELECT count(*) FROM faults WHERE name = ?", (LOSE_NEXT_REPLY,)
        )
        return bool(armed)

    def happened(self) -> tuple[int, int]:
        """Deployments and rollbacks since the first day, and how many of them nobody was told about."""
        rows = self._connection.execute(
            "SELECT replied_at IS NOT NULL, reply_lost, boot FROM deployments"
            " WHERE NOT seeded AND kind IN ('deploy', 'rollback')"
        ).fetchall()
        lost = [
            boot
            for replied, lost, boot in rows
            if not replied and (lost or not boots.alive(self.path, boot or ""))
        ]
        return len(rows), len(lost)


def deployment(row: tuple[int, str, str, str, str, Kind, str, str | None, str, str | None]) -> Deployment:
    number, service, environment, from_version, version, kind, by, key, at, replied_at = row
    return Deployment(
        id=number,
        service=service,
        environment=environment,
        from_version=from_version,
        version=version,
        kind=kind,
        by=by,
        key=key,
        at=at,
        replied_at=replied_at,
    )
