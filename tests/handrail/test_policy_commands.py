"""`handrail policy`, `freeze`, `unfreeze` and `freezes`: what the rules say, and what is held."""

import json
import uuid
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from handrail.config import load
from handrail.config.schema import PolicyTestSection
from handrail.policy import differences
from handrail.policy_text import explain
from handrail.queues import runner
from handrail.trouble import Misused
from sandbox.client import Person
from tests.handrail.test_cli import run
from workflows.freeze import Freeze
from workflows.outside import Queue
from workflows.rules.digests import freeze_id

ROOT = Path(__file__).parents[2]
SATURDAY = datetime(2026, 7, 4, 12, tzinfo=ZoneInfo("America/New_York"))
POLICY = """\
servers: {ops: {command: ops-server}}
tools:
  ops.status: {reads: true}
  ops.change: {environment: "{env}", target: "{env}/{host}"}
  ops.wipe: {target: "{host}"}
  ops.note: {}
rules:
  - {name: never, tools: [ops.wipe], arguments: {force: true}, then: refuse}
  - {name: lab, environments: [lab], then: allow}
  - name: prod
    environments: [prod]
    then: ask
    approvers: {users: [U0ALICE, U0BOB], groups: [S0SRE]}
    quorum: 2
    expires_after: 8h
    remind_after: 90m
    escalate: {after: 4h, tell: {users: [U0CAROL]}, channel: C0ONCALL}
    break_glass: {who: {users: [U0DAVE]}, channel: C0INCIDENTS}
  - {name: notes, tools: [ops.note], then: ask, approvers: {users: [U0ALICE, U0BOB]}, quorum: 2}
freeze:
  windows:
    - {name: weekend, environments: [prod], from: "fri 16:00", to: "mon 08:00", timezone: Europe/Berlin}
    - {name: nights, from: "mon 22:00", to: "tue 06:00"}
agents:
  change:
    description: Changes a host.
    runbook:
      phrases: ["change <host>"]
      steps: [{id: change, title: Change, call: ops.change, with: {env: prod, host: "{{ host }}"}}]
      answer: done
"""


@pytest.fixture
def file(tmp_path):
    written = tmp_path / "mine.yaml"
    written.write_text(POLICY)
    return written


@pytest.fixture
def config(file):
    return load({"HANDRAIL_CONFIG": str(file)})


# What would become of a call


def said(config, tool: str, arguments: dict[str, object], requester: str = "") -> dict[str, str]:
    return dict(explain(config, tool, json.dumps(arguments), requester, SATURDAY))


def test_all_there_is_to_say_of_a_change_that_is_asked_about(config):
    assert said(config, "ops.change", {"host": "web1", "env": "prod"}, "U0ALICE") == {
        "call": 'ops.change {"env":"prod","host":"web1"}',
        "verdict": "needs approval: ops.change changes prod/web1",
        "rule": "“prod”, number 3 of 4 and the first that matches: environments prod",
        "target": "prod/web1",
        "environment": "prod",
        "may approve": "U0BOB, members of S0SRE",
        "may not": "U0ALICE, who asked for it; whoever edits it; bots, guests, people of other workspaces",
        "quorum": "2",
        "fresh for": "15m: an older preview is made again before anything is applied",
        "dangerous": "no",
        "discreet": "no",
        "expires": "8h after the card was posted",
        "reminder": "after 1h30m",
        "escalation": "after 4h, U0CAROL in C0ONCALL are told; the quorum stays",
        "break-glass": "U0DAVE alone, with a reason; told to C0INCIDENTS at once; a freeze still holds it",
        "held now": "by the window “weekend” until 2026-07-06 02:00 EDT",
        "freezes": "what people declared: `handrail freezes`",
    }


def test_who_asks_may_be_left_open(config):
    found = said(config, "ops.change", {"host": "web1", "env": "prod"})

    assert found["may approve"] == "U0ALICE, U0BOB, members of S0SRE"
    assert found["may not"].startswith("whoever asks for it; whoever edits it;")


def test_what_a_rule_allows_names_the_rule_and_nobody(config):
    found = said(config, "ops.change", {"host": "web1", "env": "lab"})

    assert found["verdict"] == "allowed: the rule “lab” allows it"
    assert found["rule"] == "“lab”, number 2 of 4 and the first that matches: environments lab"
    assert "may approve" not in found
    assert "held now" not in found


