"""The section `events`: what it means, what is said about mistakes in it, and who reads its secrets."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from activities.masking import MARK
from bot.events_settings import (
    EventSource,
    GitHubSigned,
    PayloadMap,
    RevisionRule,
    SharedSecret,
    SlackStyleSigned,
    StartRule,
)
from handrail.bot_process import bot_settings
from handrail.config import BadConfig, Config, load
from handrail.config.events_presets import PRESETS
from handrail.events import check_events, explain
from handrail.masking import bot_masker
from tests.handrail.test_cli import run

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-that-nobody-guesses"
AGENTS = """\
servers: {ops: {command: ops-server}}
tools: {ops.status: {reads: true}}
agents:
  look:
    description: Looks.
    runbook: {phrases: ["look at <service>"], steps: [{id: now, title: Look, call: ops.status}], answer: "{{ now }}"}
  think: {description: Thinks., model: "test:model", tools: ["ops.*"]}
  absent: {description: Has no model., model: "", tools: ["ops.*"]}
"""
GOOD = """\
events:
  github:
    verify: {github: "${WEBHOOK_SECRET}"}
    map: [{use: preset/github-checks}, {use: preset/github-reviews}]
  alerts:
    verify: {header: X-Alert-Token, secret: "${WEBHOOK_SECRET}"}
    keep: 6h
    map:
      - when: {/version: 4, /status: [firing, resolved], /test: false}
        key: "{/labels/environment}/{/labels/service}"
        facts: {state: /status, service: /labels/service, what: "{/labels/alertname} on {/labels/service}"}
        delivery: "{/fingerprint}/{/status}"
    starts:
      - {when: {state: firing}, agent: look, goal: "look at {service}", channel: C0OPS, on_behalf_of: U0ALICE}
    revises:
      - {when: {state: resolved}, text: "It was resolved at its source: {what}"}
  ours:
    verify: {slack_style: "${WEBHOOK_SECRET}", signature: X-Ours, window: 1m}
    map: [{key: deployments}]
