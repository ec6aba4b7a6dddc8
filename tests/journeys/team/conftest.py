"""One demo for the stories of a team that added what it has."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.journeys.team.team import Team, team


@pytest_asyncio.fixture(scope="session")
async def at_team(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Team]:
    async with team(tmp_path_factory.mktemp("team")) as made:
        yield made