def test_what_a_rule_refuses_names_what_it_matched(config):
    found = said(config, "ops.wipe", {"host": "web1", "force": True})

    assert found["verdict"] == "refused: the rule “never” does not allow it"
    assert found["rule"] == "“never”, number 1 of 4 and the first that matches: tools ops.wipe; force = true"
    assert "freezes" not in found


def test_a_change_that_no_rule_matches_can_be_approved_by_nobody(config):
    found = said(config, "ops.wipe", {"host": "web1"})

    assert found["verdict"] == "needs approval: ops.wipe changes web1"
    assert found["rule"] == "none matches: a change needs an approval, and nobody is named who could give it"
    assert found["may approve"] == "nobody"


def test_what_only_reads_is_allowed_and_that_is_all(config):
    assert said(config, "ops.status", {}) == {
        "call": "ops.status {}",
        "verdict": "allowed: it only reads",
    }


def test_a_quorum_that_is_out_of_reach_for_this_requester_is_minded(config):
    assert "mind" not in said(config, "ops.note", {}, "U0CAROL")
    assert said(config, "ops.note", {}, "U0BOB")["mind"] == (
        "the quorum of 2 is out of reach: too few are left who may approve"
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "requester", "told"),
    [
        ("ops.chnage", "{}", "", "there is no tool 'ops.chnage'; the nearest are ops.change"),
        ("deploy", "{}", "", "there is no tool 'deploy'; there are ops.status, ops.change, ops.wipe, ops.note"),
        ("ops.change", "{'env': 1}", "", "the arguments can't be read: not JSON"),
        ("ops.change", '{"env": 1, "env": 2}', "", "the arguments can't be read: the key 'env' stands there twice"),
        ("ops.change", '["prod"]', "", "the arguments of ops.change are a JSON object"),
        ("ops.change", '{"user": "x"}', "", "ops.change needs env, host among its arguments"),
        ("ops.status", "{}", "alice", "--as: expected a Slack user id such as U0123ABCD, found 'alice'"),
    ],
)  # fmt: skip
def test_what_can_t_be_explained_is_told(config, tool, arguments, requester, told):
    with pytest.raises(Misused) as refused:
        explain(config, tool, arguments, requester, SATURDAY)

    assert str(refused.value).startswith(told)


async def test_the_command_says_it_line_by_line(file):
    environ = {"HANDRAIL_CONFIG": str(file)}

    assert await run("policy", "explain", "ops.status", **environ) == (
        0,
        "call         ops.status {}\nverdict      allowed: it only reads\n",
        "",
    )
    status, out, err = await run("policy", "explain", "ops.stats", "{}", **environ)
    assert (status, out, err) == (
        2,
        "",
        "handrail: there is no tool 'ops.stats'; the nearest are ops.status, ops.note, ops.change\n",
    )


# A table of cases


def case(**said: object) -> PolicyTestSection:
    in_prod = {"env": "prod", "host": "web1"}
    return PolicyTestSection.model_validate(
        {"name": "a case", "call": "ops.change", "with": in_prod, "expect": "ask", **said}
    )


