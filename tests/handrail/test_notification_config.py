"""E-mail and posts in `handrail.yaml`: what they mean, who needs which secret, and what is said about mistakes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from activities.masking import PLAIN
from handrail.check import Line, look
from handrail.cli import app
from handrail.config import BadConfig, Config, load
from handrail.servers import mail_settings
from handrail.trouble import Misused
from handrail.worker import work_for_a_team

GOOD = """\
servers:
  mail:
    smtp: smtp://mail.example.com
    from: Handrail <handrail@example.com>
    user: handrail
    password: "${SMTP_PASSWORD}"
    to: [example.com, pager@elsewhere.example]
  news:
    slack: {channels: [C0123ABCD]}
tools:
  mail.send_email:
    key_in: {argument: idempotency_key}
    preview: {dry_run: {dry_run: true}}
  news.find_message: {reads: true}
  news.post_message:
    class: verifiable
    key_in: {argument: idempotency_key}
    preview: {dry_run: {dry_run: true}}
    verify: {tool: find_message, with: {channel: "{channel}", key: "{key}"}, found: found}
    target: "slack/{channel}"
agents:
  teller:
    description: Tells.
    runbook:
      phrases: ["tell <text>"]
      steps: [{id: tell, title: Tell, call: news.post_message, with: {channel: C0123ABCD, text: "{{ text }}"}}]
      answer: told
"""
PASSWORD = "xyzzy-7261"
Read = Callable[..., Config]


@pytest.fixture
def config_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)

    def read(text: str = GOOD, **options: object) -> Config:
        (tmp_path / "handrail.yaml").write_text(text)
        return load({"SMTP_PASSWORD": PASSWORD}, **options)  # type: ignore[arg-type]

    return read


def test_an_e_mail_server_is_what_the_file_says(config_of: Read):
    config = config_of()
    settings = mail_settings("mail", config.servers["mail"])

    assert (settings.host, settings.port, settings.tls, settings.starttls) == (
        "mail.example.com",
        587,
        False,
        True,
    )
    assert (settings.user, settings.password) == ("handrail", PASSWORD)
    assert settings.allowed == ("example.com", "pager@elsewhere.example")
    assert [secret.get_secret_value() for secret in config.secrets] == [PASSWORD]
    assert PASSWORD not in repr(config) + repr(settings)


@pytest.mark.parametrize(
    ("written", "port", "encrypted"),
    [
        ("smtps://mail.example.com", 465, (True, True)),
        ("smtp://mail.example.com:25", 25, (False, True)),
        ("smtp://mail.example.com\n    insecure: true", 587, (False, False)),
        ("smtp://localhost:2525", 2525, (False, False)),
        ("smtp://127.0.0.1", 587, (False, False)),
        ("smtp://127.0.0.1.example.com", 587, (False, True)),
        ("smtp://localhost.example.com", 587, (False, True)),
    ],
)
def test_all_but_this_machine_is_encrypted(
    config_of: Read, written: str, port: int, encrypted: tuple[bool, bool]
):
    settings = mail_settings(
        "mail", config_of(GOOD.replace("smtp://mail.example.com", written)).servers["mail"]
    )

    assert (settings.port, (settings.tls, settings.starttls)) == (port, encrypted)


async def test_only_the_bot_calls_what_needs_its_token(config_of: Read):
    config = config_of()

    assert {tool.name: tool.queue for tool in config.tools} == {
        "mail.send_email": "", "news.find_message": "slack", "news.post_message": "slack",
    }  # fmt: skip
    assert [*config.servers] == ["mail"]
    assert [*config_of(with_servers=False).posts] == ["news"]
    with pytest.raises(Misused, match="the queue slack is the bot's own: handrail bot"):
        await work_for_a_team(config_of(queue="slack"), {}, PLAIN)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("smtp://mail", "http://mail", "3: servers.mail.smtp: expected an address such as smtp://mail.example.com:587"),
        ("    user: handrail\n", "", "2: servers.mail: expected user and password, or neither, found only a password"),
        ("Handrail <h", "Hand\\nrail <h", "4: servers.mail.from: expected an address such as handrail@example.com or"),
        ("[example.com,", "['@example.com',", "7: servers.mail.to[0]: expected an address or a domain such as example.com"),
        ("[C0123ABCD]}\n", "['#news']}\n", "9: servers.news.slack.channels[0]: expected a Slack channel id such as C0123ABCD"),
        ("[C0123ABCD]}\n", "[]}\n", "9: servers.news.slack.channels: "),
        ("  mail:\n", "  mail:\n    queue: slack\n", "3: servers.mail.queue: expected another name: slack is the bot's own queue"),
        ("  news:\n", "  news:\n    queue: team\n", "9: servers.news.queue: "),
        (
            "mail.send_email:\n", "mail.send_email:\n    class: idempotent\n",
            "12: tools.mail.send_email.class: a mail server knows no e-mail again: expected at_most_once, found idempotent",
        ),
        (
            "mail.send_email:\n    key_in: {argument: idempotency_key}\n", "mail.send_email:\n",
            "11: tools.mail.send_email: a mail server sends each change under a key: expected `key_in: {argument: idempotency_key}`",
        ),
        ("mail.send_email:\n", "mail.send_email: {reads: true}\n  mail.x:\n", "11: tools.mail.send_email.reads: it sends an e-mail"),
        ("class: verifiable", "class: idempotent", "16: tools.news.post_message.class: Slack knows no message again: expected verifiable"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(config_of: Read, old: str, new: str, problem: str):
    assert old in GOOD
    with pytest.raises(BadConfig) as caught:
        config_of(GOOD.replace(old, new, 1))

    assert f"handrail.yaml:{problem}" in str(caught.value)


async def test_the_bots_own_queue_can_be_checked_alone(config_of: Read, tmp_path: Path):
    config_of()
    environ = {"HANDRAIL_HOME": str(tmp_path), "TEMPORAL_ADDRESS": "localhost:1"}
    found = [line async for line in look(environ, "slack") if line.name in ("config", "tools")]

    assert [line.text for line in found] == [
        "handrail.yaml: 1 agents, 3 tools", "news answers, with all 2 tools of the config",
    ]  # fmt: skip


async def test_check_looks_at_what_the_bot_offers_too(config_of: Read, tmp_path: Path):
    config_of(
        GOOD.replace("found: found", "found: count").replace("smtp://mail.example.com", "smtp://localhost:1")
    )
    environ = {"SMTP_PASSWORD": PASSWORD, "HANDRAIL_HOME": str(tmp_path), "TEMPORAL_ADDRESS": "localhost:1"}
    found = [line async for line in look(environ) if line.name == "tools"]

    mail, news = found
    assert "the mail server of mail can't be used: Error connecting to localhost on port 1" in mail.text
    assert not mail.well
    assert news == Line(True, "tools", "news answers, with all 2 tools of the config")


def test_discover_writes_both_down(config_of: Read):
    start, end = GOOD.index("  mail.send_email:"), GOOD.index("  news.find_message:")
    config_of(GOOD[:start] + GOOD[end:])
    mail = CliRunner().invoke(app, ["tools", "discover", "mail"]).output
    news = CliRunner().invoke(app, ["tools", "discover", "news", "--queue", "slack"]).output

    assert "  mail.send_email:\n    class: at_most_once" in mail
    assert "key_in: {argument: idempotency_key}" in mail
    assert "In your file already: find_message, post_message" in news
