"""Presets against the real servers: each starts as its preset says, at that version, and is asked what it offers.

No account is needed to list tools. What a preset says of a change it may only say of a server that tells a refusal from
a success, so the changes are called too, of a far end that refuses everything.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from temporalio.testing import ActivityEnvironment

from activities.masking import PLAIN
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.tool_servers import ToolServers
from activities.tools import Tools
from handrail.check_tools import check_tools
from handrail.config import Config, load, presets
from handrail.servers import tool_servers
from tests.activities.far_end import BLOBS
from tests.activities.orders import effect_of, preview_of
from tests.activities.test_applying import ambiguity
from workflows.values.effect import OutcomeState
from workflows.values.tools import PreviewBy

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]

UV = "uv==0.13.9"
DUMMY = "dummy-7261-dummy"
FAR = "https://far-end.invalid"
GIVEN = {
    "datadog": {"DATADOG_API_KEY": DUMMY, "DATADOG_APP_KEY": DUMMY},
    "github": {"GITHUB_PERSONAL_ACCESS_TOKEN": DUMMY},
    "grafana": {"GRAFANA_URL": FAR, "GRAFANA_SERVICE_ACCOUNT_TOKEN": DUMMY},
    "jira": {"JIRA_URL": FAR, "JIRA_PERSONAL_TOKEN": DUMMY},
    "kubernetes": {"KUBECONFIG": "kubeconfig"},
    "pagerduty": {"PAGERDUTY_USER_API_KEY": DUMMY, "PAGERDUTY_API_HOST": FAR},
    "sentry": {"SENTRY_ACCESS_TOKEN": DUMMY},
}
"""Those that install from npm or PyPI, with what their environment has to hold."""
# It knows no other address than GitHub's, so that its requests are sent elsewhere on their way.
ASTRAY = """const there = globalThis.fetch;
globalThis.fetch = (url, options) => there(String(url).replace("https://api.github.com", process.env.FAR_END), options)"""
ARGO_CD = ("npx", ("-y", "argocd-mcp@0.9.0", "stdio"))
CHANGES: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "github": {
        "create_issue": {"owner": "o", "repo": "r", "title": "t", "body": "b"},
        "create_pull_request": {"owner": "o", "repo": "r", "title": "t", "head": "h", "base": "b"},
        "create_or_update_file": {
            "owner": "o",
            "repo": "r",
            "path": "p",
            "content": "c",
            "message": "m",
            "branch": "b",
        },
        "create_branch": {"owner": "o", "repo": "r", "branch": "b", "from_branch": "main"},
        "update_issue": {"owner": "o", "repo": "r", "issue_number": 1, "state": "closed"},
        "add_issue_comment": {"owner": "o", "repo": "r", "issue_number": 1, "body": "b"},
        "merge_pull_request": {"owner": "o", "repo": "r", "pull_number": 1},
    },
    "jira": {
        "jira_create_issue": {"project_key": "OPS", "summary": "s", "issue_type": "Task", "description": "d"},
        "jira_add_comment": {"issue_key": "OPS-1", "body": "b"},
        "jira_assign_issue": {"issue_key": "OPS-1", "assignee": "alice"},
        "jira_transition_issue": {"issue_key": "OPS-1", "transition_id": "11"},
        "jira_update_issue": {"issue_key": "OPS-1", "fields": '{"summary": "other"}'},
    },
    "kubernetes": {
        "resources_create_or_update": {
            "resource": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}}'
        },
        "resources_scale": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "n",
            "name": "d",
            "scale": 2,
        },
        "pods_delete": {"namespace": "n", "name": "p"},
    },
    "pagerduty": {
        "add_note_to_incident": {"incident_id": "P1", "note": "n"},
        "create_incident": {"incident": {"title": "t", "service": {"id": "S1"}}},
        "manage_incidents": {"manage_request": {"incident_ids": ["P1"], "status": "resolved"}},
        "start_incident_workflow": {
            "workflow_id": "W1",
            "instance_request": {"incident_workflow_instance": {"incident": {"id": "P1"}}},
        },
        "create_schedule_override": {
            "schedule_id": "S1",
            "override_request": {
                "overrides": [
                    {"start": "2026-11-26T00:00:00Z", "end": "2026-11-27T00:00:00Z", "user_id": "U1"}
                ]
            },
        },
    },
}
"""Of those that can be pointed at another far end than their own: a call of each change."""


@pytest.fixture(scope="module")
def path() -> str:
    """PATH, with uvx in front of it, and with the Python that one of them needs."""
    if shutil.which("npx") is None:
        pytest.skip("there is no npx here")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "handrail-tests"
    tools = cache / UV / "bin"
    if not (tools / "uvx").exists():
        subprocess.run([sys.executable, "-m", "venv", str(cache / UV)], check=True)
        subprocess.run([str(tools / "pip"), "install", "--quiet", UV], check=True)
    pythons = sorted(Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob("versions/3.12*/bin"))
    return os.pathsep.join([str(tools), *map(str, pythons[:1]), os.environ["PATH"]])


def _fits(name: str, path: str) -> None:
    if name == "pagerduty":
        found = shutil.which("python3.12", path=path)
        if found is None or subprocess.run([found, "-V"], check=False, capture_output=True).returncode:
            pytest.skip("it needs Python 3.12")


@asynccontextmanager
async def started(
    name: str, folder: Path, path: str, section: Mapping[str, object]
) -> AsyncIterator[tuple[Config, ToolServers]]:
    """The server of a preset, by a config that says little more than `use`."""
    config_file = folder / "handrail.yaml"
    agent = {"description": "Looks.", "model": "test:any", "tools": ["it.*"]}
    servers = {"it": {"use": f"preset/{name}", **section}}
    config_file.write_text(yaml.safe_dump({"servers": servers, "agents": {"look": agent}}))
    environ = {"HANDRAIL_CONFIG": str(config_file), "HANDRAIL_HOME": str(folder / "home"), "PATH": path}
    config = load(environ)
    async with tool_servers(config, environ, PLAIN) as running:
        yield config, running


def environment_of(name: str, folder: Path, far: str = FAR) -> dict[str, str]:
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "c", "cluster": {"server": far}}],
                "contexts": [
                    {"name": place, "context": {"cluster": "c", "user": "u"}} for place in ("here", "there")
                ],
                "current-context": "here",
                "users": [{"name": "u", "user": {"token": DUMMY}}],
            }
        )
    )
    given = {key: value.replace(FAR, far) for key, value in GIVEN[name].items()}
    # What fetches from PyPI trusts whom this machine trusts, as npm and pip do.
    given |= {"NODE_OPTIONS": f"--import=data:text/javascript,{quote(ASTRAY)}", "FAR_END": far}
    return {
        "UV_SYSTEM_CERTS": "1",
        **given,
        **({"KUBECONFIG": str(kubeconfig)} if "KUBECONFIG" in given else {}),
    }


@pytest.mark.parametrize("name", GIVEN)
async def test_the_contracts_of_a_preset_fit_its_server(name: str, path: str, tmp_path: Path) -> None:
    _fits(name, path)
    async with started(name, tmp_path, path, {"env": environment_of(name, tmp_path)}) as (config, servers):
        lines = [line async for line in check_tools(servers, config)]
        offered = await servers.tools("it")

    assert lines == [(True, f"it answers, with all {len(config.tools)} tools of the config")]
    for contract in config.tools:
        if not contract.reads:
            assert offered[contract.tool].annotations.get("readOnlyHint") is not True, contract.name


class FarEnd:
    """What these servers speak to: refuses everything, until it is told to keep what it is sent."""

    def __init__(self) -> None:
        self.keeps = False
        self.kept: list[dict[str, object]] = []

    async def answer(self, request: web.Request) -> web.Response:
        if not self.keeps:
            return web.json_response(
                {"kind": "Status", "status": "Failure", "message": "forbidden"}, status=403
            )
        if request.method != "GET":
            self.kept.append(await request.json())
            # It was done, and the reply is lost.
            return web.Response(status=502)
        return web.json_response(self._listed(request.path))

    def _listed(self, path: str) -> object:
        """As each of them lists what it was sent."""
        match path.rpartition("/")[2]:
            case "notes":
                who = {"id": "U1", "summary": "alice"}
                notes = [
                    {**kept["note"], "created_at": "2026-11-26T00:00:00Z", "user": who} for kept in self.kept
                ]
                return {"notes": notes}
            case "commits":
                return [{"sha": "4f1c", "commit": kept} for kept in self.kept]
            case _:
                return self.kept


@pytest_asyncio.fixture
async def far_end() -> AsyncIterator[tuple[FarEnd, str]]:
    far, app = FarEnd(), web.Application()
    app.router.add_route("*", "/{any:.*}", far.answer)
    async with TestServer(app) as server:
        yield far, str(server.make_url("/")).rstrip("/")


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_that_is_refused_is_an_error_and_no_success(
    name: str, path: str, tmp_path: Path, far_end: tuple[FarEnd, str]
) -> None:
    _fits(name, path)
    env = environment_of(name, tmp_path, far_end[1])
    environment = ActivityEnvironment()
    async with started(name, tmp_path, path, {"env": env}) as (config, servers):
        tools = Tools(servers, PLAIN, BLOBS)
        changes = [each for each in config.tools if not each.reads]
        assert {contract.tool for contract in changes} == set(CHANGES[name])
        for contract in changes:
            # As its own preview, for nothing can be looked at there.
            plain = contract.model_copy(update={"preview": PreviewBy(), "preview_identity": ()})
            arguments = dict(CHANGES[name][contract.tool])
            seen = await environment.run(tools.preview, preview_of(plain, arguments))
            order = effect_of(plain, arguments, seen)
            if contract.proves_nothing_done:
                assert (await environment.run(tools.apply_once, order)).state is OutcomeState.NOT_APPLIED
            else:
                await ambiguity(environment, tools.apply_once, order)


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        ("github", "create_issue"),
        ("github", "create_pull_request"),
        ("github", "create_or_update_file"),
        ("pagerduty", "add_note_to_incident"),
    ],
)
async def test_a_change_whose_reply_was_lost_is_found_by_its_key(
    name: str, tool: str, path: str, tmp_path: Path, far_end: tuple[FarEnd, str]
) -> None:
    _fits(name, path)
    far, address = far_end
    environment, arguments = ActivityEnvironment(), dict(CHANGES[name][tool])
    async with started(name, tmp_path, path, {"env": environment_of(name, tmp_path, address)}) as (
        config,
        servers,
    ):
        tools = Tools(servers, PLAIN, BLOBS)
        contract = next(each for each in config.tools if each.tool == tool)
        order = effect_of(
            contract, arguments, await environment.run(tools.preview, preview_of(contract, arguments))
        )
        far.keeps = True
        before = await environment.run(tools.verify, order)
        await ambiguity(environment, tools.apply_once, order)
        after = await environment.run(tools.verify, order)

    assert (before.count, after.count) == (0, 1), (before.text, after.text)


async def test_the_server_of_argo_cd_takes_a_refusal_for_a_success(
    path: str, far_end: tuple[FarEnd, str]
) -> None:
    """Why the preset speaks to Argo CD's API instead."""
    command, args = ARGO_CD
    env = {"ARGOCD_BASE_URL": far_end[1], "ARGOCD_API_TOKEN": DUMMY}
    settings = ServerSettings(name="cd", command=command, args=args, env=env)
    async with ToolServers([McpServer(settings, path=path)]) as servers:
        reply = await servers.call("cd", "sync_application", {"applicationName": "shop"}, 60)

    assert (reply.is_error, json.loads(reply.text)["message"]) == (False, "forbidden")