@pytest.mark.parametrize(
    "holds",
    [
        case(),
        case(rule="prod", may_approve=["U0ALICE", "U0BOB", "S0SRE"]),
        case(requested_by="U0ALICE", may_approve=["U0BOB", "S0SRE"], may_not_approve=["U0ALICE"]),
        case(may_not_approve=["S0OTHERS"]),
        case(call="ops.note", may_not_approve=["U0CAROL"]),
        case(**{"with": {"env": "lab", "host": "web1"}, "expect": "allow", "rule": "lab"}),
        case(call="ops.wipe", expect="refuse", rule="never", **{"with": {"host": "a", "force": True}}),
        case(call="ops.wipe", rule="nobody was named", may_not_approve=["U0ALICE"], **{"with": {"host": "a"}}),
        case(call="ops.status", expect="allow", **{"with": {}}),
    ],
)  # fmt: skip
def test_a_case_that_holds_says_nothing(config, holds):
    assert differences(holds, config) == []


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (case(expect="allow"), "expected allow, found ask (rule “prod”)"),
        (case(expect="refuse", call="ops.status"), "expected refuse, found allow"),
        (case(rule="lab"), "expected the rule “lab”, found “prod”"),
        (case(call="ops.status", expect="allow", rule="lab"), "expected the rule “lab”, found none"),
        (case(requested_by="U0ALICE", may_approve=["U0ALICE"]),
         "expected that U0ALICE may approve, found that they asked for it"),
        (case(call="ops.note", may_approve=["U0CAROL"]),
         "expected that U0CAROL may approve, found that the rule does not name them"),
        (case(may_approve=["S0OTHERS"]),
         "expected that S0OTHERS may approve, found that the rule does not name them"),
        (case(may_approve=["U0CAROL"]),
         ("expected that U0CAROL may approve, found that the rule names only groups they may be in: only Slack knows "
         "who is in S0SRE, so name the group")),
        (case(may_not_approve=["U0BOB"]),
         "expected that U0BOB may not approve, found that the rule names them"),
        (case(may_not_approve=["U0CAROL"]),
         "expected that U0CAROL may not approve, found that they may be in S0SRE: only Slack knows"),
        (case(**{"with": {"env": "prod"}}),
         "ops.change needs host among its arguments: what it changes is named by them"),
        (case(**{"with": {"env": "prod", "host": float("nan")}}), "NaN and infinity have no JSON form"),
    ],
)  # fmt: skip
def test_a_case_that_fails_says_what_is_otherwise(config, fails, told):
    assert differences(fails, config) == [told]


def test_all_that_is_otherwise_is_told(config):
    assert (
        len(differences(case(rule="lab", may_approve=["S0OTHERS"], may_not_approve=["U0BOB"]), config)) == 3
    )


async def test_the_first_example_s_own_cases_hold():
    status, out, err = await run("policy", "test", HANDRAIL_CONFIG=str(ROOT / "handrail.yaml"))

    assert (status, err) == (0, "")
    assert all(line.startswith("✓ ") for line in out.splitlines())
    assert len(out.splitlines()) >= 5


async def test_a_case_that_fails_makes_the_command_fail(file):
    file.write_text(
        POLICY
        + "policy_tests:\n"
        + "  - {name: looking, call: ops.status, expect: allow}\n"
        + "  - {name: wiping, call: ops.wipe, with: {host: a}, expect: refuse}\n"
    )

    assert await run("policy", "test", HANDRAIL_CONFIG=str(file)) == (
        1,
        "✓ looking\n✗ wiping: expected refuse, found ask (rule “nobody was named”)\n",
        "",
    )


async def test_no_cases_at_all_are_no_success(file):
    status, _, err = await run("policy", "test", HANDRAIL_CONFIG=str(file))

    assert status == 2
    assert err.startswith(f"handrail: {file} has no policy_tests")


# Freezes on the command line


@pytest.fixture
def reached(temporal, tmp_path):
    """The environment in which the command line reaches this Temporal, and no demo."""
    address = temporal.client.service_client.config.target_host
    return {
        "TEMPORAL_ADDRESS": address,
        "TEMPORAL_NAMESPACE": temporal.client.namespace,
        "HANDRAIL_HOME": str(tmp_path),
        "HANDRAIL_CONFIG": str(ROOT / "handrail.yaml"),
    }


@pytest.fixture
async def environment(temporal):
    """One of its own: the server is shared. What is still frozen at the end is let go."""
    name = f"cli-{uuid.uuid4().hex[:8]}"
    yield name
    async for each in temporal.client.list_workflows(
        "WorkflowType = 'Freeze' AND ExecutionStatus = 'Running'"
    ):
        await temporal.client.get_workflow_handle(each.id).terminate()


