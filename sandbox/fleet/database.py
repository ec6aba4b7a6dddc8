"""The fleet's truth: one SQLite file, shared by the server processes and the page. One transaction per change."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from sandbox.fleet import boots, catalogue, plans, schema
from sandbox.fleet.schema import NotAFleetError
from sandbox.fleet.values import (
    Change,
    Deployment,
    Instance,
    Kind,
    Plan,
    Refusal,
    Service,
    Ticket,
)

PATIENCE = 10.0  # seconds to wait for another process's transaction
LOSE_NEXT_REPLY = "lose_next_reply"


@dataclass(frozen=True)
class Author:
    """Who makes a change: a name, and the server process that will answer, if one will."""

    name: str
    boot: str | None


@dataclass(frozen=True)
class Begun:
    """A change that has happened, though its rollout has yet to reach the instances."""

    plan: Plan
    deployment: Deployment
    lose_reply: bool = False


class Database:
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

    # What is

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
            _deployment(row)
            for row in self._connection.execute(
                "SELECT id, service, environment, from_version, version, kind, by, key, at, replied_at FROM deployments"
                " WHERE (? IS NULL OR service = ?)"
                " AND (? IS NULL OR environment = ?) ORDER BY id DESC LIMIT ?",
                (service, service, environment, environment, limit),
            )
        )

    def tickets(self, service: str | None) -> tuple[Ticket, ...]:
        return tuple(
            Ticket(id=number, title=title, service=of, body=body, key=key, by=by, at=at)
            for number, title, of, body, key, by, at in self._connection.execute(
                "SELECT id, title, service, body, key, by, at FROM tickets WHERE ? IS NULL OR service = ? ORDER BY id",
                (service, service),
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

    # What is done

    def note_plan(self, plan: Plan) -> None:
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO planned VALUES (1, ?, ?, ?)",
                (plan.service, plan.environment, plan.to_version),
            )

    def lose_next_reply(self) -> None:
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO faults VALUES (?)", (LOSE_NEXT_REPLY,))

    def deploy(
        self,
        service: str,
        environment: str,
        version: str,
        author: Author,
        expected_revision: int | None = None,
    ) -> Begun:
        """Raises Refusal."""
        with self.transaction():
            now = self.service(service, environment, otherwise="INVALID")
            plans.expect(now, expected_revision)
            plan = plans.deployment(now, version)
            plans.expect_idle(now)
            return self._begin(plan, "deploy", author)

    def rollback(self, service: str, environment: str, author: Author) -> Begun:
        """Raises Refusal."""
        with self.transaction():
            now = self.service(service, environment, otherwise="INVALID")
            plan = plans.rollback(now)
            plans.expect_idle(now)
            return self._begin(plan, "rollback", author)

    def restart(self, service: str, environment: str, key: str, author: Author) -> tuple[Change, bool]:
        """The change this key stands for, and whether it was made only now. Raises Refusal."""
        arguments = json.dumps([service, environment])
        with self.transaction() as connection:
            known = connection.execute(
                "SELECT arguments, result FROM requests WHERE key = ?", (key,)
            ).fetchone()
            if known is not None:
                if known[0] != arguments:
                    raise Refusal("KEY_REUSED", f"request {key} was a restart of something else")
                return Change.model_validate_json(known[1]), False
            now = self.service(service, environment, otherwise="INVALID")
            plans.expect_idle(now)
            begun = self._begin(plans.restart(now), "restart", author, key=key)
            change = Change(dry_run=False, plan=begun.plan, deployment=begun.deployment)
            connection.execute(
                "INSERT INTO requests VALUES (?, ?, ?)", (key, arguments, change.model_dump_json())
            )
            return change, True

    def create_ticket(self, title: str, service: str, body: str, author: Author) -> Ticket:
        """Raises Refusal."""
        at = _now()
        with self.transaction() as connection:
            if service not in catalogue.SERVICES:
                raise Refusal("INVALID", f"no service {service}; there are {', '.join(catalogue.SERVICES)}")
            made = connection.execute(
                "INSERT INTO tickets (title, service, body, by, at) VALUES (?, ?, ?, ?, ?)",
                (title, service, body, author.name, at),
            )
        assert made.lastrowid is not None
        return Ticket(
            id=made.lastrowid, title=title, service=service, body=body, key=None, by=author.name, at=at
        )

    def deploy_at_once(self, service: str, environment: str, avoid: str | None, by: str) -> Deployment:
        """Somebody else puts another version there, past the server: neither there now nor *avoid*. Raises Refusal."""
        with self.transaction() as connection:
            now = self.service(service, environment)
            begun = self._begin(
                plans.deployment(now, plans.hotfix(now, avoid)), "deploy", Author(by, boot=None)
            )
            while self._roll_one(connection, begun.deployment.id):
                pass
            self._mark_replied(connection, begun.deployment.id)
        return begun.deployment

    def roll_one(self, deployment: int) -> bool:
        """Bring one more instance over. Returns whether more remain."""
        with self.transaction() as connection:
            return self._roll_one(connection, deployment)

    def mark_replied(self, deployment: int) -> None:
        with self.transaction() as connection:
            self._mark_replied(connection, deployment)

    def mark_unanswered(self, deployment: int) -> None:
        """It is certain that the one who asked was not told."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE deployments SET reply_lost = 1 WHERE id = ? AND replied_at IS NULL", (deployment,)
            )

    def finish_abandoned(self) -> None:
        """Finish the rollouts of server processes that died, and note that nobody was answered."""
        unfinished = self._connection.execute(
            "SELECT id, boot FROM deployments WHERE boot IS NOT NULL"
            " AND (rolled_at IS NULL OR (replied_at IS NULL AND NOT reply_lost))"
        ).fetchall()
        for deployment, boot in unfinished:
            if boots.alive(self.path, boot):
                continue
            while self.roll_one(deployment):
                pass
            self.mark_unanswered(deployment)
            boots.bury(self.path, boot)

    def _begin(self, plan: Plan, kind: Kind, author: Author, key: str | None = None) -> Begun:
        """The effect itself: the deployment and the service's target, in the transaction of the caller."""
        connection = self._connection
        made = connection.execute(
            "INSERT INTO deployments (service, environment, from_version, version, kind, by, key, at, boot)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " RETURNING id, service, environment, from_version, version, kind, by, key, at, replied_at",
            (
                plan.service,
                plan.environment,
                plan.from_version,
                plan.to_version,
                kind,
                author.name,
                key,
                _now(),
                author.boot,
            ),
        ).fetchone()
        connection.execute(
            "UPDATE services SET previous = CASE version WHEN :to THEN previous ELSE version END, version = :to,"
            " revision = revision + 1 WHERE service = :service AND environment = :environment",
            {"to": plan.to_version, "service": plan.service, "environment": plan.environment},
        )
        lose_reply = False
        if kind != "restart" and author.boot is not None:
            fired = connection.execute("DELETE FROM faults WHERE name = ?", (LOSE_NEXT_REPLY,))
            lose_reply = fired.rowcount > 0
        return Begun(plan, _deployment(made), lose_reply)

    def _roll_one(self, connection: sqlite3.Connection, deployment: int) -> bool:
        [(service, environment, version)] = connection.execute(
            "SELECT service, environment, version FROM deployments WHERE id = ?", (deployment,)
        )
        # An instance that a later deployment has reached is left alone: that one is the wish now.
        behind = connection.execute(
            "SELECT id FROM instances WHERE service = ? AND environment = ? AND deployment < ? ORDER BY number LIMIT 2",
            (service, environment, deployment),
        ).fetchall()
        if behind:
            connection.execute(
                "UPDATE instances SET version = ?, deployment = ? WHERE id = ?",
                (version, deployment, behind[0][0]),
            )
        if len(behind) > 1:
            return True
        connection.execute(
            "UPDATE deployments SET rolled_at = ? WHERE id = ? AND rolled_at IS NULL", (_now(), deployment)
        )
        return False

    def _mark_replied(self, connection: sqlite3.Connection, deployment: int) -> None:
        connection.execute(
            "UPDATE deployments SET replied_at = ? WHERE id = ? AND replied_at IS NULL", (_now(), deployment)
        )


def _deployment(row: tuple[int, str, str, str, str, Kind, str, str | None, str, str | None]) -> Deployment:
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


def _now() -> str:
    return schema.stamp(datetime.now(UTC))
