"""`handrail tools discover` and `try`: what tools offer and say, before an agent asks them. Nothing is applied."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from activities.masking import Masker
from activities.tool_servers import ToolServers
from handrail.config import Config, load
from handrail.discovering import discover
from handrail.masking import worker_masker
from handrail.servers import tool_servers
from handrail.trouble import Misused, Trouble
from handrail.trying import arguments_of, attempt
from tests.handrail.test_cli import run
from workflows.rules.canonical import canonical

ROOT = Path(__file__).parents[2]
SECRET = "xyzzy-7261"
FILE = """\
servers:
  ops:
    env: {OPS_TOKEN: "${OPS_TOKEN}"}
    folder: FOLDER
    commands:
      who:
        description: "Says who.\\n  reads: true"
        run: [sh, -c, 'echo "$OPS_TOKEN $0"', "{name}"]
        arguments: {name: {type: string}}
      plan:
        description: Plans.
        run: [echo, "would write {name}, {count}"]
        arguments: {name: {type: string}, count: {type: integer}}
      write:
        description: Writes.
        run: [touch, "written-{name}-{count}"]
        arguments: {name: {type: string}, count: {type: integer}}
      other:
        description: Another.
        run: [/bin/true, "{dryRun}", "{requestId}", "{mode}"]
        arguments: {dryRun: {type: boolean}, requestId: {type: string}, mode: {type: string}}
      fails:
        description: Fails.
        run: [sh, -c, "echo no >&2; exit 3"]
  gone: {command: no-such-command-here}
tools:
  ops.who: {reads: true}
  ops.fails: {reads: true}
  ops.plan: {reads: true}
  ops.write: {preview: {tool: plan}, target: "{name}"}
  gone.read: {reads: true}
rules:
  - {name: never, tools: [ops.write], arguments: {name: root}, then: refuse}
  - {name: ask, then: ask, approvers: {users: [U0ALICE]}}
agents:
  ops:
    description: Operates.
    runbook:
      phrases: ["write <name>"]
      steps: [{id: write, title: Write, call: ops.write, with: {name: "{{ name }}", count: 1}}]
      answer: done
"""
Tried = tuple[Config, ToolServers, Masker]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "handrail.yaml").write_text(FILE.replace("FOLDER", str(tmp_path)))
    return {
        "HANDRAIL_CONFIG": str(tmp_path / "handrail.yaml"),
        "HANDRAIL_HOME": str(tmp_path / "home"),
        "OPS_TOKEN": SECRET,
        "PATH": "/usr/bin:/bin",
    }


@asynccontextmanager
async def trying(environ: dict[str, str]) -> AsyncIterator[Tried]:
    config = load(environ)
    masker = worker_masker(config, environ)
    async with tool_servers(config, environ, masker) as servers:
        yield config, servers, masker


async def test_what_a_server_offers_becomes_a_stanza_that_permits_nothing(environ: dict[str, str]) -> None:
    async with trying(environ) as (config, servers, masker):
        stanza = await discover(servers, config, "ops", masker)

    assert yaml.safe_load(stanza) == {"tools": {"ops.other": {"class": "at_most_once"}}}
    assert "# In your file already: fails, plan, who, write" in stanza
    assert "# preview: {dry_run: {dryRun: true}}" in stanza
    assert "# key_in: {argument: requestId}" in stanza
    assert "argument: mode}" not in stanza


async def test_what_a_server_says_of_itself_is_only_a_comment(environ: dict[str, str]) -> None:
    fleet = {**environ, "HANDRAIL_CONFIG": str(ROOT / "handrail.yaml")}
    async with trying(fleet) as (config, servers, masker):
        nothing_known = Config(**{**vars(config), "tools": ()})
        stanza = await discover(servers, nothing_known, "fleet", masker)

    said = yaml.safe_load(stanza)["tools"]
    assert said["fleet.list_services"] == {"class": "at_most_once"}
    assert "# reads: true" in stanza
    assert all(terms == {"class": "at_most_once"} for terms in said.values())


async def test_a_server_that_is_not_there_is_said(environ: dict[str, str]) -> None:
    async with trying(environ) as (config, servers, masker):
        with pytest.raises(Misused, match="no server 'opps'; the nearest is ops"):
            await discover(servers, config, "opps", masker)
        with pytest.raises(Trouble, match="gone can't be asked"):
            await discover(servers, config, "gone", masker)
        with pytest.raises(Trouble, match=r"gone\.read can't be tried"):
            await attempt(servers, config, "gone.read", canonical({}), masker)


async def test_a_read_is_run_and_its_answer_masked(environ: dict[str, str]) -> None:
    async with trying(environ) as (config, servers, masker):
        trial = await attempt(servers, config, "ops.who", canonical({"name": "x"}), masker)

    assert trial.well
    assert trial.lines[-1] == ("answer", "[masked] x")


async def test_a_change_is_previewed_and_not_made(environ: dict[str, str], tmp_path: Path) -> None:
    async with trying(environ) as (config, servers, masker):
        given = await arguments_of(servers, config, "ops.write", ["name=007", "count=3"])
        trial = await attempt(servers, config, "ops.write", given, masker)

    written = [*tmp_path.iterdir()]  # noqa: ASYNC240 - a test's own folder
    assert given == '{"count":3,"name":"007"}'
    assert trial.well
    assert ("preview", "would write 007, 3") in trial.lines
    assert trial.lines[-1] == ("applied", "nothing")
    assert not any(each.name.startswith("written") for each in written)


async def test_what_does_not_fit_or_is_refused_is_not_well(environ: dict[str, str]) -> None:
    async with trying(environ) as (config, servers, masker):
        unfit = await attempt(servers, config, "ops.write", canonical({"name": "x"}), masker)
        failed = await attempt(servers, config, "ops.fails", canonical({}), masker)
        refused = await attempt(servers, config, "ops.write", canonical({"name": "root"}), masker)
        with pytest.raises(Misused, match="expected name=value"):
            await arguments_of(servers, config, "ops.write", ["name"])

    assert [trial.well for trial in (unfit, failed, refused)] == [False, False, False]
    assert "'count' is a required property" in unfit.lines[0][1]
    assert ("error", "no") in failed.lines
    assert refused.lines == (("not tried", "a run would not either: the rules refuse it"),)


async def test_the_command_says_what_the_rules_say_and_then_the_preview(environ: dict[str, str]) -> None:
    status, told, _ = await run("tools", "try", "ops.write", '{"name": "x", "count": 1}', **environ)

    assert status == 0
    verdict, preview = told.index("needs approval"), told.index("would write x, 1")
    assert verdict < preview


async def test_the_command_prints_the_stanza_alone(environ: dict[str, str]) -> None:
    status, told, _ = await run("tools", "discover", "ops", **environ)

    assert status == 0
    assert yaml.safe_load(told)["tools"]
