"""A team's own queue: its tools are called by its worker alone, and nobody else needs its secrets."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.ledger import Ledger
from activities.masking import PLAIN
from activities.tool_replies import NotSent
from handrail.check import Line, look
from handrail.config import BadConfig, load
from handrail.queues import WORKFLOWS, as_activities, runner
from handrail.servers import tool_servers
from handrail.trouble import Misused
from tests.handrail.test_cli import ROOT, run
from tests.workflows.far_end import BOB, BY_BOB, FarEnd, click, in_order, spec
from workflows.outside import Queue
from workflows.rules.canonical import canonical
from workflows.values.calls import Called, ProposedCall, Transcript

FILE = """\
servers:
  ops: {command: ops-server, env: {OPS_TOKEN: "${OPS_TOKEN}"}}
  data:
    queue: team-data
    env: {DATA_TOKEN: "${DATA_TOKEN}"}
    folder: FOLDER
    commands:
      rows:
        description: Counts.
        run: [sh, -c, 'echo "$0 rows, with $DATA_TOKEN"', "{table}"]
        arguments: {table: {type: string}}
      drop:
        description: Drops.
        run: [sh, -c, 'echo "$1" > "$0"; echo "dropped with $DATA_TOKEN"', "dropped-{table}", "{key}"]
        arguments: {table: {type: string}, key: {type: string}}
      find:
        description: Finds a key.
        run: [sh, -c, 'grep -qs "$1" "$0" && echo "{\\"found\\": true}" || echo "{\\"found\\": false}"', "dropped-{table}", "{key}"]
        arguments: {table: {type: string}, key: {type: string}}
        output: json
tools:
  ops.status: {reads: true}
  data.rows: {reads: true}
  data.find: {reads: true}
  data.drop:
    preview: {tool: rows}
    class: verifiable
    key_in: {argument: key}
    verify: {tool: find, with: {table: "{table}", key: "{key}"}, found: found}
    target: "{table}"
agents:
  data:
    description: Drops a table.
    runbook:
      phrases: ["drop <table>"]
      steps: [{id: drop, title: Drop, call: data.drop, with: {table: "{{ table }}"}}]
      answer: done
"""
OPS, DATA = "ops-secret-0001", "data-secret-0002"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Without a secret."""
    (tmp_path / "handrail.yaml").write_text(FILE.replace("FOLDER", str(tmp_path)))
    home = str(tmp_path / "home")
    return {
        "HANDRAIL_CONFIG": str(tmp_path / "handrail.yaml"),
        "HANDRAIL_HOME": home,
        "PATH": os.environ["PATH"],
    }


def test_each_worker_needs_its_own_secrets_alone(environ: dict[str, str]) -> None:
    main = load({**environ, "OPS_TOKEN": OPS})
    team = load({**environ, "DATA_TOKEN": DATA}, queue="team-data")

    assert [*main.servers] == ["ops"]
    assert [*team.servers] == ["data"]
    assert [secret.get_secret_value() for secret in main.secrets] == [OPS]
    assert [secret.get_secret_value() for secret in team.secrets] == [DATA]
    assert (main.doubts, team.doubts) == ((), ())
    with pytest.raises(BadConfig, match="expected the environment variable DATA_TOKEN"):
        load(environ, queue="team-data")


def test_every_process_knows_where_a_tool_is_called(environ: dict[str, str]) -> None:
    """Also the bot, which starts runs and has no secret at all."""
    bot = load(environ, with_servers=False)
    assert {tool.name: tool.queue for tool in bot.tools} == {
        "ops.status": "", "data.rows": "team-data", "data.find": "team-data", "data.drop": "team-data"
    }  # fmt: skip
    assert bot.queues == ["team-data"]


async def test_a_queue_that_nobody_has_is_a_mistake(environ: dict[str, str]) -> None:
    with pytest.raises(Misused, match=r"has the queue 'team-dat'; there are: team-data"):
        load(environ, queue="team-dat")
    status, _, said = await run("tools", "discover", "data", **environ, OPS_TOKEN=OPS)
    assert (status, said) == (2, "handrail: data is on the queue team-data: add --queue team-data\n")
    status, told, _ = await run(
        "tools", "try", "data.rows", "table=t", "--queue", "team-data", **environ, DATA_TOKEN=DATA
    )
    assert (status, told.splitlines()[-1].split(maxsplit=1)) == (0, ["answer", "t rows, with [masked]"])


@pytest_asyncio.fixture
async def far_end(temporal: WorkflowEnvironment) -> AsyncIterator[FarEnd]:
    """A worker for all but the team's tools; what it calls is at the far end."""
    calls = [
        ProposedCall(tool="data.rows", arguments=canonical({"table": "t"}), label="rows"),
        ProposedCall(tool="data.drop", arguments=canonical({"table": "t"}), label="drop"),
    ]
    far_end = FarEnd(temporal.client, in_order(*calls))
    found = as_activities(far_end, Ledger(temporal.client))
    async with (
        Worker(
            temporal.client, task_queue=Queue.RUNS, workflows=WORKFLOWS,
            activities=found[Queue.RUNS], workflow_runner=runner(),
        ),
        Worker(temporal.client, task_queue=Queue.SLACK, activities=found[Queue.SLACK]),
    ):  # fmt: skip
        yield far_end


@asynccontextmanager
async def team_worker(environ: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "handrail", "worker", "--queue", "team-data",
        cwd=ROOT, env=environ, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


@pytest.mark.recorded
async def test_a_teams_tools_are_called_by_its_own_worker(
    environ: dict[str, str],
    far_end: FarEnd,
    temporal: WorkflowEnvironment,
    tmp_path: Path,
    keep_histories: list[str],
) -> None:
    """Read, previewed, applied and looked for there; the run, its people and its ledger are where all others are."""
    config = load(environ, with_servers=False)
    agent = spec(BY_BOB).model_copy(update={"tools": config.tools})
    host = {"TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host}
    far_end.sees_no_tools = True
    run = await far_end.start("team", agent)

    async with team_worker({**environ, **host, "DATA_TOKEN": DATA}):
        asked = await far_end.asked(run)
        assert asked.shown.text == "t rows, with [masked]"
        await run.signal("decide", click(asked, BOB))
        await run.result()
        main = load({**environ, "OPS_TOKEN": OPS})
        async with tool_servers(main, environ, PLAIN, temporal.client) as servers:
            offered = await servers.tools("data")
            with pytest.raises(NotSent, match="the worker of the queue team-data alone"):
                await servers.call("data", "rows", {"table": "t"}, 20)
        looked = temporal.client.list_workflows("WorkflowType = 'Listing'")
        keep_histories += [run.id, next(each.id for each in [one async for one in looked])]
        lines = [line async for line in look({**environ, **host, "DATA_TOKEN": DATA}, "team-data")]

    assert {name: tool.description for name, tool in offered.items()} == {
        "rows": "Counts.", "drop": "Drops.", "find": "Finds a key.",
    }  # fmt: skip
    transcript = await run.query("transcript", result_type=Transcript)
    told = [entry.result.text for entry in transcript.entries if isinstance(entry, Called)]
    assert told == ["t rows, with [masked]", "dropped with [masked]"]
    assert far_end.applied == []
    [key] = (tmp_path / "dropped-t").read_text().split()
    assert len(key) == 64
    assert Line(True, "Temporal", "a worker takes what goes to handrail-runs-team-data") in lines
    assert Line(True, "tools", "data answers, with all 3 tools of the config") in lines
