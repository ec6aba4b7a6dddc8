"""One demo for the stories that leave the processes alone; those that kill have their own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.journeys import screen as screens
from tests.journeys.stage import Stage, raised


@pytest_asyncio.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with raised(tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with screens.browser() as made:
        yield made


@pytest_asyncio.fixture
async def screen(browser: Browser) -> AsyncIterator[screens.Screen]:
    async with screens.screen(browser) as made:
        yield made
