"""Commands as tools, with real processes: what they are given, what is made of their ends, and that they are gone."""

import asyncio
import os
import select
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from activities.artifacts import Artifacts, NoArtifact
from activities.blobs import Folder
from activities.command_server import CommandServer
from activities.command_tools import CommandSettings, CommandTool
from activities.masking import Masker
from activities.tool_replies import NotSent, Refused, ReplyLost, ToolReply

HERE = Path(__file__).parent / "commands"
DEPLOYER, TERRAFORMER = str(HERE / "deployer"), str(HERE / "terraformer")
TEXT = {"type": "string"}
SECRET = "hunter2-and-more"


def command(*run: str, **said: Any) -> CommandTool:
    names = said.pop("names", ())
    arguments = said.pop("arguments", dict.fromkeys(names, TEXT))
    return CommandTool(description="A test's.", run=run, arguments=arguments, **said)


@asynccontextmanager
async def server(tool: CommandTool, folder: Path, **settings: Any) -> AsyncIterator[CommandServer]:
    said = CommandSettings(name="ops", tools={"it": tool}, folder=str(folder), **settings)
    made = CommandServer(
        said, Artifacts(Folder(folder / "kept")), path=os.environ["PATH"], masker=Masker([SECRET], [])
    )
    try:
        yield made
    finally:
        await made.aclose()


async def ran(tool: CommandTool, folder: Path, seconds: float = 20, **arguments: Any) -> ToolReply:
    async with server(tool, folder) as made:
        return await made.call("it", arguments, seconds)


@pytest.mark.parametrize(
    "value", ["a b", "$(touch /tmp/no); `id`", "'\"\\", "", "two\nlines", "*", "naïve ☃"]
)
async def test_a_value_becomes_one_argument_whatever_it_says(tmp_path: Path, value: str) -> None:
    """There is no shell between them."""
    reply = await ran(command(DEPLOYER, "show", "{name}", "x={name}", names=["name"]), tmp_path, name=value)
    assert reply.text.startswith(f"<{value}><x={value}>")


@pytest.mark.parametrize("value", ["-rf", "--output=/etc/passwd", "-"])
async def test_a_value_can_not_become_an_option(tmp_path: Path, value: str) -> None:
    with pytest.raises(Refused, match="begins with a dash"):
        await ran(command(DEPLOYER, "show", "{name}", names=["name"]), tmp_path, name=value)
    behind = await ran(command(DEPLOYER, "show", "--name={name}", names=["name"]), tmp_path, name=value)
    assert behind.text.startswith(f"<--name={value}>")
    allowed = await ran(
        command(DEPLOYER, "show", "{name}", names=["name"], dashes=True), tmp_path, name=value
    )
    assert allowed.text.startswith(f"<{value}>")


@pytest.mark.parametrize("value", ["a\0b", "x" * 131_072, ["a", "b"], None])
async def test_what_no_command_can_be_given_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(Refused):
        await ran(command(DEPLOYER, "show", "n{name}", names=["name"]), tmp_path, name=value)


async def test_only_names_in_braces_are_places_and_what_is_optional_is_left_out(tmp_path: Path) -> None:
    tool = command(
        DEPLOYER, "show", "{.status}", "{{end}}", "--replicas={replicas}", "--wait={wait}",
        arguments={"replicas": {"type": "integer", "default": 2}, "wait": TEXT}, optional=("wait",),
    )  # fmt: skip
    reply = await ran(tool, tmp_path)
    assert reply.text.startswith("<{.status}><{{end}}><--replicas=2>")
    assert "wait" not in reply.text
    async with server(tool, tmp_path) as made:
        assert (await made.tools())["it"].input_schema["required"] == []


async def test_it_sees_no_more_of_the_environment_than_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-not-yours")
    async with server(command(DEPLOYER, "show"), tmp_path, env={"KUBECONFIG": "/k"}) as made:
        reply = await made.call("it", {}, 20)
    # The shell itself adds the last three.
    assert set(reply.text.split()) - {"PWD", "SHLVL", "_"} == {"KUBECONFIG", "PATH"}


