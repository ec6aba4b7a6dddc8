"""Servers from npm: a dry run that is a true one, an environment that can be looked at, and HTTP by other hands."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.masking import MARK, PLAIN, Masker
from activities.mcp_http import UrlSettings
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.tool_servers import ToolServers
from activities.tools import Tools
from tests.activities.far_end import BLOBS
from tests.activities.orders import contract, effect_of, preview_of, read_of
from workflows.values.effect import OutcomeState
from workflows.values.tools import PreviewBy

pytestmark = pytest.mark.node

EDIT = contract("files", "edit_file", target="{path}", preview=PreviewBy(dry_run={"dryRun": True}))
OURS = "xoxb-a-token-of-the-bot"
THEIRS = "a-token-of-the-server"


def node(name: str, script: Path, *args: str, **env: str) -> McpServer:
    settings = ServerSettings(name=name, command="node", args=(str(script), *args), env=env)
    return McpServer(settings, path=os.environ["PATH"])


# The file system


@pytest.fixture
async def files(npm_packages: Path, tmp_path: Path) -> AsyncIterator[Tools]:
    script = npm_packages / "server-filesystem" / "dist" / "index.js"
    async with ToolServers([node("files", script, str(tmp_path))]) as servers:
        yield Tools(servers, PLAIN, BLOBS)


async def test_an_edit_is_previewed_by_a_dry_run_and_applied_as_it_was_shown(
    files: Tools, tmp_path: Path, environment: ActivityEnvironment
) -> None:
    config = tmp_path / "replicas.conf"
    config.write_text("replicas: 2\n")
    edit = {"path": str(config), "edits": [{"oldText": "replicas: 2", "newText": "replicas: 4"}]}

    previewed = await environment.run(files.preview, preview_of(EDIT, edit))
    assert config.read_text() == "replicas: 2\n"
    assert "-replicas: 2" in str(previewed.shown.content)
    assert "+replicas: 4" in str(previewed.shown.content)

    outcome = await environment.run(files.apply_once, effect_of(EDIT, edit, previewed))

    assert outcome.state is OutcomeState.APPLIED
    assert config.read_text() == "replicas: 4\n"


async def test_what_moved_since_the_dry_run_shows_as_another_preview(
    files: Tools, tmp_path: Path, environment: ActivityEnvironment
) -> None:
    config = tmp_path / "replicas.conf"
    config.write_text("replicas: 2\n")
    edit = {"path": str(config), "edits": [{"oldText": "replicas: 2", "newText": "replicas: 4"}]}
    before = await environment.run(files.preview, preview_of(EDIT, edit))

    config.write_text("# mind the budget\nreplicas: 2\n")
    after = await environment.run(files.preview, preview_of(EDIT, edit))

    assert before.precondition != after.precondition


async def test_what_lies_outside_of_its_folder_can_not_be_previewed(
    files: Tools, environment: ActivityEnvironment
) -> None:
    edit = {"path": "/etc/hostname", "edits": [{"oldText": "a", "newText": "b"}]}

    assert "Access denied" in (await environment.run(files.preview, preview_of(EDIT, edit))).problem


# Everything: over stdio and over HTTP


@pytest.fixture
async def everything(npm_packages: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tools]:
    monkeypatch.setenv("SLACK_BOT_TOKEN", OURS)
    server = node(
        "every", npm_packages / "server-everything" / "dist" / "index.js", "stdio", EVERY_TOKEN=THEIRS
    )
    async with ToolServers([server]) as servers:
        yield Tools(servers, Masker([THEIRS], []), BLOBS)


async def test_a_tool_that_prints_its_environment_has_none_of_ours_and_shows_none_of_its_own(
    everything: Tools, environment: ActivityEnvironment
) -> None:
    printed = await environment.run(everything.read, read_of(contract("every", "get-env"), {}))

    assert json.loads(printed.text) == {"PATH": os.environ["PATH"], "EVERY_TOKEN": MARK}


async def test_pictures_links_and_structured_content_are_told_apart(
    everything: Tools, environment: ActivityEnvironment
) -> None:
    async def read(tool: str, **arguments: object) -> tuple[str, object]:
        got = await environment.run(everything.read, read_of(contract("every", tool), arguments))
        return got.text, got.structured

    picture, _ = await read("get-tiny-image")
    links, _ = await read("get-resource-links", count=1)
    _, weather = await read("get-structured-content", location="Chicago")

    assert "[image/png of " in picture
    assert "[link to " in links
    assert isinstance(weather, dict)
    assert set(weather) == {"temperature", "conditions", "humidity"}


async def test_the_same_server_over_http_answers_too(
    npm_packages: Path, environment: ActivityEnvironment
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        "node",
        str(npm_packages / "server-everything" / "dist" / "index.js"),
        "streamableHttp",
        env={"PATH": os.environ["PATH"], "PORT": str(port)},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            while b"listening" not in await process.stderr.readline():
                pass
        every = McpServer(UrlSettings(name="every", url=f"http://127.0.0.1:{port}/mcp"))
        async with ToolServers([every]) as servers:
            added = await environment.run(
                Tools(servers, PLAIN, BLOBS).read, read_of(contract("every", "get-sum"), {"a": 2, "b": 3})
            )
    finally:
        process.terminate()
        await process.wait()

    assert (added.ok, added.text) == (True, "The sum of 2 and 3 is 5.")