"""


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(events: str = GOOD, *, with_events: bool = True, **environ: str) -> Config:
        (tmp_path / "handrail.yaml").write_text(AGENTS + events)
        given = environ or {"WEBHOOK_SECRET": SECRET}
        return load(given, with_servers=False, with_events=with_events)

    return read


@pytest.fixture
def complaint_of(config_of):
    def read(events: str, **environ: str) -> list[str]:
        with pytest.raises(BadConfig) as refused:
            config_of(events, **environ)
        return str(refused.value).splitlines()

    return read


def test_each_source_says_who_may_send_what_is_made_of_it_and_what_it_sets_off(config_of):
    github, alerts, ours = config_of().events

    assert github == EventSource(
        name="github",
        proof=GitHubSigned(secret=SECRET),
        keep=timedelta(hours=24),
        maps=(*PRESETS["preset/github-checks"], *PRESETS["preset/github-reviews"]),
    )
    fitting = PayloadMap(
        when={"/version": ("4",), "/status": ("firing", "resolved"), "/test": ("false",)},
        key="{/labels/environment}/{/labels/service}",
        facts={
            "state": "{/status}",
            "service": "{/labels/service}",
            "what": "{/labels/alertname} on {/labels/service}",
        },
        delivery="{/fingerprint}/{/status}",
    )
    firing = StartRule(
        when={"state": ("firing",)},
        agent="look",
        goal="look at {service}",
        channel="C0OPS",
        on_behalf_of="U0ALICE",
    )
    resolved = RevisionRule(when={"state": ("resolved",)}, text="It was resolved at its source: {what}")
    assert alerts == EventSource(
        name="alerts",
        proof=SharedSecret(secret=SECRET, header="X-Alert-Token"),
        keep=timedelta(hours=6),
        maps=(fitting,),
        starts=(firing,),
        revises=(resolved,),
    )
    assert ours.proof == SlackStyleSigned(
        secret=SECRET,
        signature="X-Ours",
        timestamp="X-Slack-Request-Timestamp",
        window=timedelta(minutes=1),
    )


MINE = (
    'events: {mine: {verify: {github: "${WEBHOOK_SECRET}"}, map: [{key: k, facts: {service: /service}}], %s}}'
)
STARTS = "starts: [{agent: %s, goal: '%s', channel: C0OPS, on_behalf_of: U0ALICE}]"


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ("events: {a: {verify: {}, map: [{key: k}]}}", "verify: expected one of github, slack_style, header"),
        (
            "events: {a: {verify: {github: x, header: X-T, secret: y}, map: [{key: k}]}}",
            "verify: expected one of github, slack_style, header, found github and header",
        ),
        (
            "events: {a: {verify: {header: X-T}, map: [{key: k}]}}",
            "verify: header and secret belong together: expected both, found one of them",
        ),
        (
            "events: {a: {verify: {github: ''}, map: [{key: k}]}}",
            "verify.github: expected a secret, found nothing: anybody could speak for this source",
        ),
        (
            "events: {a: {verify: {github: x, window: 1m}, map: [{key: k}]}}",
            "verify.window: expected slack_style beside it, found none",
        ),
        (
            "events: {a: {verify: {github: 12345678}, map: [{key: k}]}}",
            "verify.github: expected text, found something else: write it in quotes",
        ),
        (
            "events: {a: {verify: {github: x}, map: []}}",
            "map: expected at least one entry, found an empty list",
        ),
        (
            "events: {a: {verify: {github: x}, map: [{}]}}",
            "map[0]: expected key, what the event is about, or use, a ready-made map; found neither",
        ),
        (
            "events: {a: {verify: {github: x}, map: [{use: preset/gitlab}]}}",
            "map[0].use: expected one of the presets (preset/github-checks, preset/github-reviews), found 'preset/gitlab'",
        ),
        (
            "events: {a: {verify: {github: x}, map: [{use: preset/github-checks, key: k}]}}",
            "map[0].key: preset/github-checks says that itself: expected only one of them",
        ),
        (
            "events: {a: {verify: {github: x}, map: [{key: '{alert/id}'}]}}",
            "map[0].key: expected JSON pointers in its braces such as {/alert/id}, found '{alert/id}'",
        ),
        (
            "events: {a: {verify: {github: x}, map: [{key: k, facts: {x: /a~2}}]}}",
            "map[0].facts.x: expected JSON pointers in its braces such as {/alert/id}, found '{/a~2}'",
        ),
        (
            "events: {a: {verify: {github: x}, map: [{key: k, when: {status: firing}}]}}",
            "map[0].when.status: expected a JSON pointer such as /alert/state, found 'status'",
        ),
        (
            "events: {a: {verify: {github: x}, map: [{key: k, when: {/status: []}}]}}",
            "map[0].when./status: expected a text, a number, true or false, or a list of these, found an empty list",
        ),
        (
            "events: {a: {verify: {github: x}, map: [{key: k, delivery_header: X-Id}]}}",
            "map[0].delivery_header: the signature does not cover headers: expected delivery, taken from the body",
        ),
        (
            "events: {a: {verify: {header: X-T, secret: y}, map: [{key: k, delivery_header: X-Id, delivery: '{/id}'}]}}",
            "map[0].delivery_header: expected either delivery or delivery_header, found both",
        ),
        (
            "events: {a: {verify: {github: x}, keep: 31d, map: [{key: k}]}}",
            "keep: expected less than or equal to",
        ),
        (
            MINE % (STARTS % ("nobody", "x")),
            "starts[0].agent: expected one of the agents (look, think), found 'nobody'",
        ),
        (
            MINE % (STARTS % ("absent", "x")),
            "starts[0].agent: expected one of the agents (look, think), found 'absent'",
        ),
        (
            MINE % (STARTS % ("look", "mend {service}")),
            "starts[0].goal: expected a goal that one of the phrases of look fits, found 'mend {service}'",
        ),
        (
            MINE % (STARTS % ("think", "mend {host}")),
            "starts[0].goal: expected one of the facts (service), found 'host'",
        ),
        (
            MINE % (STARTS % ("think", "mend {/service}")),
            "starts[0].goal: expected facts in its braces such as {service}, found 'mend {/service}'",
        ),
        (
            MINE % "revises: [{when: {state: resolved}, text: well}]",
            "revises[0].when.state: expected one of the facts (service), found 'state'",
        ),
    ],
    ids=range(23),
)
def test_a_mistake_is_named_with_what_was_expected(complaint_of, events, complaint):
    [told] = complaint_of(events, WEBHOOK_SECRET=SECRET)

    assert complaint in told


FIRING = {
    "version": "4",
    "groupKey": '{}:{alertname="Slow"}',
    "status": "firing",
    "commonLabels": {"alertname": "Slow", "service": "checkout", "environment": "prod"},
    "alerts": [{"status": "firing", "startsAt": "2026-11-26T12:00:00Z", "fingerprint": "f00"}],
}


def test_the_example_in_the_docs_means_what_it_says(tmp_path):
    """With Alertmanager's own payload: prometheus.io/docs/alerting/latest/configuration, webhook_config."""
    [example] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "events.md").read_text(), re.DOTALL)
    file = tmp_path / "handrail.yaml"
    file.write_text((ROOT / "handrail.yaml").read_text() + example)
    environ = {"HANDRAIL_CONFIG": str(file), "GITHUB_WEBHOOK_SECRET": SECRET, "ALERT_TOKEN": SECRET}

    config = load(environ, with_events=True)

    assert config.doubts == ()
    said = dict(explain(config, "alerts", json.dumps(FIRING).encode()))
    assert (said["key"], said["starts"]) == (
        "prod/checkout",
        "diagnose in C0123ABCD, on behalf of U0123ABCD: why is checkout slow in prod",
    )
    resolved = dict(explain(config, "alerts", json.dumps({**FIRING, "status": "resolved"}).encode()))
    assert "starts" not in resolved
    assert resolved["revises"].startswith("The alert about checkout was resolved")
    assert resolved["delivery"] != said["delivery"]


