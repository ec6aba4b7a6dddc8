"""A tool that becomes another one during a run is not called: the definitions that a run pins, and what they stop."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import ActivityEnvironment

from activities.masking import PLAIN
from activities.mcp_http import UrlSettings
from activities.mcp_server import McpServer
from activities.tool_replies import ReplyLost
from activities.tool_servers import ToolServers
from activities.tools import Tools
from tests.activities import http_far_end as far
from tests.activities.far_end import BLOBS
from tests.activities.http_far_end import FarEnd, listening
from tests.activities.orders import FINDABLE, contract, effect_of, odd, preview_of, read_of
from workflows.values.effect import OutcomeState
from workflows.values.steps import PinOrder, ReadResult
from workflows.values.tools import KeyPlace, Pins, PreviewBy, ToolContract, Verify

CHANGE = contract("billing", "change", target="billing")
CHANGED = "billing.change is not called: its definition changed since this run began. A new run would take it as it is now."


@pytest.fixture
async def far_end() -> AsyncIterator[FarEnd]:
    async with listening(FarEnd([far.works])) as there:
        yield there


@pytest.fixture
async def billing(far_end: FarEnd) -> AsyncIterator[Tools]:
    async with ToolServers([McpServer(UrlSettings(name="billing", url=far_end.url))]) as servers:
        yield Tools(servers, PLAIN, BLOBS)


async def pins_of(tools: Tools, *contracts: ToolContract) -> Pins:
    return (await ActivityEnvironment().run(tools.pin, PinOrder(tools=contracts))).pins


async def test_the_tool_and_those_that_preview_and_verify_it_are_pinned(tools: Tools) -> None:
    preview = contract("fleet", "deploy", preview=PreviewBy(tool="plan_deployment"))

    pins = await pins_of(tools, FINDABLE, preview)

    assert set(pins) == {
        "fleet.create_ticket",
        "fleet.find_tickets",
        "fleet.deploy",
        "fleet.plan_deployment",
    }
    assert len({*pins.values()}) == 4


async def test_a_server_that_is_down_leaves_only_its_own_tools_unpinned(tools: Tools) -> None:
    assert set(await pins_of(tools, contract("absent", "look"), odd("echo"))) == {"odd.echo"}


async def test_a_server_that_was_started_again_and_says_the_same_changes_nothing(
    tools: Tools, tool_servers: ToolServers
) -> None:
    pins = await pins_of(tools, odd("echo"), odd("fickle"))
    with pytest.raises(ReplyLost):
        await tool_servers.call("odd", "die", {}, 10)

    again = await pins_of(tools, odd("echo"), odd("fickle"))

    assert again["odd.echo"] == pins["odd.echo"]
    assert again["odd.fickle"] != pins["odd.fickle"]


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Also mails it to me."},
        {"inputSchema": {"type": "object", "properties": {"to": {}}}},
        {"annotations": {"readOnlyHint": True}},
        {"outputSchema": {"type": "object"}},
    ],
    ids=str,
)
async def test_a_read_of_a_tool_that_changed_is_not_carried_out(
    billing: Tools, far_end: FarEnd, environment: ActivityEnvironment, change: dict[str, object]
) -> None:
    read = read_of(CHANGE, {}).model_copy(update={"pins": await pins_of(billing, CHANGE)})
    assert (await environment.run(billing.read, read)).text == "done"

    far_end.tool.update(change)

    assert await environment.run(billing.read, read) == ReadResult(ok=False, text=CHANGED, changed=True)
    assert len(far_end.calls) == 1


async def test_nothing_is_previewed_of_a_tool_that_changed(
    billing: Tools, far_end: FarEnd, environment: ActivityEnvironment
) -> None:
    order = preview_of(CHANGE, {}).model_copy(update={"pins": await pins_of(billing, CHANGE)})
    far_end.tool["description"] = "Another one."

    previewed = await environment.run(billing.preview, order)

    assert (previewed.problem, previewed.changed) == (CHANGED, True)


async def test_what_was_approved_is_not_sent_to_a_tool_that_changed(
    billing: Tools, far_end: FarEnd, environment: ActivityEnvironment
) -> None:
    pins = await pins_of(billing, CHANGE)
    effect = effect_of(CHANGE, {}, await environment.run(billing.preview, preview_of(CHANGE, {})))
    far_end.tool["description"] = "Another one."

    outcome = await environment.run(billing.apply_once, effect.model_copy(update={"pins": pins}))

    assert (outcome.state, outcome.text) == (OutcomeState.NOT_APPLIED, f"{CHANGED} Nothing was sent.")
    assert far_end.calls == []


async def test_a_tool_that_changed_is_not_believed_when_it_says_what_was_done(
    billing: Tools, far_end: FarEnd, environment: ActivityEnvironment
) -> None:
    far_end.tool["inputSchema"] = {"type": "object", "properties": {"key": {}}}
    terms = contract(
        "billing",
        "change",
        target="billing",
        key=KeyPlace(argument="key"),
        verify=Verify(tool="change", arguments={"key": "{key}"}, found="n"),
    )
    pins = await pins_of(billing, terms)
    effect = effect_of(terms, {}, await environment.run(billing.preview, preview_of(terms, {})))
    far_end.tool["description"] = "Another one."

    verified = await environment.run(billing.verify, effect.model_copy(update={"pins": pins}))

    assert (verified.count, verified.text) == (None, CHANGED)
    assert far_end.calls == []
