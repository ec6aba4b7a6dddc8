"""`undo` in a contract: what it means, and what is said about mistakes in it."""

import pytest

from handrail.config import BadConfig, load
from workflows.values.tools import Undo

FILE = """\
servers:
  ops: {command: ops-server}
  cd: {command: cd-server}
tools:
  ops.status: {reads: true}
  ops.scale:
    target: "{service}"
    undo: {tool: scale, with: {service: "{service}", replicas: "{result.was}"}}
  cd.deploy:
    class: idempotent
    key_in: {argument: request_id}
    preview: {dry_run: {dry: true}}
    undo: {tool: cd.deploy, with: {version: "{preview.now.version}"}}
agents:
  status:
    description: Looks.
    runbook:
      phrases: [status]
      steps: [{id: now, title: Look, call: ops.status}]
      answer: Fine.
"""


@pytest.fixture
def load_text(tmp_path):
    def read(text):
        (tmp_path / "handrail.yaml").write_text(text)
        return load({"HANDRAIL_CONFIG": str(tmp_path / "handrail.yaml")})

    return read


def test_it_is_a_call_of_the_same_server_unless_another_is_named(load_text):
    undos = {contract.name: contract.undo for contract in load_text(FILE).tools}

    assert undos == {
        "ops.status": None,
        "ops.scale": Undo(tool="ops.scale", arguments={"service": "{service}", "replicas": "{result.was}"}),
        "cd.deploy": Undo(tool="cd.deploy", arguments={"version": "{preview.now.version}"}),
    }


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("tool: scale", "tool: shrink", "expected a tool that changes something (ops.scale, cd.deploy)"),
        ("tool: scale", "tool: status", "expected a tool that changes something (ops.scale, cd.deploy)"),
        ("{result.was}", "{preview.was}", "is a field of the preview: expected preview beside it"),
        ("version:", "request_id:", "the argument request_id of cd.deploy is filled in by Handrail"),
        (
            "ops.status: {reads: true}",
            "ops.status: {reads: true, undo: {tool: scale}}",
            "a tool that only reads changes nothing",
        ),
    ],
)
def test_a_mistake_in_it_is_told(load_text, right, wrong, complaint):
    with pytest.raises(BadConfig) as refused:
        load_text(FILE.replace(right, wrong))

    assert complaint in str(refused.value)
