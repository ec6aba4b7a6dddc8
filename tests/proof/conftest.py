"""A server as it comes, beside the one of all tests that suggests early to continue as new."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from tests.conftest import binary
from workflows import attributes


@pytest_asyncio.fixture
async def plain_temporal() -> AsyncIterator[WorkflowEnvironment]:
    arguments = []
    for key in attributes.ALL:
        arguments += ["--search-attribute", f"{key.name}=Keyword"]
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=binary("temporal"),
        dev_server_extra_args=arguments,
        dev_server_log_level="error",
    ) as environment:
        yield environment


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.proof)
