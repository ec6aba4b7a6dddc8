"""What is done to the fleet: one transaction per change."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.fleet import boots, catalogue, plans, schema
from sandbox.fleet.reading import LOSE_NEXT_REPLY, Reading
from sandbox.fleet.reading import deployment as deployment_of
from sandbox.fleet.values import (
    Change,
    Deployment,
    Kind,
    Plan,
    Refusal,
    Ticket,
)


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


@dataclass(frozen=True)
class Opened:
    """A ticket that is there."""

    ticket: Ticket
    lose_reply: bool = False


class Database(Reading):
    """The fleet's truth, and all that can be done to it."""

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

    def create_ticket(
        self, title: str, service: str, body: str, author: Author, reference: str | None = None
    ) -> Opened:
        """Raises Refusal."""
        at = _now()
        with self.transaction() as connection:
            if service not in catalogue.SERVICES:
                raise Refusal("INVALID", f"no service {service}; there are {', '.join(catalogue.SERVICES)}")
            made = connection.execute(
                "INSERT INTO tickets (title, service, body, key, by, at) VALUES (?, ?, ?, ?, ?, ?)",
                (title, service, body, reference, author.name, at),
            )
            lose_reply = self._loses_this_reply(author)
        assert made.lastrowid is not None
        ticket = Ticket(
            id=made.lastrowid,
            title=title,
            service=service,
            body=body,
            reference=reference,
            by=author.name,
            at=at,
        )
        return Opened(ticket, lose_reply)

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
        lose_reply = kind != "restart" and self._loses_this_reply(author)
        return Begun(plan, deployment_of(made), lose_reply)

    def _loses_this_reply(self, author: Author) -> bool:
        """Whether the fault was armed. It goes off once, with the change of the transaction it is asked in."""
        if author.boot is None:
            return False
        fired = self._connection.execute("DELETE FROM faults WHERE name = ?", (LOSE_NEXT_REPLY,))
        return fired.rowcount > 0

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


def _now() -> str:
    return schema.stamp(datetime.now(UTC))
