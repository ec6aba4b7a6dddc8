"""The config: what it means, and what is said about mistakes in it."""

from datetime import timedelta
from pathlib import Path

import pytest

from handrail.config import BadConfig, Config, load
from handrail.servers import stdio_settings
from workflows.values.people import People
from workflows.values.spec import Rule, RuleKind
from workflows.values.tools import (
    EffectClass,
    KeyForm,
    KeyPlace,
    Precondition,
    PreviewBy,
    ToolContract,
    Verify,
)

ROOT = Path(__file__).parents[2]
GOOD = """\
servers:
  ops: {command: ops-server, args: [--verbose], env: {OPS_TOKEN: "${OPS_TOKEN}"}}
tools:
  ops.status: {reads: true}
  ops.plan: {reads: true}
  ops.change:
    preview: {tool: plan}
    precondition: {field: etag, argument: if_match}
    target: "{host}"
    timeout: 1m30s
rules:
  - name: changes
    then: ask
    approvers: {users: [U0BOB], groups: [S0ONCALL]}
    expires_after: 2d
agents:
  change:
    description: Changes a host.
    examples: [change web1]
    runbook:
      phrases: ["change <host>"]
      steps:
        - {id: now, title: Look, call: ops.status}
        - {id: change, title: "Change {{ host }}", call: ops.change, with: {host: "{{ host }}"}, if_it_fails: go on}
      answer: "{{ host }} was {{ now.state }}."
"""
SECRET = "xyzzy-7261"


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    """What a text means as a config, or what is wrong with it."""
    monkeypatch.chdir(tmp_path)

    def read(text: str, **environ: str) -> Config:
        (tmp_path / "handrail.yaml").write_text(text)
        return load({"OPS_TOKEN": SECRET, **environ})

    return read


@pytest.fixture
def complaint_of(config_of):
    def read(text: str, **environ: str) -> list[str]:
        with pytest.raises(BadConfig) as refused:
            config_of(text, **environ)
        return str(refused.value).splitlines()

    return read


def test_the_first_example_is_a_good_one():
    config = load({"HANDRAIL_CONFIG": str(ROOT / "handrail.yaml")})

    assert [agent.name for agent in config.agents] == [
        "deploy",
        "release",
        "rollback",
        "diagnose",
        "report",
        "restart-everything",
        "restart",
        "ticket",
    ]
    assert config.doubts == ()


def test_a_tool_becomes_its_contract(config_of):
    config = config_of(GOOD)

    assert config.tools[2] == ToolContract(
        name="ops.change",
        server="ops",
        tool="change",
        effect_class=EffectClass.AT_MOST_ONCE,
        preview=PreviewBy(tool="plan"),
        precondition=Precondition(field="etag", argument="if_match"),
        target="{host}",
        timeout_seconds=90.0,
    )


VERIFIED = """\
    class: verifiable
    key_in: {argument: labels, as: label}
    verify: {tool: ops.status, with: {label: "{key}", host: "{host}"}, found: changes, settle: 5s}
"""


def test_a_tool_that_can_be_looked_up_says_where_the_key_goes_and_how_to_ask(config_of):
    contract = config_of(GOOD.replace("    timeout: 1m30s\n", VERIFIED)).tools[2]

    assert contract.effect_class is EffectClass.VERIFIABLE
    assert contract.key == KeyPlace(argument="labels", form=KeyForm.LABEL)
    assert contract.verify == Verify(
        tool="status", arguments={"label": "{key}", "host": "{host}"}, found="changes", settle_seconds=5.0
    )


def test_a_key_is_the_whole_argument_and_a_look_waits_a_minute_unless_said_otherwise(config_of):
    said = VERIFIED.replace(", as: label", "").replace(", settle: 5s", "")

    contract = config_of(GOOD.replace("    timeout: 1m30s\n", said)).tools[2]

    assert contract.key == KeyPlace(argument="labels", form=KeyForm.VALUE)
    assert contract.verify is not None
    assert contract.verify.settle_seconds == 60.0


