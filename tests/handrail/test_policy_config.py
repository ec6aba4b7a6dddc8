"""What the config says of approvals, freezes and policy tests, and what is said about mistakes in it."""

from datetime import timedelta

import pytest

from handrail.config import BadConfig, Config, load
from workflows.values.people import People
from workflows.values.spec import BreakGlass, Escalation, FreezeWindow

GOOD = """\
servers: {ops: {command: ops-server}}
tools: {ops.status: {reads: true}, ops.change: {environment: "{env}", target: "{host}"}}
rules:
  - name: prod
    environments: [prod, eu-*]
    then: ask
    approvers: {users: [U0BOB]}
    expires_after: 8h
    remind_after: 1h
    fresh_for: 5m
    escalate: {after: 4h, tell: {users: [U0CAROL], groups: [S0LEADS]}, channel: C0ONCALL}
    break_glass: {who: {groups: [S0ONCALL]}, channel: C0INCIDENTS, passes_freeze: true}
  - {name: rest, environments: [lab], then: allow}
freeze:
  who: {users: [U0ALICE], groups: [S0LEADS]}
  windows:
    - {name: weekend, environments: [prod, test], from: "fri 16:00", to: "mon 08:00", timezone: Europe/Berlin}
    - {name: holidays, from: 2026-12-20 18:00, to: 2027-01-03 00:00}
policy_tests:
  - {name: asked, call: ops.change, with: {env: prod, host: a}, expect: ask, rule: prod, may_approve: [U0BOB]}
agents:
  change:
    description: Changes a host.
    runbook:
      phrases: ["change <host>"]
      steps: [{id: change, title: Change, call: ops.change, with: {env: prod, host: "{{ host }}"}}]
      answer: done
"""


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> Config:
        (tmp_path / "handrail.yaml").write_text(text)
        return load({})

    return read


def test_a_rule_says_when_people_are_reminded_who_else_is_told_and_who_may_act_alone(config_of):
    rule = config_of(GOOD).rules[0]

    assert (rule.remind_after, rule.fresh_for) == (timedelta(hours=1), timedelta(minutes=5))
    assert not rule.discreet
    assert config_of(GOOD.replace("fresh_for: 5m", "discreet: true")).rules[0].discreet
    assert rule.escalation == Escalation(
        after=timedelta(hours=4), tell=People(users=("U0CAROL",), groups=("S0LEADS",)), channel="C0ONCALL"
    )
    assert rule.break_glass == BreakGlass(
        people=People(groups=("S0ONCALL",)), channel="C0INCIDENTS", passes_freeze=True
    )


def test_without_them_nobody_else_is_told_and_nobody_may_act_alone(config_of):
    rule = config_of(GOOD).rules[1]

    assert (rule.remind_after, rule.escalation, rule.break_glass) == (None, None, None)
    assert rule.fresh_for == timedelta(minutes=15)


def test_windows_are_pinned_to_every_agent(config_of):
    config = config_of(GOOD)

    assert config.agents[0].windows == config.windows
    assert config.windows == (
        FreezeWindow(
            name="weekend",
            environments=("prod", "test"),
            starts="fri 16:00",
            ends="mon 08:00",
            timezone="Europe/Berlin",
        ),
        FreezeWindow(name="holidays", starts="2026-12-20 18:00", ends="2027-01-03 00:00"),
    )


def test_environments_are_known_where_they_are_named_outright(config_of):
    assert config_of(GOOD).environments == ("prod", "lab", "test")


def test_nobody_freezes_until_somebody_is_named(config_of):
    assert config_of(GOOD).freezers == People(users=("U0ALICE",), groups=("S0LEADS",))
    assert config_of(GOOD.replace("  who: {users: [U0ALICE], groups: [S0LEADS]}\n", "")).freezers == People()


MISTAKES = {
    "a reminder when it is over": (
        ("remind_after: 1h", "remind_after: 8h"),
        "handrail.yaml:9: rules[0].remind_after: expected less than expires_after (8h), found 8h",
    ),
    "an escalation when it is over": (
        ("escalate: {after: 4h", "escalate: {after: 2d"),
        "handrail.yaml:11: rules[0].escalate.after: expected less than expires_after (8h), found 2d",
    ),
    "an escalation to nobody": (
        ("{after: 4h, tell: {users: [U0CAROL], groups: [S0LEADS]}, channel: C0ONCALL}", "{after: 4h}"),
        "handrail.yaml:11: rules[0].escalate: expected tell (users or groups) or a channel, found neither",
    ),
    "an emergency for nobody": (
        ("{who: {groups: [S0ONCALL]}", "{who: {}"),
        "handrail.yaml:12: rules[0].break_glass.who: expected users or groups, found nobody",
    ),
    "a silent emergency": (
        ("channel: C0INCIDENTS, ", ""),
        "handrail.yaml:12: rules[0].break_glass.channel: expected this key, found nothing",
    ),
    "a channel's name": (
        ("channel: C0INCIDENTS", 'channel: "#incidents"'),
        "handrail.yaml:12: rules[0].break_glass.channel: expected a Slack channel id such as C0123ABCD, found '#incidents'",
    ),
    "a preview that is never fresh enough": (
        ("fresh_for: 5m", "fresh_for: 1s"),
        "handrail.yaml:10: rules[0].fresh_for: expected greater than or equal to 1 minute, found 1s",
    ),
    "a place that no clock knows": (
        ("Europe/Berlin", "Europe/Berln"),
        (
            "handrail.yaml:17: freeze.windows[0].timezone: expected a time zone such as Europe/Berlin, found "
            "'Europe/Berln'; did you mean Europe/Berlin?"
        ),
    ),
    "a window that is never open": (
        ("mon 08:00", "fri 16:00"),
        "handrail.yaml:17: freeze.windows[0].to: expected another time than the start, found 'fri 16:00'",
    ),
    "a window that nobody can read": (
        ("fri 16:00", "freitags"),
        "handrail.yaml:17: freeze.windows[0].from: expected a time such as fri 16:00 or 2026-12-20 18:00, found 'freitags'",
    ),
    "a test of a tool that nobody knows": (
        ("call: ops.change, with: {env: prod, host: a}", "call: ops.chang"),
        "handrail.yaml:20: policy_tests[0].call: expected one of the tools (ops.status, ops.change), found 'ops.chang'",
    ),
    "a test of a rule that nobody knows": (
        ("rule: prod", "rule: prd"),
        "handrail.yaml:20: policy_tests[0].rule: expected the name of a rule (prod, rest), found 'prd'",
    ),
    "an approver where nobody is asked": (
        ("expect: ask", "expect: allow"),
        "handrail.yaml:20: policy_tests[0].may_approve: expected `expect: ask` beside it, found allow",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(mistake, config_of):
    (right, wrong), told = MISTAKES[mistake]
    assert right in GOOD

    with pytest.raises(BadConfig) as refused:
        config_of(GOOD.replace(right, wrong))

    assert str(refused.value).splitlines() == [told]


def test_what_means_something_only_where_people_are_asked_is_doubted_elsewhere(config_of):
    text = GOOD.replace(
        "environments: [lab], then: allow}",
        "environments: [lab], then: allow, quorum: 1, escalate: {after: 1h, channel: C0OPS}}",
    )

    assert config_of(text).doubts == (
        "handrail.yaml:13: rules[1].quorum: nobody is asked: “rest” says allow",
        "handrail.yaml:13: rules[1].escalate: nobody is asked: “rest” says allow",
    )
