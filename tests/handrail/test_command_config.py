"""Command tools in the config: what they mean, and what is said about mistakes in them."""

import pytest

from handrail.config import load
from handrail.masking import worker_masker
from handrail.servers import tool_servers
from tests.handrail.test_config import GOOD, SECRET, complaint_of, config_of
from workflows.values.tools import Precondition

__all__ = ["complaint_of", "config_of"]

COMMANDS = """\
  infra:
    env: {TF_TOKEN: "${OPS_TOKEN}"}
    commands:
      token:
        description: Shows the token.
        run: [sh, -c, "printf '%s %s' $TF_TOKEN $0", "{name}"]
        arguments: {name: {type: string}}
      plan:
        description: Plans.
        run: [terraform, plan, -out, "{artifact}", "-var=size={size}"]
        arguments: {size: {type: integer}}
        artifact: made
      apply:
        description: Applies a plan.
        run: [terraform, apply, "{artifact}"]
        arguments: {size: {type: integer}}
        artifact: taken
tools:
  infra.token: {reads: true}
  infra.plan: {reads: true}
  infra.apply:
    preview: {tool: plan, applies: artifact}
"""
TEXT = GOOD.replace("tools:\n", COMMANDS, 1)


def with_commands(text: str = TEXT, **changed: str) -> str:
    for old, new in changed.values():
        assert old in text
        text = text.replace(old, new)
    return text


async def test_a_command_of_the_file_is_run_with_its_environment(config_of, tmp_path):
    config = config_of(TEXT)
    environ = {"HANDRAIL_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    masker = worker_masker(config, {})
    async with tool_servers(config, environ, masker) as servers:
        reply = await servers.call("infra", "token", {"name": "x"}, 20)

    assert reply.text == f"{SECRET} x"
    assert SECRET not in masker.text(reply.text)


def test_the_file_of_a_plan_guards_its_change(config_of):
    apply = config_of(TEXT).tools[2]

    assert apply.name == "infra.apply"
    assert apply.preview.applies == "artifact"
    assert (apply.preview_identity, apply.precondition) == (
        ("artifact",),
        Precondition(field="artifact", argument="artifact"),
    )


def test_who_starts_no_servers_needs_none_of_their_secrets(config_of, tmp_path):
    config_of(TEXT)
    assert load({}, with_servers=False).secrets == ()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[sh, -c,", '["{name}", -c,', "run[0]: expected a program"),
        ('"{name}"]', '"{nam}"]', "{nam} stands in it, and there is no such argument"),
        ('"{name}"]', '"{name}", "--{name}"]', "run[4]: expected more than dashes before an argument"),
        (', "{name}"]', "]", "arguments.name: nothing is made of it: people would approve what is never sent"),
        ("{type: string}", "{type: strin}", "arguments.name: expected a JSON schema"),
        ('-out, "{artifact}",', "-out, plan.bin,", "artifact: expected {artifact} in run"),
        ("artifact: made", "artifact: true", "expected 'made' or 'taken', found true"),
        ("description: Plans.", "descripton: Plans.", "did you mean description?"),
        ("run: [terraform, plan,", 'run: ["${OPS_TOKEN}",', "expected nothing from the environment in a tool"),
        ("tool: plan, applies", "applies", "preview.applies: the file is made by another tool"),
        ("applies: artifact", "applies: artifact, identity: [x]", "identity: the file alone makes it the same"),
        ("commands:", "comands:", "expected a mapping with one of the keys command, url, http, sql, commands, python, smtp, slack"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_place(complaint_of, old, new, complaint):
    said = "\n".join(complaint_of(with_commands(change=(old, new))))

    assert complaint in said
