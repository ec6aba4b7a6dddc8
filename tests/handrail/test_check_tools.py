"""`handrail check` asks the demo's real tool server what the contracts say of it."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from activities.tool_replies import ToolDefinition
from activities.tool_servers import ToolServers
from handrail.check_tools import check_tools, problems_of
from handrail.config import Config, load
from handrail.masking import worker_masker
from handrail.servers import tool_servers
from workflows.values.tools import KeyForm, KeyPlace, PreviewBy, ToolContract, Undo, Verify

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("check")
    return {"HANDRAIL_CONFIG": str(ROOT / "handrail.yaml"), "HANDRAIL_HOME": str(home)}


@pytest.fixture(scope="session")
def config(environ: Mapping[str, str]) -> Config:
    return load(environ)


@pytest_asyncio.fixture(scope="session")
async def servers(config: Config, environ: Mapping[str, str]) -> AsyncIterator[ToolServers]:
    async with tool_servers(config, environ, worker_masker(config, environ)) as started:
        yield started


@pytest_asyncio.fixture
async def offered(servers: ToolServers) -> Mapping[str, ToolDefinition]:
    return await servers.tools("fleet")


@pytest.fixture
def ticket(config: Config) -> ToolContract:
    return next(contract for contract in config.tools if contract.name == "fleet.create_ticket")


def verified_by(ticket: ToolContract, **changes: object) -> ToolContract:
    assert ticket.verify is not None
    return ticket.model_copy(update={"verify": ticket.verify.model_copy(update=changes)})


async def test_the_demo_s_contracts_fit_its_server(servers: ToolServers, config: Config):
    lines = [line async for line in check_tools(servers, config)]

    assert lines == [(True, f"fleet answers, with all {len(config.tools)} tools of the config")]


def test_a_tool_that_is_not_offered_is_named(ticket: ToolContract, offered: Mapping[str, ToolDefinition]):
    [problem] = problems_of(
        "fleet", [ticket.model_copy(update={"name": "fleet.fly", "tool": "fly"})], offered
    )

    assert problem.startswith(
        "fleet does not offer fleet.fly; it offers create_ticket, deploy, find_tickets, "
    )


def test_a_key_for_an_argument_that_the_tool_does_not_know_is_told(
    ticket: ToolContract, offered: Mapping[str, ToolDefinition]
):
    labels = ticket.model_copy(update={"key": KeyPlace(argument="labels", form=KeyForm.LABEL)})

    assert list(problems_of("fleet", [labels], offered)) == [
        "fleet.create_ticket knows no argument labels, where its key_in puts the key"
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tool": "search"}, "fleet.create_ticket is verified by fleet.search, which fleet does not offer"),
        (
            {"arguments": {"ref": "{key}"}},
            "fleet.find_tickets knows no argument ref, with which fleet.create_ticket is verified",
        ),
        (
            {"arguments": {"reference": "{key}", "service": "{component}"}},
            "verify of fleet.create_ticket takes {component} from the call, which has no such argument",
        ),
        (
            {"found": "hits"},
            "the answer of fleet.find_tickets has no hits, which verify of fleet.create_ticket reads",
        ),
        (
            {"tool": "get_release", "arguments": {"version": "{key}"}, "found": "exists"},
            "fleet.get_release needs the argument service, and verify of fleet.create_ticket gives none",
        ),
        (
            {
                "tool": "restart",
                "arguments": {"request_id": "{key}", "service": "{service}", "environment": "prod"},
                "found": "dry_run",
            },
            "fleet.create_ticket is verified by fleet.restart, and fleet says that it changes things",
        ),
    ],
)
def test_a_look_up_that_would_not_be_understood_is_told(
    ticket: ToolContract, offered: Mapping[str, ToolDefinition], changes: dict, problem: str
):
    assert list(problems_of("fleet", [verified_by(ticket, **changes)], offered)) == [problem]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"target": "{team}", "environment": "{service}"},
            "fleet.create_ticket knows no argument team, which its environment or target names",
        ),
        (
            {"preview": PreviewBy(dry_run={"simulate": True})},
            "fleet.create_ticket knows no argument simulate, which makes it a dry run",
        ),
        (
            {"preview": PreviewBy(tool="plan")},
            "fleet.create_ticket is previewed by fleet.plan, which fleet does not offer",
        ),
        (
            {"preview": PreviewBy(tool="get_release")},
            "fleet.get_release needs the argument version, and fleet.create_ticket, which it previews, has none",
        ),
        (
            {"tool": "restart", "name": "fleet.restart", "reads": True, "verify": None, "key": None},
            "fleet.restart only reads, says its contract, and fleet says that it changes things",
        ),
    ],
)
def test_what_would_make_each_call_fail_is_told_before(
    ticket: ToolContract, offered: Mapping[str, ToolDefinition], changes: dict, problem: str
):
    assert list(problems_of("fleet", [ticket.model_copy(update=changes)], offered)) == [problem]


async def test_a_server_that_does_not_start_is_told(config: Config):
    async with ToolServers([]) as none:
        [(well, text)] = [line async for line in check_tools(none, config)]

    assert (well, text) == (False, "fleet: no tool server is called fleet")


def test_the_contract_of_the_demo_s_tickets_is_what_its_file_says(ticket: ToolContract):
    assert ticket.verify == Verify(
        tool="find_tickets",
        arguments={"reference": "{key}", "service": "{service}"},
        found="tickets",
        settle_seconds=3.0,
    )


@pytest.mark.parametrize(
    ("undo", "problem"),
    [
        ({"version": "{was}"}, "undo of fleet.deploy takes {was} from the call, which has no such argument"),
        (
            {"version": "{preview.was}"},
            "the answer of fleet.plan_deployment has no was, which undo of fleet.deploy reads",
        ),
        (
            {"version": "{result.was.it}"},
            "the answer of fleet.deploy has no was, which undo of fleet.deploy reads",
        ),
        (
            {"tag": "1", "version": "1"},
            "fleet.deploy knows no argument tag, with which fleet.deploy is undone",
        ),
        ({}, "fleet.deploy needs the argument version, and undo of fleet.deploy gives none"),
    ],
)
def test_what_is_undone_has_to_be_understood(
    config: Config, offered: Mapping[str, ToolDefinition], undo: dict[str, str], problem: str
):
    deploy = next(contract for contract in config.tools if contract.name == "fleet.deploy")
    place = {"service": "{service}", "environment": "{environment}"}
    changed = deploy.model_copy(update={"undo": Undo(tool="fleet.deploy", arguments=place | undo)})

    assert list(problems_of("fleet", [changed], offered)) == [problem]
