"""What the config says of who starts an agent and how it is asked for, and what is said about mistakes in it."""

import pytest

from bot.start_settings import Parameter, ParameterKind, StartSettings
from handrail.bot_process import bot_settings
from handrail.config import BadConfig, Config, load
from workflows.values.people import People

GOOD = """\
servers: {ops: {command: ops-server}}
tools: {ops.scale: {target: "{host}"}}
agents:
  scale:
    description: Scales a host.
    prompts: [scale a to 3]
    start: {users: [U0BOB], groups: [S0LEADS], channels: [C0OPS]}
    runbook:
      phrases: ["scale <host> [to <count>] [in <place>] [<forced>]"]
      defaults: {count: "2", place: lab, forced: "no"}
      parameters:
        host: {help: Its name}
        count: {kind: number}
        place: {choices: [lab, prod]}
        forced: {kind: yes_no}
      steps: [{id: scale, title: Scale, call: ops.scale, with: {host: "{{ host }}"}}]
      answer: done
"""


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> Config:
        (tmp_path / "handrail.yaml").write_text(text)
        return load({})

    return read


def test_the_bot_is_told_who_may_start_an_agent_where_and_how_it_is_asked_for(config_of):
    assert bot_settings(config_of(GOOD), {}).starting_of("scale") == StartSettings(
        people=People(users=("U0BOB",), groups=("S0LEADS",)),
        channels=("C0OPS",),
        prompts=("scale a to 3",),
        parameters={
            "host": Parameter(help="Its name"),
            "count": Parameter(kind=ParameterKind.NUMBER),
            "place": Parameter(choices=("lab", "prod")),
            "forced": Parameter(kind=ParameterKind.YES_NO),
        },
    )


def test_everybody_may_start_what_says_nothing_of_it(config_of):
    plain = GOOD.replace("    start: {users: [U0BOB], groups: [S0LEADS], channels: [C0OPS]}\n", "")

    starting = config_of(plain).starting["scale"]
    assert not starting.people
    assert starting.channels == ()


MISTAKES = {
    "a channel's name": (
        ("channels: [C0OPS]", 'channels: ["#ops"]'),
        "handrail.yaml:7: agents.scale.start.channels[0]: expected a Slack channel id such as C0123ABCD, found '#ops'",
    ),
    "a prompt that no phrase fits": (
        ("[scale a to 3]", "[do something]"),
        "handrail.yaml:6: agents.scale.prompts[0]: expected a goal that one of the phrases fits, found 'do something'",
    ),
    "more prompts than Slack shows": (
        ("[scale a to 3]", "[scale a, scale b, scale c, scale d, scale e]"),
        "handrail.yaml:6: agents.scale.prompts: expected at most 4 entries, found a list",
    ),
    "help that fills the form": (
        ("Its name", "x" * 201),
        "handrail.yaml:12: agents.scale.runbook.parameters.host.help: expected at most 200 characters, found 'xxx",
    ),
    "a parameter of no phrase": (
        ("host: {help: Its name}", "hots: {help: Its name}"),
        (
            "handrail.yaml:12: agents.scale.runbook.parameters.hots: expected a parameter of the phrases "
            "(host, count, place, forced), found 'hots'"
        ),
    ),
    "a default that is no choice": (
        ("choices: [lab, prod]", "choices: [test, prod]"),
        "handrail.yaml:14: agents.scale.runbook.parameters.place: its default is 'lab': expected one of test, prod",
    ),
    "a default that is no number": (
        ('count: "2"', "count: two"),
        "handrail.yaml:13: agents.scale.runbook.parameters.count: its default is 'two': expected a number",
    ),
    "a default that is neither yes nor no": (
        ('forced: "no"', 'forced: "never"'),
        "handrail.yaml:15: agents.scale.runbook.parameters.forced: its default is 'never': expected one of yes, no",
    ),
    "a choice of two words": (
        ("choices: [lab, prod]", "choices: [lab, the prod]"),
        (
            "handrail.yaml:14: agents.scale.runbook.parameters.place.choices[1]: expected one word of at most 75 "
            "characters, found 'the prod'"
        ),
    ),
    "choices of a number": (
        ("choices: [lab, prod]", "choices: [lab, prod], kind: number"),
        (
            "handrail.yaml:14: agents.scale.runbook.parameters.place.choices: expected either choices or kind, found "
            "both (number)"
        ),
    ),
    "a choice twice": (
        ("choices: [lab, prod]", "choices: [lab, lab]"),
        "handrail.yaml:14: agents.scale.runbook.parameters.place.choices: expected each choice once",
    ),
}


@pytest.mark.parametrize(("change", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_with_its_line_and_what_was_expected(config_of, change, said):
    assert change[0] in GOOD
    with pytest.raises(BadConfig) as refused:
        config_of(GOOD.replace(*change))

    assert str(refused.value).splitlines()[0].startswith(said)
