"""What the config says of language models, and what is said about mistakes in it."""

from decimal import Decimal

import pytest
from rich.console import Console

from handrail.check import check_all
from handrail.config import BadConfig, load
from handrail.masking import worker_masker
from workflows.values.spec import Limits, ModelPlanner

GOOD = """\
servers: {ops: {command: ops-server}}
models:
  local: {url: "http://localhost:11434/v1", model: qwen3, key: "${GATEWAY_KEY}"}
tools: {ops.status: {reads: true}, ops.change: {target: "{host}"}, ops.drop: {target: "{host}"}}
agents:
  operate:
    description: Looks after hosts.
    model: anthropic:claude-sonnet-4-5
    fallback: local
    instructions: Look first.
    tools: [ops.status, "ops.ch*"]
    budget: {steps: 9, tokens: 5000, cost: 2.50}
  look:
    description: Looks.
    runbook: {phrases: [look], steps: [{id: now, title: Look, call: ops.status}], answer: done}
"""
GATEWAY_KEY = "gateway-key-000001"


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text: str, **environ: str):
        (tmp_path / "handrail.yaml").write_text(text)
        return load({"GATEWAY_KEY": GATEWAY_KEY, **environ})

    return read


def test_an_agent_with_a_model_has_its_instructions_its_tools_and_its_budget(config_of):
    agent = config_of(GOOD).agents[0]

    assert agent.planner == ModelPlanner(
        models=("anthropic:claude-sonnet-4-5", "local"), instructions="Look first.", context=128_000
    )
    assert [tool.name for tool in agent.tools] == ["ops.status", "ops.change"]
    assert agent.limits == Limits(steps=9, tokens=5000, cost=Decimal("2.50"))


def test_an_agent_has_those_of_handrails_own_tools_that_it_names(config_of):
    some = GOOD.replace('"ops.ch*"', '"ops.ch*", "handrail.wait_*"')
    called = GOOD.replace("call: ops.status", "call: handrail.wait_until, with: {for: 2h}")

    assert config_of(GOOD).agents[0].own_tools == ()
    assert config_of(some).agents[0].own_tools == ("handrail.wait_until", "handrail.wait_for_event")
    assert config_of(called).agents[1].own_tools == ("handrail.wait_until",)
    assert [tool.name for tool in config_of(some).agents[0].tools] == ["ops.status", "ops.change"]


def test_the_only_agent_with_a_model_takes_the_goals_that_no_phrase_fits(config_of):
    two = GOOD.replace(
        "agents:\n", "agents:\n  other: {description: Other., model: local, tools: [ops.status]}\n"
    )

    assert config_of(GOOD).default_agent == "operate"
    assert config_of(two).default_agent is None


def test_a_context_is_that_of_the_smallest_model_unless_the_agent_has_one(config_of):
    small = GOOD.replace('key: "${GATEWAY_KEY}"', 'key: "${GATEWAY_KEY}", context: 8192')
    own = small.replace("    fallback: local\n", "    fallback: local\n    context: 6000\n")

    assert config_of(small).agents[0].planner.context == 8192
    assert config_of(own).agents[0].planner.context == 6000


def test_without_a_model_named_there_is_no_such_agent(config_of):
    text = GOOD.replace("model: anthropic:claude-sonnet-4-5", "model: ${HANDRAIL_MODEL:-}")

    assert [agent.name for agent in config_of(text).agents] == ["look"]
    named = config_of(text, HANDRAIL_MODEL="openai:gpt-5").agents[0].planner
    assert named.models == ("openai:gpt-5", "local")


def test_keys_are_secrets_wherever_they_come_from(config_of):
    masker = worker_masker(config_of(GOOD), {"ANTHROPIC_API_KEY": "sk-ant-000001", "LANG": "de_DE.UTF-8"})

    assert masker.text(f"{GATEWAY_KEY} sk-ant-000001 de_DE.UTF-8") == "[masked] [masked] de_DE.UTF-8"


MISTAKES = {
    "neither a runbook nor a model": (
        (
            "    runbook: {phrases: [look], steps: [{id: now, title: Look, call: ops.status}], answer: done}\n",
            "",
        ),
        "handrail.yaml:13: agents.look: expected a runbook or a model, found neither",
    ),
    "both": (
        ("    description: Looks.\n", "    description: Looks.\n    model: local\n"),
        "handrail.yaml:15: agents.look.model: this agent has a runbook, and that alone plans: expected only one of them",
    ),
    "a model that nobody knows": (
        ("fallback: local", "fallback: locel"),
        "handrail.yaml:9: agents.operate.fallback: expected provider:model, or one of the models (local), found 'locel'",
    ),
    "no tools": (
        ('    tools: [ops.status, "ops.ch*"]\n', ""),
        "handrail.yaml:6: agents.operate: expected tools, the patterns of those that its model may call, found none",
    ),
    "a pattern that fits no tool": (
        ('"ops.ch*"', '"opps.*"'),
        (
            "handrail.yaml:11: agents.operate.tools[1]: expected a tool or a pattern of tools "
            "(ops.status, ops.change, ops.drop, handrail.wait_until, handrail.wait_for_event, "
            "handrail.ask_person), found 'opps.*'"
        ),
    ),
    "an address that is none": (
        ("http://localhost:11434/v1", "localhost:11434"),
        "handrail.yaml:3: models.local.url: expected an address such as http://localhost:11434/v1, found 'localhost:11434'",
    ),
    "a server with the name of ours": (
        (
            "servers: {ops: {command: ops-server}}",
            "servers: {ops: {command: ops-server}, handrail: {command: x}}",
        ),
        (
            "handrail.yaml:1: servers.handrail: expected another name: handrail.wait_until, "
            "handrail.wait_for_event, handrail.ask_person are Handrail's own"
        ),
    ),
    "a contract for a tool of ours": (
        ("tools: {ops.status: {reads: true},", "tools: {handrail.wait_until: {}, ops.status: {reads: true},"),
        (
            "handrail.yaml:4: tools.handrail.wait_until: this is one of Handrail's own tools: it needs no "
            "contract, and agents have it by name"
        ),
    ),
    "what a tool of ours would not take": (
        ("call: ops.status}", "call: handrail.wait_until, with: {for: soon}}"),
        (
            "handrail.yaml:15: agents.look.runbook.steps[0]: the step “now”: handrail.wait_until can't be called "
            "like that: for: expected a duration such as 30s, 15m, 24h or 7d"
        ),
    ),
    "a budget of nothing": (
        ("cost: 2.50", "cost: 0"),
        "handrail.yaml:12: agents.operate.budget.cost: expected greater than 0, found 0",
    ),
}


@pytest.mark.parametrize(("change", "line"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_was_expected(config_of, change, line):
    with pytest.raises(BadConfig) as bad:
        config_of(GOOD.replace(*change))

    assert line in str(bad.value).splitlines()


async def test_check_says_of_each_model_whether_it_is_set_up(tmp_path, monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "handrail.yaml").write_text(GOOD)
    environ = {
        "HANDRAIL_CONFIG": str(tmp_path / "handrail.yaml"),
        "HANDRAIL_HOME": str(tmp_path),
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "GATEWAY_KEY": GATEWAY_KEY,
    }
    console = Console(record=True, width=300)

    assert not await check_all(environ, console)

    said = console.export_text()
    assert "✗ models     anthropic:claude-sonnet-4-5 can't be asked" in said
    assert "ANTHROPIC_API_KEY" in said
    assert "✓ models     local is set up; nothing was asked of it" in said
