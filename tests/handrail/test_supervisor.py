"""The keeper of the parts, with parts that do next to nothing."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from rich.console import Console

from handrail.demo.part import Part
from handrail.demo.supervisor import Supervisor
from handrail.demo.telling import Telling
from handrail.home import Home
from handrail.trouble import Trouble

ROOT = Path(__file__).parents[2]
READY = "import os, time; from handrail.ready import say_ready; say_ready(os.environ); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY


def part(code: str) -> Part:
    return Part("part", (sys.executable, "-c", code), {"PATH": os.defpath, "PYTHONPATH": str(ROOT)})


class Watched:
    """A supervisor whose every word can be waited for."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.open()
        self.console = Console(record=True, quiet=False, file=(folder / "terminal").open("w"), width=200)
        self.states: asyncio.Queue[str] = asyncio.Queue()
        self.supervisor = Supervisor(
            self.home, Telling(self.console), lambda states: self.states.put_nowait(states["part"])
        )

    async def becomes(self, state: str) -> None:
        async with asyncio.timeout(20):
            while await self.states.get() != state:
                pass

    def pid(self) -> int:
        return int(self.home.pid_file("part").read_text())


@pytest.fixture
async def watched(tmp_path):
    made = Watched(tmp_path)
    yield made
    await made.supervisor.stop("part")
    made.home.close()
    made.console.file.close()


async def gone(pid: int) -> None:
    """Wait for the end of a process that need not be ours."""
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watch, ended.set)
    try:
        await asyncio.wait_for(ended.wait(), 20)
    finally:
        asyncio.get_running_loop().remove_reader(watch)
        os.close(watch)


async def test_a_part_that_is_killed_is_started_again(watched):
    await watched.supervisor.start(part(READY))
    await watched.becomes("up")
    first = watched.pid()

    os.kill(first, signal.SIGKILL)
    await watched.becomes("up")

    assert watched.pid() != first
    assert "was killed (SIGKILL); starting it again" in watched.console.export_text()


async def test_a_part_that_does_not_start_is_told_with_the_end_of_its_log(watched):
    with pytest.raises(Trouble) as trouble:
        await watched.supervisor.start(part("import sys; sys.exit('the file is wrong')"))

    assert str(trouble.value) == "part did not start: it ended with status 1.\nthe file is wrong"


async def test_a_part_that_keeps_ending_is_shown_with_its_log(watched, tmp_path):
    """It comes up, and ends by itself: again and again."""
    code = "import os; from handrail.ready import say_ready; say_ready(os.environ); print('no luck', flush=True); input()"
    listening = Part("part", (sys.executable, "-c", code), part(code).environ, listens=True)
    await watched.supervisor.start(listening)

    for _ in range(4):
        await watched.becomes("up")
        watched.supervisor.life("part").tell("go")
    await watched.becomes("down")

    told = watched.console.export_text()
    assert told.count("ended with status 0; starting it again") == 4
    assert "keeps ending. The last it said:\nno luck" in told


async def test_one_that_will_not_stop_is_stopped_when_somebody_is_impatient(watched):
    await watched.supervisor.start(part(STUBBORN))
    pid = watched.pid()
    stopping = asyncio.create_task(watched.supervisor.stop("part"))

    watched.supervisor.kill()
    await stopping
    await gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
async def test_the_parts_die_with_a_demo_that_is_killed_outright(tmp_path):
    code = f"""
import asyncio, sys
from pathlib import Path
from handrail.demo.part import Life, Part
from handrail.home import Home

async def main():
    home = Home(Path({str(tmp_path)!r}))
    home.open()
    life = Life(Part("part", (sys.executable, "-c", {READY!r}), {{"PYTHONPATH": {str(ROOT)!r}}}), home)
    await life.ready()
    print("up", flush=True)
    await life.ended()

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert await parent.stdout.readline() == b"up\n"
    child = int((tmp_path / "pids" / "part").read_text())

    parent.kill()
    await parent.wait()

    await gone(child)
