"""A commit happens once: our key stands in its message as a trailer, and the log tells whether it is there."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.masking import PLAIN
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.tool_servers import ToolServers
from activities.tools import Tools
from tests.activities.far_end import BLOBS
from tests.activities.orders import contract, effect_of, preview_of
from tests.activities.test_applying import ambiguity
from workflows.values.effect import EffectOrder, OutcomeState
from workflows.values.tools import EffectClass, KeyForm, KeyPlace, Verify

COMMIT = contract(
    "git",
    "git_commit",
    target="{repo_path}",
    effect_class=EffectClass.VERIFIABLE,
    key=KeyPlace(argument="message", form=KeyForm.TRAILER),
    verify=Verify(
        tool="git_log", arguments={"repo_path": "{repo_path}", "max_count": 50}, settle_seconds=0.1
    ),
)
WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Handrail"), ("EMAIL", "handrail@example.com"))
}


def by_hand(repository: Path, *args: str) -> str:
    return subprocess.check_output(
        ["git", "-C", str(repository), *args], text=True, env={**os.environ, **WHO}
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    by_hand(tmp_path, "init", "-q")
    (tmp_path / "replicas.conf").write_text("replicas: 4\n")
    by_hand(tmp_path, "add", ".")
    return tmp_path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def git() -> AsyncIterator[Tools]:
    """One for all tests: a start takes seconds."""
    settings = ServerSettings(name="git", command=sys.executable, args=("-m", "mcp_server_git"), env=WHO)
    async with ToolServers([McpServer(settings, path=os.environ["PATH"])]) as servers:
        yield Tools(servers, PLAIN, BLOBS)


@pytest.fixture
async def order(git: Tools, repository: Path, environment: ActivityEnvironment) -> EffectOrder:
    arguments = {"repo_path": str(repository), "message": "Four replicas"}
    return effect_of(COMMIT, arguments, await environment.run(git.preview, preview_of(COMMIT, arguments)))


async def test_a_commit_carries_the_key(
    git: Tools, repository: Path, order: EffectOrder, environment: ActivityEnvironment
) -> None:
    assert (await environment.run(git.apply_once, order)).state is OutcomeState.APPLIED

    message = by_hand(repository, "log", "-1", "--format=%B")
    assert message.strip() == f"Four replicas\n\nHandrail-Key: {order.effect.key}"


async def test_a_commit_whose_reply_was_lost_is_found_by_its_key(
    git: Tools, repository: Path, order: EffectOrder, environment: ActivityEnvironment
) -> None:
    """The server is killed once the commit is made, and before it could say so."""
    hook = repository / ".git" / "hooks" / "post-commit"
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")
    hook.chmod(0o755)

    lost = await ambiguity(environment, git.apply_once, order)
    verified = await environment.run(git.verify, order)

    assert "the connection to git was lost in the middle of git_commit" in lost.message
    assert (verified.count, verified.text) == (1, "git.git_log found 1.")


async def test_a_commit_that_was_not_made_is_not_found(
    git: Tools, repository: Path, order: EffectOrder, environment: ActivityEnvironment
) -> None:
    by_hand(repository, "commit", "-qm", f"Another\n\nHandrail-Key: {'0' * 64}")

    verified = await environment.run(git.verify, order)

    assert (verified.count, verified.text) == (0, "git.git_log found nothing.")


async def test_a_log_that_can_not_be_read_tells_nothing(
    git: Tools, order: EffectOrder, environment: ActivityEnvironment
) -> None:
    """Nothing was ever committed there, which git has no word for but an error."""
    verified = await environment.run(git.verify, order)

    assert verified.count is None
    assert verified.text.startswith("git.git_log answered with an error: ")