async def test_it_works_in_its_folder(tmp_path: Path) -> None:
    reply = await ran(command(DEPLOYER, "where"), tmp_path)
    assert reply.text.splitlines()[0] == str(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run something as somebody else")
async def test_it_runs_as_another_user_in_none_of_the_workers_groups(tmp_path: Path) -> None:
    settings = CommandSettings(name="ops", tools={"it": command("/usr/bin/id")}, user="nobody")
    reply = await CommandServer(settings, Artifacts(Folder(tmp_path))).call("it", {}, 20)
    assert "(nobody)" in reply.text
    assert "root" not in reply.text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"user": "no-such-user"}, "no user no-such-user"),
        ({"folder": "/no/such/folder"}, "no folder /no/such/folder"),
    ],
)
async def test_what_can_not_be_started_was_not_sent(tmp_path: Path, said: dict[str, str], why: str) -> None:
    settings = CommandSettings(name="ops", tools={"it": command("true")}, **said)
    with pytest.raises(NotSent, match=why):
        await CommandServer(settings, Artifacts(Folder(tmp_path))).call("it", {}, 20)


async def test_a_program_that_is_not_there_or_no_program_was_not_sent(tmp_path: Path) -> None:
    with pytest.raises(NotSent, match="there is no program no-such-program"):
        await ran(command("no-such-program"), tmp_path)
    with pytest.raises(NotSent, match="Permission denied"):
        await ran(command("/etc/passwd"), tmp_path)


async def test_its_exit_code_says_what_became_of_it(tmp_path: Path) -> None:
    """What a code proves is for the contract to say: `code 3`."""
    failed = await ran(command(DEPLOYER, "exit", "3"), tmp_path)
    assert failed == ToolReply(
        text="reason\nsaid before", structured={"exit_code": 3, "code": 3}, is_error=True, other={}
    )
    differs = await ran(command(DEPLOYER, "exit", "1", success_exit=(0, 1)), tmp_path)
    assert differs == ToolReply(
        text="said before\n[stderr]\nreason", structured={"exit_code": 1}, is_error=False, other={}
    )


async def test_a_text_or_json_is_put_on_its_standard_input(tmp_path: Path) -> None:
    said = {"stdin": "{manifest}", "arguments": {"manifest": {}}}
    assert (await ran(command(DEPLOYER, "echo", **said), tmp_path, manifest="kind: Pod")).text == "kind: Pod"
    reply = await ran(command(DEPLOYER, "echo", json=True, **said), tmp_path, manifest={"kind": "Pod"})
    assert reply.structured == {"kind": "Pod"}
    assert (await ran(command(DEPLOYER, "echo"), tmp_path)).text == ""
    # Nobody has to read it all.
    assert (await ran(command("true", **said), tmp_path, manifest="x" * 900_000)).is_error is False


async def test_json_that_is_none_fails_a_read_and_not_a_change(tmp_path: Path) -> None:
    tool = command(DEPLOYER, "json", "{what}", json=True, names=["what"])
    async with server(tool, tmp_path) as changes, server(tool, tmp_path, reading=frozenset({"it"})) as reads:
        assert (await reads.call("it", {"what": "[1]"}, 20)).structured == {"result": [1]}
        assert (await reads.call("it", {"what": "{"}, 20)).is_error
        done = await changes.call("it", {"what": "NaN"}, 20)
    assert (done.is_error, done.text) == (False, "[it ended well, but what it printed is no JSON]\nNaN")


async def test_of_long_output_the_beginning_and_the_end_are_kept_and_that_is_said(tmp_path: Path) -> None:
    async with server(command(DEPLOYER, "flood"), tmp_path, output_limit=20_000) as made:
        reply = await made.call("it", {}, 20)
    left_out = reply.other["bytes of stdout"]
    assert left_out == 300_004 - 20_000
    assert f"{left_out:,} bytes" in reply.text
    assert reply.text.endswith("end\n[stderr]\nwarning")


async def test_a_secret_on_the_cut_is_not_left_in_halves(tmp_path: Path) -> None:
    script = f"import sys; sys.stdout.write('{SECRET} ' * 8000)"
    async with server(command("python3", "-c", script), tmp_path, output_limit=10_007) as made:
        reply = await made.call("it", {}, 20)
    assert "hunter" not in reply.text
    assert "more" not in reply.text


async def test_what_is_out_of_time_is_killed_with_all_it_started_and_may_have_happened(
    tmp_path: Path,
) -> None:
    """Its child does not heed SIGTERM."""
    pid_file = tmp_path / "pid"
    began = time.monotonic()
    with pytest.raises(ReplyLost, match=r"did not end within 0\.5 s"):
        await ran(command(DEPLOYER, "wait", str(pid_file)), tmp_path, seconds=0.5)
    assert time.monotonic() - began < 4
    assert await gone(int(pid_file.read_text()))


