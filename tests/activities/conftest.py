"""A worker's tools, with real servers at the far end: the demo fleet, and one that misbehaves."""

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.blobs import Folder
from activities.masking import PLAIN
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.tool_servers import ToolServers
from activities.tools import Tools
from sandbox.fleet.database import Database
from tests.activities.orders import CANARY

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def fleet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fleet") / "fleet.sqlite"


@pytest_asyncio.fixture(scope="session")
async def tool_servers(fleet_file: Path) -> AsyncIterator[ToolServers]:
    """One set for all tests: a start of the fleet takes a second."""

    def python(name: str, *args: str, **env: str) -> McpServer:
        settings = ServerSettings(
            name=name, command=sys.executable, args=args, env=env, cwd=str(HERE.parents[1])
        )
        return McpServer(settings)

    fleet = {"FLEET_DATABASE": str(fleet_file), "FLEET_ROLL_SECONDS": "0"}
    async with ToolServers(
        [
            python("fleet", "-m", "sandbox.fleet", **fleet),
            python("odd", str(HERE / "servers" / "misbehaving.py"), CANARY=CANARY),
            McpServer(ServerSettings(name="absent", command="no-such-command")),
        ]
    ) as servers:
        yield servers


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A fleet in which nothing was done yet."""
    with Database.open(tmp_path_factory.mktemp("fleet") / "first-day.sqlite") as database:
        yield database._connection


@pytest.fixture
def fleet(fleet_file: Path, first_day: sqlite3.Connection) -> Iterator[Database]:
    """The fleet's own books, what truly happened; as on the first day."""
    with Database.open(fleet_file) as database:
        first_day.backup(database._connection)
        yield database


@pytest.fixture
def blobs(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "blobs")


@pytest.fixture
def tools(tool_servers: ToolServers, fleet: Database, blobs: Folder) -> Tools:
    return Tools(tool_servers, PLAIN, blobs)


@pytest.fixture
def environment() -> ActivityEnvironment:
    return ActivityEnvironment()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of localhost, by itself: key and certificate in one file."""
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    asked += " -addext subjectAltName=DNS:localhost"
    subprocess.run(
        ["openssl", *asked.split(), "-keyout", f"{file}.key", "-out", str(file)],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + Path(f"{file}.key").read_text())
    return file
