"""HTTP tools in `handrail.yaml`: what they mean, and what is said about mistakes in them."""

import pytest

from handrail.config import BadConfig, load
from handrail.servers import http_settings

GOOD = """\
servers:
  billing:
    http: https://${BILLING_HOST}/api/v2
    headers: {Authorization: "Bearer ${BILLING_TOKEN}"}
    tools:
      get_invoice:
        description: An invoice.
        get: /invoices/{id}
        query: {expand: "{expand}"}
        arguments: {id: {type: string}, expand: {type: array}}
        optional: [expand]
      refund:
        description: Pays an invoice back.
        post: /invoices/{id}/refunds
        arguments: {id: {type: string}, amount: {type: integer}, etag: {type: string}}
        body: {amount: "{amount}"}
        headers_from: {If-Match: "{etag}"}
        idempotency_header: Idempotency-Key
        success: {status: [200, 201], where: {status: accepted}}
tools:
  billing.get_invoice: {reads: true}
  billing.refund: {class: idempotent, key_in: {argument: idempotency_key}}
agents:
  look:
    description: Looks at an invoice.
    runbook:
      phrases: ["look at <id>"]
      steps: [{id: seen, title: Look, call: billing.get_invoice, with: {id: "{{ id }}"}}]
      answer: "{{ seen }}"
"""
TOKEN = "xyzzy-7261"
ENVIRON = {"BILLING_HOST": "billing.example", "BILLING_TOKEN": TOKEN}


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text: str, *, with_servers: bool = True, **environ: str):
        (tmp_path / "handrail.yaml").write_text(text)
        return load({**ENVIRON, **environ} if with_servers else {}, with_servers=with_servers)

    return read


@pytest.fixture
def problem_of(config_of):
    def read(*changes: tuple[str, str], **environ: str) -> str:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        with pytest.raises(BadConfig) as caught:
            config_of(text, **environ)
        return str(caught.value)

    return read


def test_tools_are_what_the_file_says(config_of):
    config = config_of(GOOD)
    settings = http_settings("billing", config.servers["billing"])

    assert settings.base == "https://billing.example/api/v2"
    assert settings.headers == {"Authorization": f"Bearer {TOKEN}"}
    assert [(tool.method, tool.path) for tool in settings.tools.values()] == [
        ("GET", "/invoices/{id}"),
        ("POST", "/invoices/{id}/refunds"),
    ]
    assert settings.tools["refund"].where == {"status": "accepted"}
    assert TOKEN in [secret.get_secret_value() for secret in config.secrets]
    assert TOKEN not in repr(config) + repr(settings)


def test_who_starts_no_servers_needs_none_of_their_secrets(config_of):
    assert [agent.name for agent in config_of(GOOD, with_servers=False).agents] == ["look"]


def test_a_header_that_is_written_out_is_doubted(config_of):
    config = config_of(GOOD.replace("Bearer ${BILLING_TOKEN}", "Bearer in-plain-text"))

    [doubt] = config.doubts
    assert doubt.startswith(
        "handrail.yaml:4: servers.billing.headers.Authorization: it stands in the file in plain text"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "http: https",
            "http: ftp",
            "3: servers.billing.http: expected an address such as https://host/api, found ",
        ),
        (
            "http: https",
            "http: http",
            "3: servers.billing.http: expected https, or `private: true` beside it: all of it would go in plain text",
        ),
        (
            "/api/v2",
            "/api?x=1",
            "3: servers.billing.http: expected an address such as https://host/api, found ",
        ),
        (
            "//${B",
            "//me:pw@${B",
            "3: servers.billing.http: expected an address such as https://host/api, found ",
        ),
        (
            "    http:",
            "    htp:",
            "2: servers.billing: expected a mapping with one of the keys command, url, http, sql, commands, python, smtp, slack",
        ),
        (
            "    headers:",
            "    header:",
            "4: servers.billing.header: there is no such key; did you mean headers?",
        ),
        (
            "        get:",
            "        gt:",
            "8: servers.billing.tools.get_invoice.gt: there is no such key; did you mean get?",
        ),
        (
            "        query:",
            "        put: /x\n        query:",
            "6: servers.billing.tools.get_invoice: expected one of get, post, put, patch and delete, found get, put",
        ),
        (
            "/invoices/{id}\n",
            "/../{id}\n",
            "8: servers.billing.tools.get_invoice.get: expected a path without empty parts, . and .., found '/../{id}'",
        ),
        (
            "/invoices/{id}\n",
            "/x?id={id}\n",
            (
                "8: servers.billing.tools.get_invoice.get: expected a path such as /invoices/{id}, without ? and #, "
                "found '/x?id={id}'"
            ),
        ),
        (
            "[expand]",
            "[expand, id]",
            "8: servers.billing.tools.get_invoice.get: the path names id, so that can't be optional",
        ),
        (
            '"{expand}"',
            '"{all}"',
            "6: servers.billing.tools.get_invoice: {all} stands in it, and there is no such argument",
        ),
        (
            '{amount: "{amount}"}',
            "{amount: 5}",
            (
                "15: servers.billing.tools.refund.arguments.amount: nothing is made of it: people would approve what is "
                "never sent"
            ),
        ),
        (
            "type: integer",
            "type: money",
            "15: servers.billing.tools.refund.arguments.amount: expected a JSON schema: 'money' is not valid",
        ),
        (
            "If-Match",
            "Host",
            "17: servers.billing.tools.refund.headers_from.Host: Handrail itself fills in this header",
        ),
        (
            "{If-Match",
            "{'If Match'",
            "17: servers.billing.tools.refund.headers_from.If Match: expected the name of a header, found 'If Match'",
        ),
        (
            '{amount: "{amount}"}',
            '{amount: "{amount}", as: "${BILLING_TOKEN}"}',
            (
                "16: servers.billing.tools.refund.body.as: expected nothing from the environment in a tool, found "
                "${BILLING_TOKEN}: its server's part is for that"
            ),
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(problem_of, old: str, new: str, problem: str):
    assert f"handrail.yaml:{problem}" in problem_of((old, new))


def test_a_secret_that_is_no_header_is_not_shown(problem_of):
    problem = problem_of(BILLING_TOKEN=f"{TOKEN}\nX-Admin: 1")

    assert (
        problem == "handrail.yaml:4: servers.billing.headers.Authorization: expected one line of plain ASCII"
    )
