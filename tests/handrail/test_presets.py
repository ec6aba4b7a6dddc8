"""`use: preset/…`: a server and its contracts, filled in where the file does not say otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from temporalio.testing import ActivityEnvironment

from activities.masking import PLAIN
from activities.tools import Tools
from handrail.check import look
from handrail.config import BadConfig, Config, load, presets
from handrail.config.server_sections import StdioSection
from handrail.servers import tool_servers
from tests.activities.far_end import BLOBS
from tests.activities.orders import effect_of, preview_of
from tests.handrail.test_cli import run
from workflows.values.effect import OutcomeState
from workflows.values.tools import EffectClass

ROOT = Path(__file__).parents[2]
AGENT = {"description": "Looks.", "model": "test:any", "tools": ["*.*"]}
TOKEN = {"env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${TOKEN}"}}
Read = Callable[..., Config]


@pytest.fixture
def config_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.chdir(tmp_path)

    def read(servers: dict[str, object], tools: dict[str, object] | None = None) -> Config:
        file = {"servers": servers, "tools": tools or {}, "agents": {"look": AGENT}}
        (tmp_path / "handrail.yaml").write_text(yaml.safe_dump(file))
        return load({"TOKEN": "xyzzy-7261"})

    return read


def needed(name: str) -> dict[str, object]:
    """A section that says what the preset needs, and nothing else."""
    section: dict[str, object] = {"use": name}
    for place in presets.find(name).needs:
        above, _, last = place.rpartition(".")
        inner = section.setdefault(above, {}) if above else section
        assert isinstance(inner, dict)
        inner[last] = "https://host.example/api" if place == "http" else "${TOKEN}"
    return section


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_is_a_server_with_contracts_under_whatever_name(config_of: Read, name: str):
    preset, config = presets.find(name), config_of({"mine": needed(name)})

    assert presets.written(name).problems == []
    assert {tool.name for tool in config.tools} == {f"mine.{tool}" for tool in preset.tools}
    assert config.doubts == ()


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_starts_the_version_that_it_names_and_no_other(config_of: Read, name: str):
    preset, server = presets.find(name), config_of({"mine": needed(name)}).servers["mine"]
    if isinstance(server, StdioSection):
        package = preset.package.rpartition(" ")[2]
        pinned = {f"{package}{sign}{preset.version}" for sign in ("@", "==", ":")}
        assert pinned & set(server.args)


@pytest.mark.parametrize("name", presets.names())
def test_the_documentation_counts_what_is_there(name: str):
    preset = presets.find(name)
    reads = sum(tool.reads for tool in preset.tools.values())
    [row] = [
        line
        for line in (ROOT / "docs/presets.md").read_text().splitlines()
        if line.startswith(f"| `{name}` ")
    ]

    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == f"{preset.package} {preset.version}"
    assert cells[2:4] == [str(reads), str(len(preset.tools) - reads)]


def test_what_the_file_says_wins_tool_by_tool_and_key_by_key(config_of: Read):
    config = config_of(
        {"gh": {"use": "preset/github", "queue": "web", **TOKEN}, "hub": {"use": "preset/github", **TOKEN}},
        {"hub.create_issue": {"target": "mine"}},
    )
    tools = {tool.name: tool for tool in config.tools}

    assert (tools["hub.create_issue"].target, tools["hub.create_issue"].effect_class) == (
        "mine",
        EffectClass.AT_MOST_ONCE,
    )
    assert tools["gh.create_issue"].effect_class is EffectClass.VERIFIABLE
    assert config.elsewhere == {"gh": "web"}
    grafana = config_of({"g": {**needed("preset/grafana"), "args": ["mcp-grafana==2.1.1"]}}).servers["g"]
    assert isinstance(grafana, StdioSection)
    assert (grafana.command, grafana.args) == ("uvx", ("mcp-grafana==2.1.1",))
    assert grafana.env.keys() == {"GRAFANA_URL", "GRAFANA_SERVICE_ACCOUNT_TOKEN", "GRAFANA_USAGE_STATS"}


def test_who_starts_the_server_otherwise_has_the_contracts_alone(config_of: Read):
    config = config_of({"hub": {"use": "preset/github", "url": "https://mcp.example.com/mcp"}})

    assert len(config.tools) == len(presets.find("preset/github").tools)
    assert config.servers["hub"].model_fields_set == {"use", "url"}


@pytest.mark.parametrize(
    ("server", "complaint"),
    [
        (
            {"use": "preset/gitlab"},
            f"servers.hub.use: expected one of the presets ({', '.join(presets.names())}), found 'preset/gitlab'",
        ),
        ({"use": ["preset/github"]}, "found ['preset/github']"),
        (
            {"use": "preset/github"},
            "servers.hub.use: preset/github needs env.GITHUB_PERSONAL_ACCESS_TOKEN beside it: a token that may do",
        ),
        ({"use": "preset/grafana", "command": "uvx", "args": ["mcp-grafana"]}, "expected an exact version"),
    ],
)
def test_what_can_not_be_filled_in_is_told(config_of: Read, server: dict[str, object], complaint: str):
    with pytest.raises(BadConfig) as refused:
        config_of({"hub": server})

    [line] = str(refused.value).splitlines()
    assert complaint in line


def test_what_no_longer_fits_what_is_yours_is_told_where_the_preset_is_used(config_of: Read):
    """Its look-up has to be a tool that reads."""
    with pytest.raises(BadConfig) as refused:
        config_of({"hub": {"use": "preset/github", **TOKEN}}, {"hub.list_commits": {"target": "mine"}})

    [line] = str(refused.value).splitlines()
    assert line.startswith(
        "handrail.yaml:11: tools.hub.create_or_update_file.verify.tool: expected a tool with"
    )


async def test_the_presets_are_listed_with_what_they_need():
    code, out, _ = await run("tools", "presets")

    assert code == 0
    assert [
        line.partition(":")[0] for line in out.splitlines() if line.startswith("preset/")
    ] == presets.names()
    assert "  changes with add_note_to_incident, create_incident, " in out
    assert '  needs   headers.Authorization: "Bearer ${ARGOCD_TOKEN}", of an account' in out


async def test_check_says_which_preset_is_in_use(config_of: Read, tmp_path: Path):
    config_of({"hub": {"use": "preset/github", **TOKEN}})
    environ = {"HANDRAIL_CONFIG": str(tmp_path / "handrail.yaml"), "TOKEN": "xyzzy-7261"}

    lines = look(environ)
    told = [(await anext(lines)).text for _ in range(2)]
    await lines.aclose()

    assert told[1] == "hub: preset/github, made for npm @modelcontextprotocol/server-github 2025.4.8"


# Argo CD: its API has no server that could be installed here, so the requests are looked at


async def test_argo_cd_is_asked_to_sync_what_was_seen_and_its_refusal_is_none(
    config_of: Read, tmp_path: Path
):
    asked: list[object] = []
    refusing: list[bool] = []

    async def state(request: web.Request) -> web.Response:
        return web.json_response(
            {"metadata": {"resourceVersion": str(len(asked))}, "items": [dict(request.query)]}
        )

    async def sync(request: web.Request) -> web.Response:
        asked.append((request.headers["Authorization"], await request.json()))
        return web.json_response({"code": 7} if refusing else {}, status=403 if refusing else 200)

    app = web.Application()
    app.router.add_get("/api/v1/applications", state)
    app.router.add_post("/api/v1/applications/shop/sync", sync)
    environment = ActivityEnvironment()
    async with TestServer(app) as argo:
        section = {"http": str(argo.make_url("/api/v1")), "private": True}
        config = config_of({"cd": {**needed("preset/argocd"), **section}})
        contract = next(tool for tool in config.tools if tool.tool == "sync_application")
        async with tool_servers(config, {"HANDRAIL_HOME": str(tmp_path)}, PLAIN) as servers:
            tools, call = Tools(servers, PLAIN, BLOBS), {"name": "shop", "revision": "4f1c", "prune": False}
            seen = await environment.run(tools.preview, preview_of(contract, call))
            order = effect_of(contract, call, seen)
            done = await environment.run(tools.apply_once, order)
            again = await environment.run(tools.preview, preview_of(contract, call))
            refusing.append(True)
            refused = await environment.run(tools.apply_once, order)

    key = [{"name": "handrail-key", "value": order.effect.key}]
    assert asked[0] == ("xyzzy-7261", {"revision": "4f1c", "prune": False, "infos": key})
    assert again.precondition == seen.precondition
    assert (done.state, refused.state) == (OutcomeState.APPLIED, OutcomeState.NOT_APPLIED)
