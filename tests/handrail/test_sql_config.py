"""SQL tools in `handrail.yaml`: what they mean, what is said about mistakes, and the table that they need."""

import sqlite3

import pytest
from typer.testing import CliRunner

from handrail.check_tools import check_tools
from handrail.cli import app
from handrail.config import BadConfig, load
from handrail.masking import worker_masker
from handrail.servers import sql_settings, tool_servers

GOOD = """\
servers:
  shop:
    sql: ${SHOP_DB}
    password: "${SHOP_DB_PASSWORD}"
    tools:
      find_orders:
        description: Orders of a customer.
        query: "select id, at::text from orders where customer = :customer"
        arguments: {customer: {type: string}}
        max_rows: 50
      cancel:
        description: Cancels an open order.
        statements: ["update orders set state = 'cancelled' where id = :id"]
        shows: "select id, state from orders where id = :id"
        arguments: {id: {type: integer}}
        expect_rows: 1
tools:
  shop.find_orders: {reads: true}
  shop.find_effect: {reads: true}
  shop.cancel:
    class: idempotent
    key_in: {argument: idempotency_key}
    preview: {dry_run: {dry_run: true}}
agents:
  look:
    description: Looks at orders.
    runbook:
      phrases: ["orders of <customer>"]
      steps: [{id: seen, title: Look, call: shop.find_orders, with: {customer: "{{ customer }}"}}]
      answer: "{{ seen }}"
"""
PASSWORD = "xyzzy-7261"
IN_A_FILE = GOOD.replace('    password: "${SHOP_DB_PASSWORD}"\n', "")


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "handrail.yaml"
    environ = {"SHOP_DB": "postgresql://handrail@db/shop", "SHOP_DB_PASSWORD": PASSWORD}

    def read(text: str = GOOD, **other: str):
        file.write_text(text)
        for name, value in {**environ, **other}.items():
            monkeypatch.setenv(name, value)
        return load({**environ, **other})

    return read


def test_tools_are_what_the_file_says(config_of):
    config = config_of()
    settings = sql_settings("shop", config.servers["shop"])

    assert settings.password == PASSWORD
    assert settings.tools["find_orders"].max_rows == 50
    assert settings.tools["cancel"].bound == {"id"}
    assert settings.tools["cancel"].expect_rows == 1
    assert PASSWORD in [secret.get_secret_value() for secret in config.secrets]
    assert PASSWORD not in repr(config) + repr(settings)


def test_a_password_that_is_written_out_is_doubted(config_of):
    [doubt] = config_of(GOOD.replace('"${SHOP_DB_PASSWORD}"', "in-plain-text")).doubts

    assert doubt.startswith("handrail.yaml:4: servers.shop.password: it stands in the file in plain text")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "sql: ${SHOP_DB}",
            "sql: oracle://x",
            "3: servers.shop.sql: expected an address of SQLAlchemy's such as postgresql://user@host/database, found ",
        ),
        (
            "    class: idempotent\n    key_in: {argument: idempotency_key}\n",
            "",
            (
                "20: tools.shop.cancel: a database makes each change under a key: expected "
                "`key_in: {argument: idempotency_key}`"
            ),
        ),
        (
            "shop.cancel:\n",
            "shop.cancel: {reads: true}\n  shop.more:\n",
            "20: tools.shop.cancel.reads: its statements change something: only a query reads",
        ),
        ("${SHOP_DB}", "sqlite:///shop.sqlite", "4: servers.shop.password: a file of SQLite has none"),
        (
            "        shows:",
            "        query: select 1\n        shows:",
            "11: servers.shop.tools.cancel: expected either query or statements, found both",
        ),
        (
            "        max_rows:",
            "        expect_rows: 1\n        max_rows:",
            "10: servers.shop.tools.find_orders.expect_rows: a query changes nothing, so this has no place here",
        ),
        (
            "= :customer",
            "= :who",
            "6: servers.shop.tools.find_orders: :who stands in it, and there is no such argument",
        ),
        (
            "{customer: {type: string}}",
            "{customer: {type: string}, table: {type: string}}",
            (
                "9: servers.shop.tools.find_orders.arguments.table: nothing is made of it: people would approve what is "
                "never sent"
            ),
        ),
        (
            "{id: {type: integer}}",
            "{id: {type: integer}, dry_run: {}}",
            "15: servers.shop.tools.cancel.arguments.dry_run: the tool has an argument dry_run anyway",
        ),
        (
            "      cancel:",
            "      find_effect:",
            "11: servers.shop.tools.find_effect: every database that is changed has a tool of this name anyway",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(config_of, old: str, new: str, problem: str):
    assert old in GOOD
    with pytest.raises(BadConfig) as caught:
        config_of(GOOD.replace(old, new, 1))

    assert f"handrail.yaml:{problem}" in str(caught.value)


async def test_check_says_what_is_missing(config_of, tmp_path):
    config = config_of(IN_A_FILE, SHOP_DB=f"sqlite:///{tmp_path}/shop.sqlite")
    async with tool_servers(config, {}, worker_masker(config, {})) as servers:
        lines = [line async for line in check_tools(servers, config)]

    assert lines == [
        (False, "shop: the database of shop has no table handrail_effects: `handrail ledger shop` makes it")
    ]


def test_a_command_makes_the_table(config_of, tmp_path):
    config_of(IN_A_FILE, SHOP_DB=f"sqlite:///{tmp_path}/shop.sqlite")

    for _ in range(2):
        made = CliRunner().invoke(app, ["ledger", "shop"])
        assert (made.exit_code, made.output) == (0, "shop has the table handrail_effects\n")

    with sqlite3.connect(tmp_path / "shop.sqlite") as books:
        assert books.execute("select count(*) from handrail_effects").fetchall() == [(0,)]
    books.close()
    missed = CliRunner().invoke(app, ["ledger", "fleet"])
    assert str(missed.exception) == "expected one of the databases (shop), found 'fleet'"