# Terraform


CONFIGURATION = """\
variable "size" { default = 1 }
resource "terraform_data" "fleet" { input = var.size }
output "size" { value = terraform_data.fleet.output }
"""


@pytest.fixture
def infra(tmp_path: Path) -> Path:
    if shutil.which("terraform") is None:
        pytest.skip("there is no terraform here")
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text(CONFIGURATION)
    subprocess.run(["terraform", "init", "-input=false"], cwd=folder, check=True, capture_output=True)
    return folder


async def test_a_plan_of_terraform_is_applied_as_it_was_approved_and_a_stale_one_is_not(
    infra: Path, tmp_path: Path
) -> None:
    environment = ActivityEnvironment()
    async with started("terraform", tmp_path, os.environ["PATH"], {"folder": str(infra)}) as (
        config,
        servers,
    ):
        assert [line async for line in check_tools(servers, config)] == [
            (True, "it answers, with all 6 tools of the config")
        ]
        tools, contracts = Tools(servers, PLAIN, BLOBS), {each.tool: each for each in config.tools}
        apply = contracts["apply"]
        first = await environment.run(tools.preview, preview_of(apply, {}))
        second = await environment.run(tools.preview, preview_of(apply, {}))
        assert "terraform_data.fleet will be created" in str(first.shown)

        applied = await environment.run(tools.apply_once, effect_of(apply, {}, first))
        stale = await environment.run(tools.apply_once, effect_of(apply, {}, second))
        shown = await servers.call("it", "show_resource", {"address": "terraform_data.fleet"}, 60)

    assert (applied.state, stale.state) == (OutcomeState.APPLIED, OutcomeState.NOT_APPLIED)
    assert "output = 1" in shown.text


def test_every_preset_is_looked_at_here_or_says_that_it_is_not() -> None:
    """Argo CD and an image do not install from npm or PyPI."""
    elsewhere = {name.removeprefix(presets.PREFIX) for name in presets.names()} - GIVEN.keys() - {"terraform"}

    assert elsewhere == {"argocd", "github-image"}
    assert all("by hand" in presets.find(f"preset/{name}").checked for name in elsewhere)
