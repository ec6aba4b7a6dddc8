"""One demo for the stories that leave the processes alone; those that kill have their own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.journeys.stage import Stage, raised


@pytest_asyncio.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with raised(tmp_path_factory.mktemp("demo")) as made:
        yield made