def test_a_step_may_be_done_for_each_of_a_list(config_of):
    text = GOOD.replace("if_it_fails: go on}", "for_each: now.hosts, when: item.well, if_it_fails: go on}")

    [agent] = config_of(text).agents

    assert (agent.planner.steps[1].for_each, agent.planner.steps[1].when) == ("now.hosts", "item.well")


def test_an_agent_has_the_tools_that_its_runbook_calls_and_no_others(config_of):
    [agent] = config_of(GOOD).agents

    assert [tool.name for tool in agent.tools] == ["ops.status", "ops.change"]
    assert [step.unless_failed for step in agent.planner.steps] == [True, False]


def test_a_rule_says_who_is_asked_and_for_how_long(config_of):
    [agent] = config_of(GOOD).agents

    assert agent.rules == (
        Rule(
            name="changes",
            then=RuleKind.ASK,
            approvers=People(users=("U0BOB",), groups=("S0ONCALL",)),
            expires_after=timedelta(days=2),
        ),
    )


def test_a_server_gets_the_environment_it_was_given_and_the_secret_shows_nowhere(config_of):
    config = config_of(GOOD)

    server = stdio_settings("ops", config.servers["ops"])

    assert server.env == {"OPS_TOKEN": SECRET}
    assert SECRET not in repr(config) + repr(server) + str(server)


def test_who_starts_no_servers_needs_none_of_their_secrets(tmp_path):
    file = tmp_path / "handrail.yaml"
    file.write_text(GOOD)

    config = load({"HANDRAIL_CONFIG": str(file)}, with_servers=False)

    assert [agent.name for agent in config.agents] == ["change"]


def test_a_default_stands_in_for_what_is_not_set(config_of):
    config = config_of(GOOD.replace("${OPS_TOKEN}", "${NOBODY:-none}"))
    server = stdio_settings("ops", config.servers["ops"])

    assert server.env == {"OPS_TOKEN": "none"}


def test_plain_words_are_text_even_where_older_yaml_sees_something_else(config_of):
    config = config_of(GOOD.replace("expires_after: 2d", "environments: [no, on, 2026-01-01, 12:30]"))

    assert config.agents[0].rules[0].environments == ("no", "on", "2026-01-01", "12:30")


