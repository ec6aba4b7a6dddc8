"""An effect that is a change of a database, through the steps of a run: previewed, and made exactly once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.masking import PLAIN
from activities.sql_server import SqlServer
from activities.sql_tools import SqlTool
from activities.tool_servers import ToolServers
from activities.tools import Tools
from tests.activities.far_end import BLOBS
from tests.activities.orders import effect_of, preview_of, read_of
from tests.activities.postgres import postgres
from tests.activities.shop import LosesTheCommit, Shop, opened
from workflows.values.effect import EffectOrder, OutcomeState
from workflows.values.tools import EffectClass, KeyPlace, PreviewBy, ToolContract, Verify


def contract(tool: str, **terms: Any) -> ToolContract:
    return ToolContract(name=f"shop.{tool}", server="shop", tool=tool, timeout_seconds=5.0, **terms)


FIND = contract("find_orders", reads=True)
CANCEL = contract(
    "cancel",
    effect_class=EffectClass.IDEMPOTENT,
    key=KeyPlace(argument="idempotency_key"),
    preview=PreviewBy(dry_run={"dry_run": True}),
    target="orders/{id}",
)
VERIFIED = CANCEL.model_copy(
    update={
        "effect_class": EffectClass.VERIFIABLE,
        "verify": Verify(tool="find_effect", arguments={"key": "{key}"}, found="effects"),
    }
)
FIRST = {"id": 1}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    lost = SqlTool("Asks for what is not there.", {}, query="select 1 from nowhere")
    shop = Shop(f"sqlite:///{tmp_path}/shop.sqlite", {"lost": lost})
    shop.open()
    return shop


@pytest_asyncio.fixture
async def tools(shop: Shop) -> AsyncIterator[Tools]:
    server = await opened(shop)
    yield Tools(ToolServers([server]), PLAIN, BLOBS)
    await server.aclose()


async def ordered(tools: Tools, terms: ToolContract = CANCEL) -> EffectOrder:
    return effect_of(terms, FIRST, await ActivityEnvironment().run(tools.preview, preview_of(terms, FIRST)))


def attempt(number: int) -> ActivityEnvironment:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=number)
    return environment


async def test_people_see_the_rows_and_then_it_is_done_once(tools: Tools, shop: Shop):
    previewed = await ActivityEnvironment().run(tools.preview, preview_of(CANCEL, FIRST))
    order = effect_of(CANCEL, FIRST, previewed)

    first = await attempt(1).run(tools.apply_with_key, order)
    second = await attempt(2).run(tools.apply_with_key, order)

    assert previewed.shown.content == {
        "dry_run": True,
        "changed": 1,
        "before": [{"id": 1, "state": "open"}],
        "after": [{"id": 1, "state": "cancelled"}],
    }
    assert previewed.shown.complete
    assert first.state is second.state is OutcomeState.APPLIED
    assert first.structured == second.structured == {"changed": 1, "after": [{"id": 1, "state": "cancelled"}]}
    assert shop.keys() == [order.effect.key]


async def test_what_moved_since_the_preview_is_not_applied(tools: Tools, shop: Shop):
    order = await ordered(tools)
    with shop.engine.begin() as books:
        books.execute(text("update orders set state = 'sent'"))

    outcome = await attempt(1).run(tools.apply_with_key, order)

    assert outcome.state is OutcomeState.NOT_APPLIED
    assert "would change 0 rows, and 1 were expected; it was undone. Nothing was done." in outcome.text
    assert shop.keys() == []


async def test_what_would_change_nothing_is_not_asked_about(tools: Tools):
    previewed = await ActivityEnvironment().run(tools.preview, preview_of(CANCEL, {"id": 7}))

    assert previewed.problem.startswith("shop.cancel would change 0 rows, and 1 were expected")


async def test_a_contract_without_a_key_is_told_before_anybody_is_asked(tools: Tools):
    keyless = CANCEL.model_copy(update={"effect_class": EffectClass.AT_MOST_ONCE, "key": None})
    previewed = await ActivityEnvironment().run(tools.preview, preview_of(keyless, FIRST))

    assert previewed.problem.endswith("'idempotency_key' is a required property")


async def test_a_change_can_be_looked_for_by_its_key(tools: Tools):
    order = await ordered(tools, VERIFIED)
    before = await attempt(1).run(tools.verify, order)
    await attempt(1).run(tools.apply_once, order)
    after = await attempt(1).run(tools.verify, order)

    assert (before.count, after.count) == (0, 1)


async def test_what_reads_is_read(tools: Tools):
    found = await ActivityEnvironment().run(tools.read, read_of(FIND, {"customer": "o'bob"}))

    assert found.structured == {"rows": [{"id": 3, "state": "open"}], "has_more": False}


async def test_what_the_database_refuses_is_told_and_not_tried_again(tools: Tools):
    told = await ActivityEnvironment().run(tools.read, read_of(contract("lost", reads=True), {}))

    assert (told.ok, told.text) == (False, "shop.lost was not done: no such table: nowhere (SQLITE_ERROR).")


async def test_what_changes_is_not_run_as_a_read(tools: Tools, shop: Shop):
    reading = contract("cancel", reads=True)
    told = await ActivityEnvironment().run(tools.read, read_of(reading, {**FIRST, "idempotency_key": "k"}))

    assert told.text == "shop says that cancel changes things, so it is not run as a read."
    assert shop.states() == ["open"] * 3


@pytest.mark.postgres
async def test_a_lost_answer_to_the_commit_is_no_second_change():
    with postgres() as database:
        wire, shop = LosesTheCommit(database), Shop(f"postgresql://handrail@{database}/postgres", {})
        shop.open()
        await (await opened(shop)).aclose()
        async with wire as address:
            tools = Tools(ToolServers([SqlServer(shop.through(address).settings)]), PLAIN, BLOBS)
            order = await ordered(tools)
            with pytest.raises(ApplicationError) as ambiguous:
                await attempt(1).run(tools.apply_with_key, order)
            with shop.engine.begin() as books:
                books.execute(text("update orders set state = 'open'"))
            outcome = await attempt(2).run(tools.apply_with_key, order)

        assert (ambiguous.value.type, ambiguous.value.non_retryable, wire.lost) == ("Ambiguous", False, 1)
        assert outcome.structured == {"changed": 1, "after": [{"id": 1, "state": "cancelled"}]}
        assert shop.states() == ["open"] * 3  # what was open again was not cancelled again
