"""The real Temporal server, once for the whole session, its clock skippable per run."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from xdist.scheduler import LoadFileScheduling

from tests.workflows.histories import record
from workflows import attributes

# The same examples each time, and none of them against a clock: what is committed passes here and elsewhere alike.
settings.register_profile(
    "handrail",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("handrail")

EVENTS_BEFORE_CONTINUING = 150
"""The server suggests to continue as new after so many: low, so that ordinary stories go through it."""


def binary(name: str) -> str:
    """A server that came as a package, beside this Python or on the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name) or name


@pytest_asyncio.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    arguments = ["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"]
    arguments += [
        "--dynamic-config-value",
        f"limit.historyCount.suggestContinueAsNew={EVENTS_BEFORE_CONTINUING}",
    ]
    arguments += ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"]
    for key in attributes.ALL:
        arguments += ["--search-attribute", f"{key.name}=Keyword"]
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=pydantic_data_converter,
        dev_server_existing_path=binary("temporal"),
        dev_server_extra_args=arguments,
        dev_server_log_level="error",
    ) as environment:
        yield environment


@pytest_asyncio.fixture
async def keep_histories(
    temporal: WorkflowEnvironment, request: pytest.FixtureRequest
) -> AsyncIterator[list[str]]:
    """Put the ids of workflows in: of a story marked `recorded`, `make histories` keeps theirs."""
    ids: list[str] = []
    yield ids
    if request.config.getoption("--record-histories") and request.node.get_closest_marker("recorded"):
        await record(temporal.client, request.node.originalname, ids)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-histories", action="store_true", help="keep the histories of stories marked `recorded`"
    )


JOURNEYS = "tests/journeys"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=lambda item: not item.nodeid.startswith(JOURNEYS))


class ByFile(LoadFileScheduling):
    """Tests side by side: a file stays together, and so does a folder of journeys, which share a demo."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return file.rpartition("/")[0] if file.startswith(JOURNEYS) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)
