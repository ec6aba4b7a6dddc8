"""Demos for the stories that leave the processes alone, as it comes and with what a team added; those that kill have their own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.journeys import screen as screens
from tests.journeys.stage import Stage, raised
from tests.journeys.team import Team, team


@pytest_asyncio.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with raised(tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest_asyncio.fixture(scope="session")
async def at_team(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Team]:
    async with team(tmp_path_factory.mktemp("team")) as made:
        yield made


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with screens.browser() as made:
        yield made


@pytest_asyncio.fixture
async def screen(browser: Browser) -> AsyncIterator[screens.Screen]:
    async with screens.screen(browser) as made:
        yield made
