"""The demo fleet's tools: what they answer, change and refuse."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.fleet import catalogue, panel
from sandbox.fleet.boots import Boot
from sandbox.fleet.database import Author, Database
from sandbox.fleet.server import OFFERS, Fleet, answer

CHECKOUT = {"service": "checkout", "environment": "prod"}


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    path = tmp_path / "fleet.db"
    with Database.open(path) as database, Boot(path) as boot:
        yield Fleet(database, Author("handrail", boot.id), roll_seconds=0)


async def ask(fleet: Fleet, tool: str, **arguments: object) -> dict[str, Any]:
    result = await answer(fleet, OFFERS[tool], arguments)
    assert not result.is_error, result.content
    given: dict[str, Any] = result.structured_content
    return given


async def refusal(fleet: Fleet, tool: str, **arguments: object) -> str:
    """What a refusal says; nothing may have changed."""
    before = panel.snapshot(fleet.database.path)
    result = await answer(fleet, OFFERS[tool], arguments)
    assert result.is_error
    assert result.structured_content is None
    assert panel.snapshot(fleet.database.path) == before
    [text] = result.content
    assert text.type == "text"
    return text.text


# The first day


async def test_the_story_begins_with_a_slow_checkout_in_prod(fleet: Fleet) -> None:
    checkout = await ask(fleet, "get_service", **CHECKOUT)

    assert checkout == {
        **CHECKOUT,
        "version": "1.4.1",
        "previous": "1.4.0",
        "health": "degraded",
        "note": "Slow since 1.4.1: it leaks database connections.",
        "metrics": {"p95_latency_ms": 1240, "error_rate": 0.021},
        "instances": [
            {"id": f"checkout-prod-{n}", "version": "1.4.1", "health": "degraded"} for n in (1, 2, 3, 4)
        ],
        "deploying": False,
        "revision": 1,
    }


async def test_everything_but_checkout_in_prod_is_well(fleet: Fleet) -> None:
    services = (await ask(fleet, "list_services"))["services"]

    assert len(services) == len(catalogue.SERVICES) * len(catalogue.ENVIRONMENTS)
    unwell = [(each["service"], each["environment"]) for each in services if each["health"] != "healthy"]
    assert unwell == [("checkout", "prod")]


async def test_the_leak_does_not_show_in_staging(fleet: Fleet) -> None:
    await ask(fleet, "rollback", service="checkout", environment="staging")

    checkout = await ask(fleet, "get_service", service="checkout", environment="staging")

    assert (checkout["version"], checkout["health"]) == ("1.4.1", "healthy")


async def test_logs_and_release_notes_hold_the_reason(fleet: Fleet) -> None:
    lines = (await ask(fleet, "read_logs", **CHECKOUT, lines=3))["lines"]
    notes = [
        (await ask(fleet, "get_release", service="checkout", version=v))["notes"] for v in ("1.4.1", "1.4.2")
    ]

    assert (
        lines[1]
        == "checkout-prod-2 1.4.1 WARN  pool: 98 of 100 connections in use, 61 of them idle for more than 10 min"
    )
    assert "Fixed in 1.4.2" in notes[0]
    assert "the leak of 1.4.1" in notes[1]


async def test_a_release_that_does_not_exist_is_an_answer_with_those_that_do(fleet: Fleet) -> None:
    assert await ask(fleet, "get_release", service="checkout", version="2.0.0") == {
        "service": "checkout",
        "version": "2.0.0",
        "exists": False,
        "notes": "",
        "available": ["1.3.9", "1.4.0", "1.4.1", "1.4.2", "1.4.3"],
    }


async def test_history_can_be_read_by_service_and_environment(fleet: Fleet) -> None:
    found = (await ask(fleet, "recent_deployments", **CHECKOUT))["deployments"]
    newest = (await ask(fleet, "recent_deployments", limit=2))["deployments"]

    assert [(each["from_version"], each["version"], each["by"]) for each in found] == [
        ("1.4.0", "1.4.1", "bob")
    ]
    assert [(each["environment"], each["version"]) for each in newest] == [
        ("staging", "1.4.2"),
        ("prod", "1.4.1"),
    ]


# Deploying


async def test_a_plan_says_step_by_step_what_deploy_would_do_and_does_nothing(fleet: Fleet) -> None:
    plan = await ask(fleet, "plan_deployment", version="1.4.2", **CHECKOUT)

    assert plan == {
        **CHECKOUT,
        "from_version": "1.4.1",
        "to_version": "1.4.2",
        "instances": [f"checkout-prod-{n}" for n in (1, 2, 3, 4)],
        "steps": [f"checkout-prod-{n}: 1.4.1 → 1.4.2" for n in (1, 2, 3, 4)],
        "downtime": "none, rolling, one instance at a time",
        "revision": 1,
    }
    assert (await ask(fleet, "get_service", **CHECKOUT))["version"] == "1.4.1"


async def test_deploying_the_fix_makes_checkout_well(fleet: Fleet) -> None:
    done = await ask(fleet, "deploy", version="1.4.2", expected_revision=1, **CHECKOUT)
    checkout = await ask(fleet, "get_service", **CHECKOUT)
    newest = (await ask(fleet, "recent_deployments", limit=1))["deployments"]

    assert done["revision"] == checkout["revision"] == 2
    assert (checkout["version"], checkout["previous"], checkout["health"]) == ("1.4.2", "1.4.1", "healthy")
    assert checkout["metrics"] == {"p95_latency_ms": 180, "error_rate": 0.001}
    assert {each["version"] for each in checkout["instances"]} == {"1.4.2"}
    assert (newest[0]["id"], newest[0]["by"], newest[0]["kind"]) == (
        done["deployment"]["id"],
        "handrail",
        "deploy",
    )
    assert newest[0]["replied_at"] is not None


async def test_a_release_that_can_not_start_takes_its_service_down(fleet: Fleet) -> None:
    await ask(fleet, "deploy", service="payments", environment="staging", version="3.2.0")

    payments = await ask(fleet, "get_service", service="payments", environment="staging")

    assert (payments["health"], payments["note"]) == (
        "down",
        "It stops at start: setting LEDGER_URL is missing.",
    )


async def test_an_expected_revision_holds_off_a_deployment_planned_for_another_state(fleet: Fleet) -> None:
    plan = await ask(fleet, "plan_deployment", version="1.4.2", **CHECKOUT)
    panel.carol_deploys(fleet.database.path)

    text = await refusal(fleet, "deploy", version="1.4.2", expected_revision=plan["revision"], **CHECKOUT)

    assert text == (
        "PRECONDITION_FAILED: checkout in prod is at revision 2 (version 1.4.3), not 1: it was changed since"
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("deploy", CHECKOUT | {"version": "1.4.1"}, "INVALID: checkout in prod already runs 1.4.1"),
        ("plan_deployment", CHECKOUT | {"version": "1.4.1"}, "INVALID: checkout in prod already runs 1.4.1"),
        ("deploy", CHECKOUT | {"version": "9.9.9"}, "INVALID: checkout has no release 9.9.9"),
        (
            "deploy",
            {"service": "chekout", "environment": "prod", "version": "1.4.2"},
            "INVALID: no service chekout; there are checkout, search, payments, catalog",
        ),
        (
            "rollback",
            {"service": "checkout", "environment": "production"},
            "INVALID: no environment production; there are staging and prod",
        ),
        ("create_ticket", {"title": "t", "service": "x", "body": ""}, "INVALID: no service x; there are checkout, search, payments, catalog"),
        ("get_service", {"service": "x", "environment": "prod"}, "NOT_FOUND: no service x; there are checkout, search, payments, catalog"),
        ("list_services", {"environment": "qa"}, "NOT_FOUND: no environment qa; there are staging and prod"),
        ("get_release", {"service": "x", "version": "1"}, "NOT_FOUND: no service x; there are checkout, search, payments, catalog"),
        ("deploy", CHECKOUT, "INVALID: version: Field required"),
        ("recent_deployments", {"limit": 101}, "INVALID: limit: Input should be less than or equal to 100"),
    ],
)  # fmt: skip
async def test_a_refusal_begins_with_its_code_and_changes_nothing(
    fleet: Fleet, tool: str, arguments: dict[str, object], text: str
) -> None:
    assert await refusal(fleet, tool, **arguments) == text


async def test_a_dry_run_for_a_tool_that_knows_none_never_becomes_the_real_thing(fleet: Fleet) -> None:
    text = await refusal(fleet, "deploy", version="1.4.2", dry_run=True, **CHECKOUT)

    assert text == "INVALID: dry_run: Extra inputs are not permitted"


async def test_a_second_rollout_waits_its_turn(fleet: Fleet) -> None:
    fleet.database.deploy("checkout", "prod", "1.4.2", fleet.author)

    text = await refusal(fleet, "deploy", version="1.4.0", **CHECKOUT)

    assert text == "INVALID: a rollout of checkout in prod is under way"


async def test_halfway_through_a_rollout_old_and_new_run_side_by_side(fleet: Fleet) -> None:
    begun = fleet.database.deploy("checkout", "prod", "1.4.2", fleet.author)
    assert fleet.database.roll_one(begun.deployment.id)
    assert fleet.database.roll_one(begun.deployment.id)

    checkout = await ask(fleet, "get_service", **CHECKOUT)

    assert [each["version"] for each in checkout["instances"]] == ["1.4.2", "1.4.2", "1.4.1", "1.4.1"]
    assert (checkout["version"], checkout["health"], checkout["deploying"]) == ("1.4.2", "degraded", True)
    assert checkout["metrics"]["p95_latency_ms"] == 710


async def test_a_rollout_leaves_alone_what_a_later_deployment_reached(fleet: Fleet) -> None:
    begun = fleet.database.deploy("checkout", "prod", "1.4.2", fleet.author)
    fleet.database.roll_one(begun.deployment.id)
    panel.carol_deploys(fleet.database.path)

    assert not fleet.database.roll_one(begun.deployment.id)

    checkout = await ask(fleet, "get_service", **CHECKOUT)
    assert {each["version"] for each in checkout["instances"]} == {"1.4.3"}
    assert not checkout["deploying"]


async def test_a_rollout_goes_on_when_the_one_who_asked_stops_waiting(fleet: Fleet) -> None:
    fleet.roll_seconds = 0.01
    call = asyncio.create_task(ask(fleet, "deploy", version="1.4.2", **CHECKOUT))
    while panel.snapshot(fleet.database.path)["deployments"]["count"] == 0:  # noqa: ASYNC110 - SQLite tells nobody
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    shown = panel.snapshot(fleet.database.path)
    while (await ask(fleet, "get_service", **CHECKOUT))["deploying"]:  # noqa: ASYNC110
        await asyncio.sleep(0)

    assert (shown["deployments"]["count"], shown["would_have"]["count"]) == (1, 2)
    assert (await ask(fleet, "get_service", **CHECKOUT))["health"] == "healthy"


# Rolling back


async def test_a_dry_run_of_a_rollback_says_what_it_would_do_and_does_nothing(fleet: Fleet) -> None:
    would = await ask(fleet, "rollback", dry_run=True, **CHECKOUT)
    checkout = await ask(fleet, "get_service", **CHECKOUT)

    assert (would["dry_run"], would["deployment"]) == (True, None)
    assert would["plan"]["steps"][0] == "checkout-prod-1: 1.4.1 → 1.4.0"
    assert (checkout["version"], checkout["revision"]) == ("1.4.1", 1)


async def test_a_second_rollback_undoes_the_first(fleet: Fleet) -> None:
    first = await ask(fleet, "rollback", **CHECKOUT)
    second = await ask(fleet, "rollback", **CHECKOUT)

    assert [each["deployment"]["version"] for each in (first, second)] == ["1.4.0", "1.4.1"]
    assert (await ask(fleet, "get_service", **CHECKOUT))["revision"] == 3


# Restarting


async def test_the_same_request_restarts_once_and_is_told_the_same_twice(fleet: Fleet) -> None:
    first = await ask(fleet, "restart", request_id="a", **CHECKOUT)
    second = await ask(fleet, "restart", request_id="a", **CHECKOUT)
    other = await ask(fleet, "restart", request_id="b", **CHECKOUT)

    assert first == second
    assert first["deployment"]["key"] == "a"
    assert other["deployment"]["id"] == first["deployment"]["id"] + 1
    assert (await ask(fleet, "get_service", **CHECKOUT))["revision"] == 3


async def test_a_request_id_of_something_else_is_refused(fleet: Fleet) -> None:
    await ask(fleet, "restart", request_id="a", **CHECKOUT)

    text = await refusal(fleet, "restart", request_id="a", service="checkout", environment="staging")

    assert text == "KEY_REUSED: request a was a restart of something else"


async def test_a_restart_changes_no_version_and_mends_nothing(fleet: Fleet) -> None:
    await ask(fleet, "restart", request_id="a", **CHECKOUT)

    checkout = await ask(fleet, "get_service", **CHECKOUT)

    assert (checkout["version"], checkout["previous"], checkout["health"]) == ("1.4.1", "1.4.0", "degraded")


async def test_a_dry_run_of_a_restart_does_nothing_and_spends_no_request_id(fleet: Fleet) -> None:
    would = await ask(fleet, "restart", request_id="a", dry_run=True, **CHECKOUT)
    did = await ask(fleet, "restart", request_id="a", **CHECKOUT)

    assert would["plan"] == did["plan"]
    assert would["plan"]["steps"][0] == "checkout-prod-1: restart on 1.4.1"
    assert (would["deployment"], did["dry_run"]) == (None, False)


# Tickets


async def test_the_same_ticket_twice_is_two_tickets(fleet: Fleet) -> None:
    wish = {"title": "Slow again", "service": "checkout", "body": "See p95."}
    first, second = [await ask(fleet, "create_ticket", **wish) for _ in range(2)]

    tickets = (await ask(fleet, "list_tickets", service="checkout"))["tickets"]

    assert [each["title"] for each in tickets] == ["Checkout in prod is slow", "Slow again", "Slow again"]
    assert tickets[1:] == [first, second]
    assert (await ask(fleet, "list_tickets", service="search"))["tickets"] == []


async def test_a_ticket_is_found_by_its_reference(fleet: Fleet) -> None:
    wish = {"title": "Slow again", "service": "checkout", "body": "See p95."}
    marked, _ = [await ask(fleet, "create_ticket", **wish, reference=mark) for mark in ("ours", "theirs")]
    await ask(fleet, "create_ticket", **wish)

    assert marked["reference"] == "ours"
    assert await ask(fleet, "find_tickets", reference="ours") == {"tickets": [marked]}
    assert await ask(fleet, "find_tickets", reference="ours", service="checkout") == {"tickets": [marked]}
    assert await ask(fleet, "find_tickets", reference="ours", service="search") == {"tickets": []}
    assert await ask(fleet, "find_tickets", reference="nobody's") == {"tickets": []}
    assert len((await ask(fleet, "find_tickets", service="checkout"))["tickets"]) == 4


async def test_a_reference_is_kept_and_deduplicates_nothing(fleet: Fleet) -> None:
    wish = {"title": "Slow again", "service": "checkout", "body": "See p95.", "reference": "ours"}
    both = [await ask(fleet, "create_ticket", **wish) for _ in range(2)]

    assert await ask(fleet, "find_tickets", reference="ours") == {"tickets": both}


# What the tools say of themselves


def test_a_tool_says_whether_it_changes_something() -> None:
    hints = {
        name: offer.annotations.model_dump(include={"read_only_hint", "destructive_hint", "idempotent_hint"})
        for name, offer in OFFERS.items()
        if not offer.annotations.read_only_hint
    }

    assert hints == {
        "deploy": {"read_only_hint": False, "destructive_hint": True, "idempotent_hint": False},
        "rollback": {"read_only_hint": False, "destructive_hint": True, "idempotent_hint": False},
        "restart": {"read_only_hint": False, "destructive_hint": True, "idempotent_hint": True},
        "create_ticket": {"read_only_hint": False, "destructive_hint": False, "idempotent_hint": False},
    }


def test_every_tool_describes_itself_and_both_its_sides() -> None:
    for offer in OFFERS.values():
        tool = offer.definition()
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema is not None
