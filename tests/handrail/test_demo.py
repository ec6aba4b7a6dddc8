"""The demo as a whole: up, kept up, and gone without a trace."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from handrail.home import BOT, SANDBOX, TEMPORAL, WORKER
from sandbox.client import Person
from sandbox.fleet.panel import snapshot
from tests.handrail.conftest import PATIENCE, ROOT, RunningDemo

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]


async def handrail(demo: RunningDemo, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "handrail", *arguments),
        cwd=ROOT,
        env=demo.environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode is not None
    return process.returncode, out.decode()


def runs(pid: int) -> bool:
    """A zombie does not: it waits for whoever adopted it."""
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


async def deployments(demo: RunningDemo) -> int:
    counted: int = (await asyncio.to_thread(snapshot, demo.home.fleet))["deployments"]["count"]
    return counted


async def test_the_whole_story_in_a_demo_whose_parts_are_killed(demo):
    """Each part comes back by itself, and the story goes on as if nothing had been."""
    async with Person(demo.home.page_url(), "U0CAROL") as carol:
        assert await carol.sees("C0OPS", "healthy", PATIENCE), "a finished run is already on the page"

    for part in (WORKER, BOT, SANDBOX, TEMPORAL):
        os.kill(demo.pid(part), signal.SIGKILL)
        assert part in await demo.says("is back after")
    before = await deployments(demo)
    status, told = await handrail(
        demo, "try", "deploy checkout 1.4.2 to prod", "--as", "alice", "--approve-as", "bob"
    )

    assert status == 0, told
    assert "It ended as: done" in told
    assert await deployments(demo) == before + 1

    status, told = await handrail(
        demo, "try", "roll back checkout in prod", "--as", "alice", "--reject-as", "carol"
    )
    assert status == 1, told
    assert "It ended as: failed" in told
    assert await deployments(demo) == before + 1

    status, told = await handrail(demo, "check")
    assert status == 0, told
    assert "✗" not in told

    await leaves_nothing_behind(demo)


async def leaves_nothing_behind(demo: RunningDemo) -> None:
    parts = demo.pids()
    assert len(parts) == 4

    assert await demo.stop(signal.SIGINT) == 0

    assert not [pid for pid in parts if runs(pid)]
    assert list((demo.home.path / "pids").iterdir()) == []