@pytest.mark.recorded
async def test_a_freeze_is_declared_listed_and_ended(temporal, reached, environment, keep_histories):
    keep_histories.append(freeze_id(environment))
    status, out, _ = await run("freeze", "--environment", environment, "fire\x1b[2J", **reached)
    assert (status, out.splitlines()) == (
        0,
        [
            f"{environment} is frozen. To end it: handrail unfreeze --environment {environment}",
            f"Mind: the config names no environment '{environment}', but staging, prod.",
        ],
    )
    order = await (await temporal.client.get_workflow_handle(freeze_id(environment)).describe()).memo()
    assert order["freeze"]["by_words"].endswith(" on the command line")

    status, _, err = await run("freeze", "--environment", environment, "flood", **reached)
    assert status == 1
    assert f"{environment} is frozen by {order['freeze']['by_words']} since 20" in err
    assert err.endswith(": fire\\u{1b}[2J. Nothing was changed.\n")

    listed = await listing(reached, environment)
    assert f"{environment} is frozen by" in listed

    status, out, _ = await run("unfreeze", "--environment", environment, **reached)
    assert (status, out) == (0, f"The freeze of {environment} ends as soon as a worker is up.\n")
    # A client of its own: one client takes only one worker on a queue, and other stories may have theirs.
    client = await Client.connect(
        temporal.client.service_client.config.target_host, data_converter=pydantic_data_converter
    )
    async with Worker(client, task_queue=Queue.RUNS.value, workflows=[Freeze], workflow_runner=runner()):
        await temporal.client.get_workflow_handle(freeze_id(environment)).result()
    status, _, err = await run("unfreeze", "--environment", environment, **reached)
    assert status == 1
    assert err.startswith(f"handrail: Nobody has frozen {environment}, so there is nothing to end.")


async def listing(reached, text: str) -> str:
    """Temporal's lists are a moment behind."""
    for _ in range(10):
        status, out, _ = await run("freezes", **reached)
        assert status == 0
        if text in out:
            return out
    raise AssertionError(out)


async def test_a_window_that_is_open_is_listed(reached, file):
    always = POLICY.replace(
        'from: "mon 22:00", to: "tue 06:00"', "from: 2000-01-01 00:00, to: 2999-12-31 00:00"
    )
    file.write_text(always)

    status, out, _ = await run("freezes", **{**reached, "HANDRAIL_CONFIG": str(file)})

    assert status == 0
    assert "Everything is held by the window “nights” until 2999-12-31" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("freeze", "  "), "Say why: everybody whose change waits will read it."),
        (("freeze", "x" * 501), "That reason has 501 characters. Please keep it within 500."),
        (("freeze", "--environment", "prod*", "fire"), "--environment: no environment can be called 'prod*'."),
        (("unfreeze", "--environment", "a b"), "--environment: no environment can be called 'a b'."),
    ],
)  # fmt: skip
async def test_what_can_t_be_frozen_is_refused_before_anything_is_asked(arguments, told, tmp_path):
    nobody = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "HANDRAIL_HOME": str(tmp_path)}

    assert await run(*arguments, **nobody) == (2, "", f"handrail: {told}\n")


async def test_without_temporal_it_is_told_and_nothing_is_said_to_be_frozen(tmp_path):
    status, out, err = await run(
        "freeze", "fire", TEMPORAL_ADDRESS="127.0.0.1:1", HANDRAIL_HOME=str(tmp_path)
    )

    assert (status, out) == (1, "")
    assert err.startswith("handrail: Temporal does not answer at 127.0.0.1:1")


async def test_the_help_says_whom_it_trusts():
    _, out, _ = await run("freeze", "--help", COLUMNS="200")

    assert "who reaches Temporal's API is trusted" in " ".join(out.split())


@pytest.mark.proof
async def test_in_the_demo_a_freeze_of_slack_holds_what_was_approved_until_the_command_line_ends_it(demo):
    page = demo.home.page_url().rstrip("/")
    async with Person(page, "U0ALICE") as alice, Person(page, "U0BOB") as bob:
        await alice.say("C0OPS", "/handrail freeze prod fire")
        await bob.sees("C0OPS", "<@U0ALICE> froze `prod`:")
        status, _, err = await run("freeze", "--environment", "prod", "flood", **demo.environ)
        assert status == 1
        assert err.startswith("handrail: prod is frozen by U0ALICE since")

        await alice.say("C0OPS", "/handrail deploy checkout 1.4.2 to prod")
        await bob.click(await bob.sees("C0OPS", "Decide by"), "Approve")
        await alice.sees("C0OPS", "prod is frozen: fire")
        status, out, _ = await run("unfreeze", "--environment", "prod", **demo.environ)

        assert (status, out) == (0, "The freeze of prod is over. What it held goes on.\n")
        await alice.sees("C0OPS", "checkout went from 1.4.1 to 1.4.2 in prod", timeout=30)