# Its secrets


def test_the_bot_needs_its_secrets_and_shows_none(config_of, complaint_of):
    config = config_of()

    assert SECRET not in repr(config)
    assert SECRET not in repr(bot_settings(config, {}))
    assert bot_masker(config, {}).text(f"of {SECRET}") == f"of {MARK}"
    assert [line.partition(": ")[2] for line in complaint_of(GOOD, OTHER="x")] == [
        "events.github.verify.github: expected the environment variable WEBHOOK_SECRET, found that it is not set",
        "events.alerts.verify.secret: expected the environment variable WEBHOOK_SECRET, found that it is not set",
        "events.ours.verify.slack_style: expected the environment variable WEBHOOK_SECRET, found that it is not set",
    ]


def test_the_worker_needs_none_of_them_and_does_not_get_them(tmp_path, monkeypatch, config_of):
    config_of()

    config = load({"WEBHOOK_SECRET": SECRET, "HANDRAIL_CONFIG": str(tmp_path / "handrail.yaml")})

    assert [each.get_secret_value() for each in config.secrets] == []
    assert {each.proof.secret.get_secret_value() for each in config.events} == {"${WEBHOOK_SECRET}"}
    assert len(config_of(with_events=False, OTHER="x").events) == 3


def test_a_secret_has_no_place_in_what_people_see(complaint_of):
    shown = MINE % (STARTS % ("think", "mend it with ${WEBHOOK_SECRET}"))

    [told] = complaint_of(shown, WEBHOOK_SECRET=SECRET)

    assert "starts[0].goal: expected no secret, for people are shown this, found ${WEBHOOK_SECRET}" in told


def test_a_secret_that_is_soon_guessed_is_doubted(config_of):
    config = config_of(GOOD.partition("  alerts:")[0], WEBHOOK_SECRET="short")

    [doubt] = config.doubts
    assert "events.github.verify.github: it has fewer than 16 characters" in doubt


# What the commands say of it


def test_check_says_where_each_source_sends_and_how_it_is_proven(config_of):
    assert list(check_events(config_of(), {"HANDRAIL_HTTP_PORT": "3001"})) == [
        (True, "/events/github on port 3001, signed as GitHub does, starts no run"),
        (True, "/events/alerts on port 3001, with a secret in X-Alert-Token, starts look, revises runs"),
        (True, "/events/ours on port 3001, signed as Slack does, within 1m, starts no run"),
    ]
    assert list(check_events(config_of(""), {})) == []
    [(well, told)] = check_events(config_of(), {"HANDRAIL_HTTP_PORT": "x"})
    assert (well, told) == (False, "HANDRAIL_HTTP_PORT: expected a port, found 'x'")


ALERT = {
    "version": "4",
    "status": "firing",
    "test": False,
    "fingerprint": "f00",
    "labels": {"environment": "prod", "service": "checkout", "alertname": "Slow"},
}


async def trying(tmp_path: Path, source: str, payload: object) -> tuple[int, str, str]:
    (tmp_path / "mine.yaml").write_text(AGENTS + GOOD)
    (tmp_path / "payload.json").write_text(json.dumps(payload))
    return await run(
        "events", "try", source, str(tmp_path / "payload.json"), HANDRAIL_CONFIG=str(tmp_path / "mine.yaml")
    )


async def test_trying_a_payload_says_what_it_would_be_and_needs_no_secret(tmp_path):
    status, said, trouble = await trying(tmp_path, "alerts", ALERT)

    assert (status, trouble) == (0, "")
    lines = said.splitlines()
    assert lines[3].startswith("fact        what: Slow on checkout")
    assert [line.split(maxsplit=1)[1] for line in lines if "delivery" not in line] == [
        "prod/checkout",
        "state: firing",
        "service: checkout",
        "what: Slow on checkout",
        "for    6h",
        "look in C0OPS, on behalf of U0ALICE: look at checkout",
    ]


@pytest.mark.parametrize(
    ("source", "payload", "status", "told"),
    [
        ("alerts", {**ALERT, "test": True}, 1, "It would be ignored: the config's `map` has no entry"),
        (
            "alerts",
            {**ALERT, "labels": {}},
            1,
            "It would be refused with status 422: what it is about is missing",
        ),
        (
            "nobody",
            ALERT,
            2,
            "There is no source of events called 'nobody'. The config has: github, alerts, ours.",
        ),
    ],
)
async def test_trying_says_why_nothing_would_come_of_it(tmp_path, source, payload, status, told):
    ended, said, trouble = await trying(tmp_path, source, payload)

    assert (ended, said) == (status, "")
    assert told in trouble
