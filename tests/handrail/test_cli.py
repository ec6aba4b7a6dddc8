"""The command line: there at once, and plain about what is wrong."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from handrail.home import Home

ROOT = Path(__file__).parents[2]
HEAVY = ("temporalio", "aiohttp", "mcp", "slack_bolt", "pydantic", "rich.console")


async def run(*arguments: str, **environ: str) -> tuple[int, str, str]:
    """(status, stdout, stderr) of a command, in an environment that names nothing else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "handrail",
        *arguments,
        cwd=ROOT,
        env={"PATH": os.defpath, "NO_COLOR": "1", **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_version_is_told():
    assert await run("--version") == (0, "handrail 0.2.0.dev0\n", "")


async def test_nothing_heavy_is_read_before_a_command_runs():
    code = f"import sys, handrail.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )

    assert (await process.communicate())[0].decode().strip() == "[]"


async def test_a_mistake_in_the_config_is_a_line_and_no_traceback(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("agents: none\n")

    assert await run("worker", HANDRAIL_CONFIG=str(file)) == (
        2,
        "",
        f"handrail: {file}:1: agents: expected a mapping, found 'none'\n",
    )


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_BOT_TOKEN": "xoxp-user"}, "SLACK_BOT_TOKEN is no bot token: one begins with xoxb-."),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1"},
            "Neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP) is set",
        ),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-2"},
            "SLACK_APP_TOKEN is no app-level token: one begins with xapp-.",
        ),
    ],
)
async def test_a_token_that_can_t_be_right_is_told_by_its_name(environ, told):
    status, _, err = await run("bot", **environ)

    assert status == 2
    assert err.startswith(f"handrail: {told}")
    assert len(err.splitlines()) == 1
    assert not any(token in err for token in environ.values())


async def test_the_demo_wants_a_workspace_named_whole_or_not_at_all(tmp_path):
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "HANDRAIL_HOME": str(tmp_path)}
    status, _, err = await run("demo", **environ)

    assert status == 2
    assert err.startswith("handrail: SLACK_BOT_TOKEN is set, and neither SLACK_APP_TOKEN (Socket Mode) nor")


async def test_try_never_plays_in_a_real_workspace(tmp_path):
    status, _, err = await run("try", "report", SLACK_BOT_TOKEN="xoxb-1", HANDRAIL_HOME=str(tmp_path))

    assert status == 2
    assert err.startswith("handrail: `handrail try` plays in the sandbox only")


async def test_a_stranger_can_t_be_played(tmp_path):
    status, _, err = await run("try", "report", "--as", "mallory", HANDRAIL_HOME=str(tmp_path))

    assert (status, err) == (
        2,
        "handrail: mallory is not in the sandbox's workspace; there are alice, bob, carol, gus.\n",
    )


async def test_a_taken_port_that_somebody_asked_for_is_told(tmp_path):
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]

    status, _, err = await run("demo", "--port", str(port), HANDRAIL_HOME=str(tmp_path))
    taken.close()

    assert (status, err) == (
        1,
        f"handrail: Port {port} is taken: stop what listens there, or choose another with --port.\n",
    )


async def test_the_manifest_is_printed_for_another_command():
    status, out, _ = await run("manifest", "--command", "/ops")

    assert status == 0
    assert "    - command: /ops\n" in out


async def test_a_second_demo_in_the_same_place_is_told_where_the_first_one_is(tmp_path):
    first = Home(tmp_path)
    first.open()

    status, _, err = await run("demo", HANDRAIL_HOME=str(tmp_path))
    first.close()

    assert (status, err) == (
        1,
        f"handrail: A demo already runs in {tmp_path}: its page is at {first.page_url()}\n",
    )


async def test_check_says_of_each_thing_whether_it_is_there_and_what_to_do(tmp_path):
    status, out, _ = await run("check", HANDRAIL_HOME=str(tmp_path), TEMPORAL_ADDRESS="127.0.0.1:1")

    assert status == 1
    assert [line.split(maxsplit=4)[:2] for line in out.splitlines()] == [
        ["✓", "config"],
        ["✗", "Slack"],
        ["✗", "Temporal"],
        ["✓", "blobs"],
        ["✓", "tools"],
    ]
    assert "Temporal does not answer at 127.0.0.1:1 (connection refused)" in out


@pytest.mark.parametrize("part", ["bot", "worker"])
async def test_a_part_that_waits_for_temporal_stops_when_it_is_asked_to(part, tmp_path):
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "handrail", part),
        cwd=ROOT,
        env={"PATH": os.defpath, "HANDRAIL_HOME": str(tmp_path), "TEMPORAL_ADDRESS": "127.0.0.1:1", **tokens},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    assert b"Temporal does not answer at 127.0.0.1:1" in await process.stderr.readline()

    process.send_signal(signal.SIGTERM)

    _, rest = await process.communicate()
    assert (process.returncode, rest) == (0, b"")
