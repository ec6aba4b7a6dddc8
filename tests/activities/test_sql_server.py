"""SQL tools on real databases: what may be read, what a preview leaves behind, and how a change is made once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from activities.definitions import problem
from activities.sql_server import SqlServer
from activities.sql_tools import SqlTool
from activities.tool_replies import NotSent, Refused, ReplyLost, ToolReply
from tests.activities.postgres import postgres
from tests.activities.shop import LosesTheCommit, Shop, opened

KEY = "k" * 64
OF_POSTGRES = {
    "look_and_touch": SqlTool("Reads by a function that writes.", {}, query="select touch() as n"),
    "read_types": SqlTool(
        "Many types.",
        {"ids": {"type": "array"}, "facts": {"type": "object"}},
        query="select 1.10::numeric as n, '2026-01-02T03:04:05Z'::timestamptz as at, 'NaN'::float8 as nan,"
        " '\\x0102'::bytea as raw, null as nothing, cast(:facts as jsonb) as facts, 2 = any(:ids) as has",
    ),
    "killed": SqlTool(
        "Its connection dies before the end.",
        {},
        statements=("update orders set state = 'x'", "select pg_terminate_backend(pg_backend_pid())"),
    ),
    "slow": SqlTool("Takes long.", {}, statements=("update orders set state = 'x'", "select pg_sleep(5)")),
    "dawdles": SqlTool(
        "Is in time with each statement, and late with all.",
        {},
        statements=("update orders set state = 'x'", "select pg_sleep(0.3)", "select pg_sleep(0.3)"),
    ),
}
OF_SQLITE = {
    "look_and_touch": SqlTool(
        "Reads by a statement that writes.", {}, query="delete from orders returning id"
    ),
    "slow": SqlTool(
        "Takes long.",
        {},
        statements=(
            "update orders set state = 'x'",
            "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
        ),
    ),
}


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    with postgres() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    if request.param == "sqlite":
        shop = Shop(f"sqlite:///{tmp_path}/shop.sqlite", OF_SQLITE)
        shop.open()
        return shop
    return request.getfixturevalue("postgres_shop")


@pytest.fixture
def postgres_shop(database: str) -> Shop:
    shop = Shop(f"postgresql://handrail@{database}/postgres", OF_POSTGRES)
    shop.open()
    with shop.engine.begin() as books:
        touch = "create or replace function touch() returns int language sql as $$ delete from orders; select 1 $$"
        books.execute(text(touch))
    return shop


@pytest_asyncio.fixture
async def server(shop: Shop) -> AsyncIterator[SqlServer]:
    server = await opened(shop)
    yield server
    await server.aclose()


async def call(server: SqlServer, tool: str, patience: float = 10.0, **arguments: Any) -> ToolReply:
    return await server.call(tool, arguments, patience)


async def apply(
    server: SqlServer, tool: str, key: str = KEY, patience: float = 10.0, **given: Any
) -> ToolReply:
    return await server.call(tool, {**given, "idempotency_key": key}, patience)


# Reading


async def test_arguments_are_bound_and_what_is_left_out_is_null(server: SqlServer):
    all_of_ann = await call(server, "find_orders", customer="ann")
    none = await call(server, "find_orders", customer="ann", state="sent")
    bob = await call(server, "find_orders", customer="o'bob")
    clever = await call(server, "find_orders", customer="' or 1=1 --")

    assert all_of_ann.structured == {
        "rows": [{"id": 1, "state": "open"}, {"id": 2, "state": "open"}],
        "has_more": False,
    }
    assert none.structured == clever.structured == {"rows": [], "has_more": False}
    assert bob.structured == {"rows": [{"id": 3, "state": "open"}], "has_more": False}


async def test_what_there_is_beyond_the_bound_is_said(server: SqlServer, shop: Shop):
    with shop.engine.begin() as books:
        books.execute(text("update orders set customer = 'ann'"))

    reply = await call(server, "find_orders", customer="ann")

    assert (len(reply.structured["rows"]), reply.structured["has_more"]) == (2, True)


async def test_what_reads_can_not_write(server: SqlServer, shop: Shop):
    with pytest.raises(Refused, match=r"read.?only"):
        await call(server, "look_and_touch")

    assert shop.states() == ["open"] * 3


@pytest.mark.postgres
async def test_values_become_json(postgres_shop: Shop):
    server = SqlServer(postgres_shop.settings)
    reply = await call(server, "read_types", ids=[1, 2], facts={"a": [1]})

    [row] = reply.structured["rows"]
    assert row.pop("at").startswith("2026-01-02T")
    assert row == {
        "n": "1.10",
        "nan": "nan",
        "raw": "[2 bytes]",
        "nothing": None,
        "facts": {"a": [1]},
        "has": True,
    }
    await server.aclose()


async def test_a_number_that_no_column_holds_is_refused(server: SqlServer):
    with pytest.raises(Refused):
        await apply(server, "cancel", id=10**30)


# Previewing


async def test_a_preview_shows_the_rows_and_leaves_everything_as_it_was(server: SqlServer, shop: Shop):
    reply = await call(server, "cancel", id=1, dry_run=True, idempotency_key="{key}")

    assert reply.structured == {
        "dry_run": True,
        "changed": 1,
        "before": [{"id": 1, "state": "open"}],
        "after": [{"id": 1, "state": "cancelled"}],
    }
    assert (shop.states(), shop.keys()) == (["open"] * 3, [])


async def test_another_number_of_rows_than_expected_is_undone(server: SqlServer, shop: Shop):
    for dry_run in (True, False):
        with pytest.raises(Refused, match="would change 0 rows, and 1 were expected; it was undone"):
            await apply(server, "cancel", id=7, dry_run=dry_run)

    assert (shop.states(), shop.keys()) == (["open"] * 3, [])


async def test_what_can_not_be_shown_whole_is_no_preview(server: SqlServer, shop: Shop):
    with shop.engine.begin() as books:
        books.execute(text("update orders set customer = 'ann'"))

    with pytest.raises(Refused, match="touches more rows than the 2 that can be shown"):
        await call(server, "cancel_all", customer="ann", dry_run=True)


async def test_what_returning_gives_back_is_counted_and_shown(server: SqlServer):
    reply = await call(server, "cancel_all", customer="ann", dry_run=True)

    assert reply.structured == {"dry_run": True, "changed": 2, "returned": [{"id": 1}, {"id": 2}]}


# Once


async def test_the_same_key_twice_is_one_change(server: SqlServer, shop: Shop):
    first = await apply(server, "cancel", id=1)
    assert (shop.states(), shop.keys()) == (["cancelled", "open", "open"], [KEY])
    with shop.engine.begin() as books:
        books.execute(text("update orders set state = 'open'"))
    second = await apply(server, "cancel", id=1)

    assert first.structured == {"changed": 1, "after": [{"id": 1, "state": "cancelled"}]}
    assert second == first
    assert shop.states() == ["open"] * 3  # what others did since is left alone


async def test_racing_changes_with_one_key_are_one_change(server: SqlServer, shop: Shop):
    async def tried_until_known() -> ToolReply:
        while True:
            with contextlib.suppress(NotSent):
                return await apply(server, "cancel_all", customer="ann")

    replies = await asyncio.gather(*(tried_until_known() for _ in range(8)))

    assert [reply.structured for reply in replies] == [{"changed": 2, "returned": [{"id": 1}, {"id": 2}]}] * 8
    assert shop.keys() == [KEY]


async def test_what_was_done_under_a_key_can_be_looked_up(server: SqlServer):
    nothing = await call(server, "find_effect", key=KEY)
    await apply(server, "cancel", id=1)
    done = await call(server, "find_effect", key=KEY)

    assert nothing.structured == {"effects": []}
    [effect] = done.structured["effects"]
    assert (effect["tool"], effect["result"]["changed"]) == ("shop.cancel", 1)


async def test_a_key_that_stands_for_another_change_proves_nothing(server: SqlServer, shop: Shop):
    await apply(server, "cancel", id=1)
    reply = await apply(server, "cancel", id=2)

    assert (reply.is_error, reply.structured) == (True, {"code": "KEY_REUSED"})
    assert shop.states() == ["cancelled", "open", "open"]


async def test_what_fails_half_way_is_undone_with_its_key(server: SqlServer, shop: Shop):
    with pytest.raises(Refused, match=r"(?i)unique"):
        await apply(server, "twice", id=1)

    assert (shop.states(), shop.keys()) == (["open"] * 3, [])


async def test_a_change_needs_a_key(server: SqlServer):
    schema = (await server.tools())["cancel"].input_schema

    assert problem(schema, {"id": 1}) == "'idempotency_key' is a required property"


# Without the table


async def test_a_database_without_the_table_says_how_to_make_it(shop: Shop):
    server = SqlServer(shop.settings)
    with pytest.raises(NotSent, match="has no table handrail_effects: `handrail ledger shop` makes it"):
        await server.start()
    with pytest.raises(Refused, match="handrail_effects is missing"):
        await call(server, "cancel", id=1, dry_run=True)
    with pytest.raises(Refused, match="handrail_effects"):
        await apply(server, "cancel", id=1)
    assert shop.states() == ["open"] * 3

    await server.create_ledger()
    await server.create_ledger()
    await server.start()
    await server.aclose()


# What absence proves


@pytest.mark.parametrize("dry_run", [True, False])
async def test_what_takes_too_long_is_undone_and_never_comes_back(
    server: SqlServer, shop: Shop, *, dry_run: bool
):
    with pytest.raises(NotSent):
        await apply(server, "slow", patience=0.3, dry_run=dry_run)
    await apply(server, "cancel", key="other", id=1)  # as soon as its locks are gone

    assert (shop.states(), shop.keys()) == (["cancelled", "open", "open"], ["other"])


async def test_what_others_hold_is_waited_for_a_while_and_then_nothing_was_done(
    server: SqlServer, shop: Shop
):
    with shop.engine.connect() as other:
        if other.dialect.name == "sqlite":
            other.exec_driver_sql("BEGIN IMMEDIATE")
        other.execute(text("update orders set state = 'held'"))
        with pytest.raises(NotSent):
            await apply(server, "cancel", id=1, patience=0.3)
        other.commit()

    assert (shop.states(), shop.keys()) == (["held"] * 3, [])


@pytest.mark.postgres
async def test_what_was_given_up_is_not_committed_afterwards(postgres_shop: Shop):
    server = await opened(postgres_shop)
    with pytest.raises(NotSent, match="not done in time, and is undone"):
        await apply(server, "dawdles", patience=0.45)
    await apply(server, "cancel", key="other", id=1)

    assert (postgres_shop.states(), postgres_shop.keys()) == (["cancelled", "open", "open"], ["other"])
    await server.aclose()


@pytest.mark.postgres
async def test_a_change_that_another_came_before_is_undone(postgres_shop: Shop):
    """SERIALIZABLE: it would have changed what it had not seen."""
    server = await opened(postgres_shop)
    with postgres_shop.engine.connect() as other:
        other.execute(text("update orders set customer = 'eve' where id = 1"))
        change = asyncio.create_task(apply(server, "cancel", id=1))
        waits = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like 'update%'"
        )
        while postgres_shop.ask(waits) == [0]:  # noqa: ASYNC110 - PostgreSQL tells nobody that one waits
            await asyncio.sleep(0)
        other.commit()
        with pytest.raises(NotSent, match=r"could not serialize access .* \(40001\)"):
            await change

    assert (postgres_shop.states(), postgres_shop.keys()) == (["open"] * 3, [])
    assert (await apply(server, "cancel", id=1)).structured["changed"] == 1
    await server.aclose()


@pytest.mark.postgres
async def test_a_connection_that_dies_before_the_commit_proves_that_nothing_was_done(postgres_shop: Shop):
    server = await opened(postgres_shop)
    with pytest.raises(NotSent, match="killed was not done"):
        await apply(server, "killed")

    assert (postgres_shop.states(), postgres_shop.keys()) == (["open"] * 3, [])
    await server.aclose()


@pytest.mark.postgres
async def test_a_lost_answer_to_the_commit_is_found_out_by_the_key(postgres_shop: Shop, database: str):
    there = await opened(postgres_shop)
    wire = LosesTheCommit(database)
    async with wire as address:
        server = SqlServer(postgres_shop.through(address).settings)
        with pytest.raises(ReplyLost, match=r"the answer to the COMMIT of shop\.cancel was lost"):
            await apply(server, "cancel", id=1)
        await server.aclose()
    assert wire.lost == 1

    assert (await apply(there, "cancel", id=1)).structured["changed"] == 1
    assert postgres_shop.states() == ["cancelled", "open", "open"]
    await there.aclose()


async def test_a_database_that_is_not_there_was_sent_nothing():
    server = SqlServer(Shop("postgresql://handrail@127.0.0.1:9/shop", {}).settings)
    with pytest.raises(NotSent):
        await apply(server, "cancel", id=1)
    with pytest.raises(NotSent, match="the database of shop can't be asked"):
        await server.start()
    await server.aclose()
    with pytest.raises(NotSent, match="this worker is stopping"):
        await apply(server, "cancel", id=1)


async def test_an_address_that_can_not_be_used_is_told():
    server = SqlServer(Shop("mysql+nodriver://handrail:s3cret@127.0.0.1/shop", {}).settings)
    with pytest.raises(NotSent, match=r"the address of shop can't be used: .*nodriver"):
        await apply(server, "cancel", id=1)
    await server.aclose()