MISTAKES = {
    "a key that does not exist": (
        ("    timeout: 1m30s", "    timout: 1m30s"),
        "handrail.yaml:10: tools.ops.change.timout: there is no such key; did you mean timeout?",
    ),
    "a value of the wrong kind": (
        ("    timeout: 1m30s", "    timeout: soon"),
        "handrail.yaml:10: tools.ops.change.timeout: expected a duration such as 30s, 15m, 24h or 7d, found 'soon'",
    ),
    "a word that is not one of a few": (
        ("    then: ask", "    then: aks"),
        "handrail.yaml:13: rules[0].then: expected 'allow', 'ask' or 'refuse', found 'aks'",
    ),
    "a name where an id belongs": (
        ("[U0BOB]", "[bob]"),
        "handrail.yaml:14: rules[0].approvers.users[0]: expected a Slack user id such as U0123ABCD, found 'bob'",
    ),
    "a key written twice": (
        ("    expires_after: 2d", "    expires_after: 2d\n    then: allow"),
        "handrail.yaml:16: rules[0].then: expected each key once, found it again (first in line 13)",
    ),
    "an environment variable that is not set": (
        ("${OPS_TOKEN}", "${NOT_SET}"),
        "handrail.yaml:2: servers.ops.env.OPS_TOKEN: expected the environment variable NOT_SET, found that it is not set",
    ),
    "a runbook that calls a tool nobody knows": (
        ("call: ops.status", "call: ops.state"),
        (
            "handrail.yaml:23: agents.change.runbook.steps[0]: the step “now”: there is no tool ops.state; this agent has "
            "ops.status, ops.plan, ops.change"
        ),
    ),
    "a template that asks for what is not there": (
        ("was {{ now.state }}", "was {{ before.state }}"),
        (
            "handrail.yaml:25: agents.change.runbook.answer: the answer: “{{ host }} was {{ before.state }}.” asks for "
            "before, which is neither a parameter nor an earlier step"
        ),
    ),
    "a phrase that can't be read": (
        ('"change <host>"', '"change <host>", "alter <host"'),
        (
            "handrail.yaml:21: agents.change.runbook.phrases[1]: “alter <host” can't be read: <name> and [optional part] "
            "need both their ends"
        ),
    ),
    "a preview by a tool that is not said to only read": (
        ("  ops.plan: {reads: true}", "  ops.plan: {}"),
        "handrail.yaml:7: tools.ops.change.preview.tool: expected a tool with `reads: true` (ops.status), found 'plan'",
    ),
    "an idempotent tool without a place for the key": (
        ("    timeout: 1m30s", "    class: idempotent"),
        (
            "handrail.yaml:10: tools.ops.change.class: an idempotent tool deduplicates by our key: expected key_in "
            "beside it, found nothing"
        ),
    ),
    "a place for the key in a form nobody knows": (
        ("    timeout: 1m30s", "    key_in: {argument: labels, as: tag}"),
        ("handrail.yaml:10: tools.ops.change.key_in.as: expected 'value', 'trailer' or 'label', found 'tag'"),
    ),
    "a verifiable tool without a place for the key": (
        (
            "    timeout: 1m30s",
            '    class: verifiable\n    verify: {tool: status, with: {q: "{key}"}, found: changes}',
        ),
        (
            "handrail.yaml:10: tools.ops.change.class: what a verifiable tool did is looked up by our key: expected key_in "
            "beside it, found nothing"
        ),
    ),
    "a verifiable tool that says not how to look": (
        ("    timeout: 1m30s", "    class: verifiable\n    key_in: {argument: labels, as: label}"),
        (
            "handrail.yaml:10: tools.ops.change.class: what a verifiable tool did is looked up by our key: expected verify "
            "beside it, found nothing"
        ),
    ),
    "a look-up where none is made": (
        ("    timeout: 1m30s", '    verify: {tool: status, with: {q: "{key}"}, found: changes}'),
        "handrail.yaml:10: tools.ops.change.verify: expected `class: verifiable` beside it, found at_most_once",
    ),
    "a look-up by a tool that is not said to only read": (
        ("    timeout: 1m30s\n", VERIFIED.replace("ops.status", "ops.change")),
        (
            "handrail.yaml:12: tools.ops.change.verify.tool: expected a tool with `reads: true` (ops.status, ops.plan), "
            "found 'ops.change'"
        ),
    ),
    "a look-up that does not ask for our key": (
        ("    timeout: 1m30s\n", VERIFIED.replace("{key}", "{label}")),
        (
            "handrail.yaml:12: tools.ops.change.verify.with: expected {key} in it: without, it would find what is not ours"
        ),
    ),
    "a look-up by the text of an answer that may repeat the question": (
        ("    timeout: 1m30s\n", VERIFIED.replace(", found: changes", "")),
        (
            "handrail.yaml:12: tools.ops.change.verify: expected found, or no {key} in with: an answer may repeat what it "
            "was asked, and then the key is always in it"
        ),
    ),
    "a proof that every error would be": (
        ("    timeout: 1m30s", '    proves_nothing_done: ["NOT_FOUND:", "INVALID|"]'),
        (
            "handrail.yaml:10: tools.ops.change.proves_nothing_done[1]: expected a pattern that does not match the empty "
            "text, found 'INVALID|'"
        ),
    ),
    "a key for a tool that only reads": (
        ("  ops.plan: {reads: true}", "  ops.plan: {reads: true, key_in: {argument: id}}"),
        "handrail.yaml:5: tools.ops.plan.key_in: a tool that only reads changes nothing, so this has no place here",
    ),
    "an item where there is no list": (
        ('title: "Change {{ host }}"', 'title: "Change {{ item }}"'),
        (
            "handrail.yaml:24: agents.change.runbook.steps[1]: the title of the step “change”: “Change {{ item }}” asks for "
            "item, which is neither a parameter nor an earlier step"
        ),
    ),
    "a rule about a tool nobody knows": (
        ("    then: ask", "    then: ask\n    tools: [ops.chnage]"),
        (
            "handrail.yaml:14: rules[0].tools[0]: expected a tool or a pattern of tools (ops.status, ops.plan, ops.change), "
            "found 'ops.chnage'"
        ),
    ),
    "a quorum that nobody can reach": (
        ("groups: [S0ONCALL]}", "groups: []}\n    quorum: 2"),
        "handrail.yaml:15: rules[0].quorum: expected at most as many as there are approvers (1), found 2",
    ),
    "an example that no phrase fits": (
        ("[change web1]", "[change web1 now]"),
        "handrail.yaml:19: agents.change.examples[0]: expected a goal that one of the phrases fits, found 'change web1 now'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(mistake, complaint_of):
    (right, wrong), told = MISTAKES[mistake]
    assert right in GOOD

    assert complaint_of(GOOD.replace(right, wrong)) == [told]


def test_all_mistakes_are_told_at_once(complaint_of):
    text = GOOD.replace("then: ask", "then: aks").replace("[U0BOB]", "[bob]").replace("1m30s", "soon")

    assert [line.split(":")[1] for line in complaint_of(text)] == ["10", "13", "14"]


def test_a_value_from_the_environment_is_never_repeated(complaint_of):
    text = GOOD.replace("timeout: 1m30s", 'timeout: "${OPS_TOKEN}"').replace("[U0BOB]", '["${OPS_TOKEN}"]')

    told = complaint_of(text)

    assert [line.rpartition("found ")[2] for line in told] == ["the value of ${OPS_TOKEN}"] * 2
    assert SECRET not in "".join(told)


def test_what_is_no_yaml_is_told_with_its_line(complaint_of):
    assert complaint_of("slack: {}\nrules: [\n") == [
        "handrail.yaml:3: this is no YAML: expected the node content, but found '<stream end>'"
    ]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadConfig) as refused:
        load({"HANDRAIL_CONFIG": str(tmp_path / "other.yaml")})

    assert (
        str(refused.value)
        == f"{tmp_path}/other.yaml: there is no such file; HANDRAIL_CONFIG names another one"
    )


def test_a_rule_that_asks_nobody_is_allowed_and_doubted(config_of):
    text = GOOD.replace("    approvers: {users: [U0BOB], groups: [S0ONCALL]}\n", "")

    assert config_of(text).doubts == (
        "handrail.yaml:12: rules[0]: nobody can approve what “changes” asks for: it names no approvers",
    )


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (".+", "Internal error"),
        ("Error", "Error executing tool"),
        ("MCP error -32602", "MCP error -32602: Output validation error"),
    ],
)
def test_a_proof_that_fits_what_is_said_of_any_breakdown_is_doubted(config_of, pattern, said):
    text = GOOD.replace("    timeout: 1m30s", f'    proves_nothing_done: ["NOT_FOUND:", "{pattern}"]')

    assert config_of(text).doubts == (
        f"handrail.yaml:10: tools.ops.change.proves_nothing_done[1]: “{said}” fits it, which may be said after it was done",
    )


def test_a_rule_about_what_only_reads_is_doubted(config_of):
    reading = GOOD.replace(
        "  - name: changes\n", "  - {name: looks, tools: [ops.status], then: allow}\n  - name: changes\n"
    )

    [doubt] = config_of(reading).doubts

    assert "“looks” never applies: what only reads is not asked about" in doubt


def test_an_agent_may_be_in_shadow_and_is_not_unless_it_says_so(config_of):
    [agent] = config_of(GOOD).agents
    [shadow] = config_of(GOOD.replace("  change:\n    desc", "  change:\n    shadow: true\n    desc")).agents

    assert (agent.shadow, shadow.shadow) == (False, True)
