"""`servers` in the config: which kinds there are, what is refused, and what is a secret of theirs."""

import pytest

from handrail.config import BadConfig, Config, load
from handrail.servers import url_settings

REST = """
tools: {ops.status: {reads: true}}
agents:
  look:
    description: Looks.
    runbook:
      phrases: [look]
      steps: [{id: now, title: Look, call: ops.status}]
      answer: Looked.
"""
TOKEN = "xyzzy-7261"


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    """What a server's section means, or what is wrong with it."""
    monkeypatch.chdir(tmp_path)

    def read(server: str, *, with_servers: bool = True) -> Config:
        (tmp_path / "handrail.yaml").write_text(f"servers:\n  ops: {server}\n{REST}")
        return load({"TOKEN": TOKEN}, with_servers=with_servers)

    return read


@pytest.fixture
def complaint_of(config_of):
    def read(server: str) -> list[str]:
        with pytest.raises(BadConfig) as refused:
            config_of(server)
        return str(refused.value).splitlines()

    return read


def test_a_server_on_the_network_is_known_by_its_url(config_of):
    oauth = (
        "{token_url: 'https://id.example.com/token', client_id: us, client_secret: '${TOKEN}', scopes: [all]}"
    )
    config = config_of(
        f"{{url: 'https://mcp.example.com/mcp', oauth: {oauth}, headers: {{X-Team: ops}}, proxy: 'http://proxy:1'}}"
    )
    settings = url_settings("ops", config.servers["ops"])

    assert (settings.url, settings.headers, settings.proxy) == (
        "https://mcp.example.com/mcp",
        {"X-Team": "ops"},
        "http://proxy:1",
    )
    assert settings.oauth is not None
    assert (settings.oauth.client_secret, settings.oauth.scopes) == (TOKEN, ("all",))
    assert [secret.get_secret_value() for secret in config.secrets] == [TOKEN]
    assert TOKEN not in repr(settings)


def test_who_starts_no_servers_takes_an_address_as_it_is_written(config_of):
    config_of("{url: '${NOT_SET}', bearer: '${NOT_SET}'}", with_servers=False)


def test_a_token_that_stands_in_the_file_is_doubted(config_of):
    config = config_of("{url: 'https://h/mcp', bearer: plain-words, headers: {Authorization: also-plain}}")

    places = [doubt.split(": ")[1] for doubt in config.doubts]
    assert places == ["servers.ops.headers.Authorization", "servers.ops.bearer"]


@pytest.mark.parametrize(
    ("server", "complaint"),
    [
        ("{env: {}}", "servers.ops: expected a mapping with one of the keys command, url, http, sql, commands, python, smtp, slack, found a mapping"),
        ("nothing", "servers.ops: expected a mapping with one of the keys command, url, http, sql, commands, python, smtp, slack, found 'nothing'"),
        (
            "{url: 'https://h/mcp', baerer: x}",
            "servers.ops.baerer: there is no such key; did you mean bearer?",
        ),
        (
            "{command: x, url: 'https://h/mcp'}",
            "servers.ops.url: there is no such key; known here: use, queue, command, args, env",
        ),
        (
            "{url: 'https://us:word@h/mcp'}",
            ("servers.ops.url: expected an address such as https://mcp.example.com/mcp, without a password in it, "
            "found 'https://us:word@h/mcp'"),
        ),
        (
            "{url: 'http://mcp.example.com/mcp'}",
            ("servers.ops.url: expected https, found http to a host that may be anywhere, and all could be read on "
            "the way: `insecure: true` allows it"),
        ),
        (
            ("{url: 'https://h/mcp', bearer: '${TOKEN}', oauth: {token_url: 'https://h/t', client_id: c, "
            "client_secret: '${TOKEN}'}}"),
            "servers.ops: expected either bearer or oauth, found both",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_server_is_said_at_its_line(complaint_of, server, complaint):
    assert complaint_of(server) == [f"handrail.yaml:2: {complaint}"]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/mcp",
        "http://127.0.0.1/mcp",
        "http://10.1.2.3/mcp",
        "http://[::1]:8080/mcp",
        "http://tools:8080/mcp",
        "http://mcp.tools.svc.cluster.local/mcp",
    ],
)
def test_within_the_house_plain_http_will_do(config_of, url):
    config_of(f"{{url: '{url}'}}")


def test_elsewhere_plain_http_has_to_be_allowed(config_of):
    config_of("{url: 'http://mcp.example.com/mcp', insecure: true}")


@pytest.mark.parametrize(
    ("command", "args", "instead"),
    [
        ("npx", "-y, '@acme/tools'", "@acme/tools@1.2.3, found @acme/tools"),
        ("npx", "-y, '@acme/tools@latest', /srv", "@acme/tools@1.2.3, found @acme/tools@latest"),
        ("/usr/bin/npx", "--yes, tools@1", "tools@1.2.3, found tools@1"),
        ("npx", "--package=tools, tools-server", "tools@1.2.3, found tools"),
        ("npm", "exec, -y, --, tools@^1.2.3", "tools@1.2.3, found tools@^1.2.3"),
        ("uvx", "mcp-server-git", "mcp-server-git==1.2.3, found mcp-server-git"),
        ("uvx", "--from, 'mcp-server-git>=1', serve", "mcp-server-git==1.2.3, found mcp-server-git>=1"),
        ("uvx", "git+https://host/x@main", "git+https://host/x==1.2.3, found git+https://host/x@main"),
        ("uv", "tool, run, mcp-server-git", "mcp-server-git==1.2.3, found mcp-server-git"),
        ("pipx", "run, mcp-server-git", "mcp-server-git==1.2.3, found mcp-server-git"),
    ],
)  # fmt: skip
def test_a_package_without_a_version_is_not_fetched(complaint_of, command, args, instead):
    [complaint] = complaint_of(f"{{command: {command}, args: [{args}]}}")

    assert complaint == (
        f"handrail.yaml:2: servers.ops.args: expected an exact version, such as {instead}: "
        "what is fetched may be another package tomorrow"
    )


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("npx", "-y, '@acme/tools@1.2.3', /srv"),
        ("npx", "-y, tools@1.2.3-rc.1"),
        ("npx", "-p, tools@1.2.3, tools-server"),
        ("npx", "./ours"),
        ("npm", "run, serve"),
        ("uvx", "mcp-server-git==2026.10.19, --repository, /srv"),
        ("uvx", "--from, mcp-server-git==1.0, serve"),
        ("uvx", "--from, 'git+https://host/x@0123456789012345678901234567890123456789', serve"),
        ("uv", "run, server.py"),
        ("our-server", "npx"),
    ],
)
def test_one_with_its_version_is(config_of, command, args):
    config_of(f"{{command: {command}, args: [{args}]}}")
