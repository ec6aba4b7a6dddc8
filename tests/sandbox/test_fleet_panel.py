"""What the page shows of the demo fleet, and what its two buttons do."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.fleet import boots, panel, plans
from sandbox.fleet.boots import Boot
from sandbox.fleet.database import Author, Begun, Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fleet.db"


@contextmanager
def server(path: Path) -> Iterator[tuple[Database, Author]]:
    """As a server process holds the fleet while it lives."""
    with Database.open(path) as database, Boot(path) as boot:
        yield database, Author("handrail", boot.id)


def roll_out(database: Database, begun: Begun) -> None:
    while database.roll_one(begun.deployment.id):
        pass


def counts(path: Path) -> tuple[int, int]:
    shown = panel.snapshot(path)
    return shown["deployments"]["count"], shown["would_have"]["count"]


def checkout_in_prod(path: Path) -> dict[str, Any]:
    prod = panel.snapshot(path)["environments"][1]
    found: dict[str, Any] = prod["services"][0]
    return found


def test_where_no_fleet_is_yet_none_is_shown_and_none_is_made(path: Path) -> None:
    assert panel.snapshot(path) == {"available": False}
    assert not path.exists()


def test_a_file_that_is_no_fleet_is_not_shown_as_one(path: Path) -> None:
    path.write_text("notes")

    assert panel.snapshot(path) == {"available": False}


def test_the_first_day(path: Path) -> None:
    Database.open(path).close()

    shown = panel.snapshot(str(path))

    assert [each["name"] for each in shown["environments"]] == ["staging", "prod"]
    assert [each["name"] for each in shown["environments"][0]["services"]] == [
        "checkout",
        "search",
        "payments",
        "catalog",
    ]
    assert checkout_in_prod(path) == {
        "name": "checkout",
        "version": "1.4.1",
        "previous": "1.4.0",
        "health": "degraded",
        "note": "Slow since 1.4.1: it leaks database connections.",
        "instances": [
            {"id": f"checkout-prod-{n}", "version": "1.4.1", "health": "degraded"} for n in (1, 2, 3, 4)
        ],
        "deploying": False,
    }
    assert (shown["deployments"]["count"], shown["would_have"], shown["lose_next_reply"]) == (
        0,
        {"count": 0},
        False,
    )
    assert len(shown["deployments"]["latest"]) == 6
    newest = shown["deployments"]["latest"][0]
    assert newest.pop("at") > shown["deployments"]["latest"][1]["at"]
    assert newest == {
        "id": 9,
        "service": "checkout",
        "environment": "staging",
        "from_version": "1.4.1",
        "version": "1.4.2",
        "by": "bob",
        "kind": "deploy",
    }


def test_a_deployment_that_was_answered_counts_once(path: Path) -> None:
    with server(path) as (database, author):
        begun = database.deploy("checkout", "prod", "1.4.2", author)
        roll_out(database, begun)
        database.mark_replied(begun.deployment.id)

        assert counts(path) == (1, 1)
    assert counts(path) == (1, 1)


def test_a_rollback_counts_and_a_restart_does_not(path: Path) -> None:
    with server(path) as (database, author):
        roll_out(database, database.rollback("checkout", "prod", author))
        database.restart("checkout", "prod", "key", author)

        assert counts(path)[0] == 1


def test_a_deployment_under_way_is_shown_so_and_not_yet_given_up(path: Path) -> None:
    with server(path) as (database, author):
        database.deploy("checkout", "prod", "1.4.2", author)

        assert checkout_in_prod(path)["deploying"]
        assert counts(path) == (1, 1)


def test_a_retry_would_have_deployed_again_what_a_dead_server_never_answered(path: Path) -> None:
    with server(path) as (database, author):
        database.deploy("checkout", "prod", "1.4.2", author)

    assert counts(path) == (1, 2)


def test_the_next_server_finishes_what_a_dead_one_began_and_still_nobody_was_told(path: Path) -> None:
    with server(path) as (database, author):
        begun = database.deploy("checkout", "prod", "1.4.2", author)
        database.roll_one(begun.deployment.id)

    with server(path) as (database, _):
        database.finish_abandoned()
        [newest] = database.deployments("checkout", "prod", 1)

    shown = checkout_in_prod(path)
    assert (shown["health"], shown["deploying"]) == ("healthy", False)
    assert newest.replied_at is None
    assert counts(path) == (1, 2)


def test_a_living_server_is_not_interfered_with_by_the_next(path: Path) -> None:
    with server(path) as (database, author), server(path) as (second, _):
        database.deploy("checkout", "prod", "1.4.2", author)

        second.finish_abandoned()

        assert checkout_in_prod(path)["deploying"]
        assert counts(path) == (1, 1)


def test_only_locks_that_are_old_and_held_by_nobody_are_swept_away(path: Path) -> None:
    with server(path):
        for name in ("dead", "young"):
            (path.parent / f"fleet.db-boot-{name}").touch()
        [living] = (lock for lock in path.parent.glob("*-boot-*") if lock.stat().st_size)
        for lock in (living, path.parent / "fleet.db-boot-dead"):
            os.utime(lock, (0, 0))

        boots.sweep(path)

        assert {lock.name for lock in path.parent.glob("*-boot-*")} == {living.name, "fleet.db-boot-young"}


def test_the_armed_fault_is_shown_and_goes_off_with_the_commit_of_the_next_change(path: Path) -> None:
    panel.lose_next_reply(path)
    panel.lose_next_reply(path)
    armed = panel.snapshot(path)["lose_next_reply"]
    with server(path) as (database, author):
        database.restart("search", "prod", "key", author)
        begun = database.deploy("checkout", "prod", "1.4.2", author)
        roll_out(database, begun)
        again = database.rollback("checkout", "prod", author)

    assert armed
    assert (begun.lose_reply, again.lose_reply) == (True, False)
    assert not panel.snapshot(path)["lose_next_reply"]


def test_a_refused_change_leaves_the_fault_armed(path: Path) -> None:
    panel.lose_next_reply(path)
    with server(path) as (database, author), pytest.raises(Exception, match="already runs"):
        database.deploy("checkout", "prod", "1.4.1", author)

    assert panel.snapshot(path)["lose_next_reply"]


def test_a_refused_ticket_leaves_the_fault_armed_and_the_next_one_sets_it_off(path: Path) -> None:
    panel.lose_next_reply(path)
    with server(path) as (database, author):
        with pytest.raises(Exception, match="no service nothing"):
            database.create_ticket("t", "nothing", "", author)
        armed = panel.snapshot(path)["lose_next_reply"]
        opened = [database.create_ticket("t", "search", "", author) for _ in range(2)]

    assert armed
    assert [each.lose_reply for each in opened] == [True, False]


def test_carol_deploys_her_hotfix_to_checkout_in_prod_where_nothing_was_planned(path: Path) -> None:
    said = panel.carol_deploys(path)

    shown = checkout_in_prod(path)
    assert said == "Carol deployed checkout 1.4.3 to prod (it ran 1.4.1)."
    assert (shown["version"], shown["previous"], shown["deploying"]) == ("1.4.3", "1.4.1", False)
    assert {each["version"] for each in shown["instances"]} == {"1.4.3"}
    assert panel.snapshot(path)["deployments"]["latest"][0]["by"] == "carol"
    assert counts(path) == (1, 1)


def test_carol_deploys_to_what_was_planned_last_and_something_else_than_that(path: Path) -> None:
    with server(path) as (database, _):
        database.note_plan(plans.deployment(database.service("catalog", "staging"), "5.1.1"))

    assert panel.carol_deploys(path) == "Carol deployed catalog 5.1.0 to staging (it ran 5.2.0)."


def test_carol_does_not_set_off_the_fault(path: Path) -> None:
    panel.lose_next_reply(path)

    panel.carol_deploys(path)

    assert panel.snapshot(path)["lose_next_reply"]
    assert counts(path) == (1, 1)


def test_a_database_of_somebody_else_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE accounts (id INTEGER)")
    theirs.close()

    with pytest.raises(Exception, match="it is a database, but not of this fleet"):
        Database.open(path)
    assert panel.snapshot(path) == {"available": False}


def spoil(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE services SET version = '0'")
        connection.execute("UPDATE services SET version = NULL")


def test_a_change_that_fails_halfway_never_was(path: Path) -> None:
    with Database.open(path) as database:
        with pytest.raises(sqlite3.IntegrityError):
            spoil(database)

        assert database.service("checkout", "prod").version == "1.4.1"