async def test_what_it_leaves_running_ends_with_it(tmp_path: Path) -> None:
    reply = await ran(command(DEPLOYER, "leave"), tmp_path)
    assert await gone(int(reply.text))


async def test_a_worker_that_stops_takes_its_commands_down(tmp_path: Path) -> None:
    fifo = tmp_path / "begun"
    os.mkfifo(fifo)
    async with server(command("sh", "-c", f"echo yes > {fifo}; sleep 600"), tmp_path) as made:
        call = asyncio.create_task(made.call("it", {}, 60))
        await asyncio.to_thread(fifo.read_text)
        await made.aclose()
        with pytest.raises(ReplyLost, match="this worker was stopped"):
            await call
        with pytest.raises(NotSent, match="this worker is stopping"):
            await made.call("it", {}, 60)


async def test_a_read_that_nobody_wants_any_more_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "begun"
    os.mkfifo(fifo)
    async with server(command("sh", "-c", f"echo $$ > {fifo}; exec sleep 600"), tmp_path) as made:
        call = asyncio.create_task(made.call("it", {}, 60))
        pid = int(await asyncio.to_thread(fifo.read_text))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await gone(pid)


async def test_one_that_was_killed_may_have_happened(tmp_path: Path) -> None:
    with pytest.raises(ReplyLost, match="killed by SIGKILL"):
        await ran(command(DEPLOYER, "die"), tmp_path)


async def test_another_command_is_another_definition(tmp_path: Path) -> None:
    """What was approved is then not sent."""
    async with server(command("true"), tmp_path) as before, server(command("false"), tmp_path) as after:
        looked_at = (await before.tools())["it"]
        with pytest.raises(NotSent, match="describes it differently"):
            await after.call("it", {}, 20, as_listed=looked_at)


async def test_a_plan_is_kept_by_its_digest_and_is_what_is_applied(tmp_path: Path) -> None:
    plan = command(TERRAFORMER, "plan", "{artifact}", "{size}", names=["size"], makes_artifact=True)
    apply = command(TERRAFORMER, "apply", "{artifact}", takes_artifact=True)
    first, second = [await ran(plan, tmp_path, size="3") for _ in range(2)]
    assert first.text == second.text == "size: 1 -> 3"
    assert first.structured is not None
    assert second.structured is not None
    assert first.structured["artifact"] != second.structured["artifact"]

    applied = await ran(apply, tmp_path, artifact=first.structured["artifact"])
    assert applied.text == "Apply complete"
    assert (tmp_path / "state.json").read_text() == '{"serial": 1, "size": 3}'

    stale = await ran(apply, tmp_path, artifact=second.structured["artifact"])
    assert (stale.is_error, stale.text) == (True, "Error: Saved plan is stale")


async def test_a_file_that_was_not_made_or_is_not_kept_is_said(tmp_path: Path) -> None:
    makes = command("true", "{artifact}", makes_artifact=True)
    assert (await ran(makes, tmp_path)).text == "it made no file"
    links = command("ln", "-s", "/etc/passwd", "{artifact}", makes_artifact=True)
    with pytest.raises(ReplyLost, match="symbolic links"):
        await ran(links, tmp_path)
    takes = command("true", "{artifact}", takes_artifact=True)
    for digest in (f"sha256:{'0' * 64}", "../../etc/passwd", None):
        with pytest.raises(Refused, match=r"can't be run: (the file|.* is no digest)"):
            await ran(takes, tmp_path, artifact=digest)


async def test_a_file_that_was_changed_where_it_is_kept_is_not_given_out(tmp_path: Path) -> None:
    kept = Artifacts(Folder(tmp_path))
    digest = await kept.put(b"approved")
    assert await kept.get(digest) == b"approved"
    [file] = [each for each in tmp_path.rglob("*") if each.is_file()]  # noqa: ASYNC240
    file.write_bytes(b"something else")
    with pytest.raises(NoArtifact, match="not kept here any more, or not as it was"):
        await kept.get(digest)


async def gone(pid: int) -> bool:
    """Has the process ended? It may take a moment."""
    try:
        ends = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool((await asyncio.to_thread(select.select, [ends], [], [], 5))[0])
    finally:
        os.close(ends)
