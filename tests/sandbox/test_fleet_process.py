"""The demo fleet as a process of its own, reached as any MCP client reaches it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters

from sandbox.fleet import panel

ROOT = Path(__file__).parents[2]
FIX = {"service": "checkout", "version": "1.4.2", "environment": "prod"}


@asynccontextmanager
async def fleet(path: Path, **env: str) -> AsyncIterator[Client]:
    settings = {"FLEET_ROLL_SECONDS": "0"} | env
    arguments = ["-m", "sandbox.fleet", "--database", str(path)]
    server = StdioServerParameters(command=sys.executable, args=arguments, env=settings, cwd=ROOT)
    async with Client(server) as client:
        yield client


async def run(*arguments: str, **env: str) -> tuple[int | None, str]:
    """Exit code and stderr of a start that is to fail."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sandbox.fleet", *arguments),
        cwd=ROOT,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    return process.returncode, said.decode()


def shown(path: Path) -> tuple[dict[str, Any], int, int]:
    """Checkout in prod, deployments that happened, and those a plain retry would have made."""
    seen = panel.snapshot(path)
    return seen["environments"][1]["services"][0], seen["deployments"]["count"], seen["would_have"]["count"]


def locks(folder: Path) -> list[int]:
    """The processes that left a lock here, living or dead."""
    return [int(lock.read_text()) for lock in folder.glob("fleet.db-boot-*")]


async def test_a_deployment_over_the_wire(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    async with fleet(path, FLEET_ACTOR="the run") as client:
        offered = {tool.name for tool in (await client.list_tools()).tools}
        plan = await client.call_tool("plan_deployment", FIX)
        done = await client.call_tool(
            "deploy", FIX | {"expected_revision": plan.structured_content["revision"]}
        )
        again = await client.call_tool("deploy", FIX)
        with pytest.raises(MCPError, match="no tool drop_tables"):
            await client.call_tool("drop_tables", {})

    checkout, happened, would_have = shown(path)
    assert len(offered) == 12
    assert done.structured_content["deployment"]["by"] == "the run"
    assert again.is_error
    assert again.content[0].model_dump(include={"text"}) == {
        "text": "INVALID: checkout in prod already runs 1.4.2"
    }
    assert (checkout["version"], checkout["health"], happened, would_have) == ("1.4.2", "healthy", 1, 1)
    assert locks(tmp_path) == []


async def test_a_lost_reply_is_a_deployment_that_happened(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    panel.lose_next_reply(path)
    async with fleet(path) as client:
        with pytest.raises(MCPError, match="Connection closed"):
            await client.call_tool("deploy", FIX)
    before, *counts = shown(path)

    async with fleet(path) as client:
        deployments = await client.call_tool("recent_deployments", {"limit": 1})
        second = await client.call_tool("rollback", {"service": "checkout", "environment": "prod"})

    assert (before["version"], before["deploying"], counts) == ("1.4.2", True, [1, 2])
    assert deployments.structured_content["deployments"][0]["replied_at"] is None
    assert not second.is_error, "the fault goes off once"
    after, *counts = shown(path)
    assert (after["version"], after["deploying"], counts) == ("1.4.1", False, [2, 3])


async def test_a_ticket_whose_reply_was_lost_is_there_and_found_by_its_reference(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    wish = {"title": "Slow", "service": "search", "body": "", "reference": "ours"}
    async with fleet(path):
        panel.lose_next_reply(path)
    async with fleet(path) as client:
        with pytest.raises(MCPError, match="Connection closed"):
            await client.call_tool("create_ticket", wish)

    async with fleet(path) as client:
        found = await client.call_tool("find_tickets", {"reference": "ours"})
        again = await client.call_tool("create_ticket", wish)

    assert [ticket["title"] for ticket in found.structured_content["tickets"]] == ["Slow"]
    assert not again.is_error, "the fault goes off once"
    assert shown(path)[1:] == (0, 0), "a ticket is no deployment"


async def test_a_server_killed_in_the_middle_of_a_rollout_is_finished_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    async with fleet(path, FLEET_ROLL_SECONDS="60") as client:
        deploying = asyncio.create_task(client.call_tool("deploy", FIX))
        while not shown(path)[0]["deploying"]:  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.01)
        [server] = locks(tmp_path)
        counted_before = shown(path)[1:]
        os.kill(server, signal.SIGKILL)
        with pytest.raises(MCPError, match="Connection closed"):
            await deploying
    dead, *counts = shown(path)

    async with fleet(path):
        alive, *counts_after = shown(path)

    assert counted_before == (1, 1)
    assert (dead["health"], dead["deploying"], counts) == ("degraded", True, [1, 2])
    assert (alive["health"], alive["deploying"], counts_after) == ("healthy", False, [1, 2])
    assert locks(tmp_path) == []


async def test_a_deployment_nobody_waited_for_goes_on_and_was_answered_to_nobody(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    async with fleet(path, FLEET_ROLL_SECONDS="0.1") as client:
        with pytest.raises(MCPError, match="timed out"):
            await client.call_tool("deploy", FIX, read_timeout_seconds=0.05)
        while shown(path)[0]["deploying"]:  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.01)

        checkout, *counts = shown(path)

    assert (checkout["health"], counts) == ("healthy", [1, 2])


async def test_processes_that_start_at_once_make_one_fleet(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    opening = f"from pathlib import Path; from sandbox.fleet.database import Database as d; d.open(Path({str(path)!r})).close()"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", opening, cwd=ROOT) for _ in range(6)
    ]

    assert [await process.wait() for process in processes] == [0] * 6
    assert shown(path)[1:] == (0, 0)
    assert len(panel.snapshot(path)["deployments"]["latest"]) == 6


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        ([], {}, "demo fleet: which database? Give --database PATH or set FLEET_DATABASE\n"),
        (
            ["--database", "nowhere/fleet.db"],
            {},
            "demo fleet: the folder of nowhere/fleet.db does not exist\n",
        ),
        (
            ["--database", "fleet.db"],
            {"FLEET_ROLL_SECONDS": "soon"},
            "demo fleet: FLEET_ROLL_SECONDS is 'soon', not a number of seconds from 0 to 60\n",
        ),
    ],
)
async def test_a_wrong_setting_is_told_in_one_line(
    arguments: list[str], env: dict[str, str], says: str
) -> None:
    assert await run(*arguments, **env) == (2, says)


async def test_a_file_that_holds_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk")

    assert await run(FLEET_DATABASE=str(path)) == (2, f"demo fleet: can't use {path}: it is not a database\n")
    assert path.read_text() == "buy milk"
