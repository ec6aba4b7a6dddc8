"""Which values are secrets, by the config and the environment, and that no log holds one."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.masking import MARK
from handrail.config import BadConfig, Config, load
from handrail.masking import bot_masker, worker_masker

ROOT = Path(__file__).parents[2]
MISBEHAVING = ROOT / "tests" / "activities" / "servers" / "misbehaving.py"
TOKEN, REGION, KEY = "xyzzy-7261", "eu-west-1", "s3cr3t/key"
GIVEN = """\
servers:
  ops:
    command: ${OPS_FOLDER:-/opt}/ops-server
    args: ["--token=${OPS_TOKEN}", "--region", "${REGION:-us-east-1}"]
    env: {PYTHON: "${HANDRAIL_PYTHON}", HOME: "${HANDRAIL_HOME}", LEVEL: "${LEVEL:-verbose}", PLAIN: by-hand}
"""
AGENTS = """\
tools: {ops.status: {reads: true}}
agents:
  look:
    description: Looks.
    runbook: {phrases: [look], steps: [{id: now, title: Look, call: ops.status}], answer: "{{ now }}"}
"""


@pytest.fixture
def config_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(more: str = "", *, given: str = GIVEN, with_servers: bool = True, **environ: str) -> Config:
        (tmp_path / "handrail.yaml").write_text(given + AGENTS + more)
        return load({"OPS_TOKEN": TOKEN, **environ}, with_servers=with_servers)

    return read


def secrets_of(config: Config) -> list[str]:
    return [secret.get_secret_value() for secret in config.secrets]


def test_what_a_server_is_given_from_the_environment_is_secret(config_of):
    """The value itself, and not the text around it; nor what stands in the file, nor Handrail's own paths."""
    config = config_of(OPS_FOLDER="/srv/xyzzy", REGION=REGION)

    assert secrets_of(config) == ["/srv/xyzzy", TOKEN, REGION]
    assert config.doubts == ()
    assert TOKEN not in repr(config)


def test_what_is_said_to_be_no_secret_is_shown(config_of):
    config = config_of("masking: {public: [REGION]}", REGION=REGION)

    assert secrets_of(config) == [TOKEN]
    assert config.doubts == ()


def test_other_values_and_patterns_are_masked_too(config_of):
    config = config_of("masking: {values: ['${DB_KEY}', 'by hand'], patterns: ['ghp_[a-z]+']}", DB_KEY=KEY)
    environ = {"TEMPORAL_API_KEY": "temporal-key", "SLACK_BOT_TOKEN": "xoxb-not-ours"}

    masked = worker_masker(config, environ).text(
        f"{TOKEN} {KEY} by hand ghp_abc temporal-key xoxb-not-ours us-east-1 verbose"
    )

    assert masked == f"{MARK} {MARK} {MARK} {MARK} {MARK} xoxb-not-ours us-east-1 verbose"


def test_the_bot_masks_its_own_tokens_and_needs_no_one_elses(config_of):
    config = config_of("masking: {values: ['${NOT_SET}'], patterns: ['ghp_[a-z]+']}", with_servers=False)
    environ = {
        "SLACK_BOT_TOKEN": "xoxb-1-2",
        "SLACK_APP_TOKEN": "xapp-1-2",
        "SLACK_SIGNING_SECRET": "0123456789abcdef",
        "TEMPORAL_API_KEY": "temporal-key",
    }

    text = " ".join([*environ.values(), "ghp_abc", "hello"])

    assert bot_masker(config, environ).text(text) == " ".join([MARK] * 5 + ["hello"])


def test_what_is_too_short_to_be_masked_is_doubted(config_of):
    config = config_of("masking: {values: [abcde], public: [REGOIN]}", OPS_TOKEN="12345")

    short = "has fewer than 6 characters, so it is not masked where it shows up"
    assert config.doubts == (
        f"handrail.yaml:4: servers.ops.args[0]: the value of ${{OPS_TOKEN}} {short}",
        f"handrail.yaml:11: masking.values[0]: it {short}",
        "handrail.yaml:11: masking.public[0]: nothing in the file is called ${REGOIN}",
    )


SHOWN = """\
  ask:
    description: Asks.
    runbook: {phrases: [ask], steps: [{id: a, title: A, call: ops.status, with: {of: "${API_TOKEN}"}}], answer: "A."}
rules: [{name: asked, then: ask, approvers: {users: [U0BOB]}, arguments: {of: "${API_TOKEN}"}}]
slack: {default_agent: "${API_TOKEN:-ask}"}
"""


@pytest.mark.parametrize("with_servers", [True, False], ids=["the worker", "the bot"])
def test_what_may_be_a_secret_is_refused_where_people_are_shown_it(config_of, with_servers):
    """The bot would know it, and nothing would mask it. Nor does the refusal itself say it."""
    with pytest.raises(BadConfig) as caught:
        config_of(SHOWN, with_servers=with_servers, API_TOKEN=TOKEN)

    why = (
        "expected no secret, for people are shown this, found ${API_TOKEN}: give it to a tool server in its env, "
        "or list API_TOKEN in masking.public if anybody may see it"
    )
    assert str(caught.value).splitlines() == [
        f"handrail.yaml:13: agents.ask.runbook.steps[0].with.of: {why}",
        f"handrail.yaml:14: rules[0].arguments.of: {why}",
        f"handrail.yaml:15: slack.default_agent: {why}",
    ]


def test_what_anybody_may_see_may_stand_anywhere_and_the_bot_knows_it_too(config_of):
    public = SHOWN + 'masking: {public: [API_TOKEN], patterns: ["${API_TOKEN}-[0-9]+"]}'

    bot, worker = (config_of(public, with_servers=each, API_TOKEN="ask") for each in (False, True))

    assert (bot.rules[0].arguments, bot.default_agent) == (worker.rules[0].arguments, worker.default_agent)
    assert (bot.default_agent, bot.mask_patterns, worker.doubts) == ("ask", ("ask-[0-9]+",), ())


def test_a_credential_that_stands_in_the_file_is_doubted(config_of):
    """It is no secret to the masker; one that is listed is, and one that anybody may see need not be."""
    env = "{A_TOKEN: plain, B_KEY: listed, C_KEY: anybodys, D_KEY: '', EPSILON: plain, F_KEY: '${OPS_TOKEN}'}"
    servers = f"servers: {{ops: {{command: ops-server, env: {env}}}}}\n"

    config = config_of("masking: {values: [listed], public: [C_KEY]}", given=servers)

    [doubt] = config.doubts
    assert doubt == (
        "handrail.yaml:1: servers.ops.env.A_TOKEN: it stands in the file in plain text and is not masked: "
        "write ${A_TOKEN}, or list A_TOKEN in masking.public if anybody may see it"
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "patterns: ['(']",
            "patterns[0]: expected a regular expression in the syntax of RE2 (missing ): (), found '('",
        ),
        (
            "patterns: ['[a-z]*']",
            "patterns[0]: expected a pattern that does not match the empty text, found '[a-z]*'",
        ),
        ("values: [271828]", "values[0]: expected text, found something else: write it in quotes"),
        (
            "values: ['${NOT_SET}']",
            "values[0]: expected the environment variable NOT_SET, found that it is not set",
        ),
        ("secrets: [a]", "secrets: there is no such key; known here: patterns, values, public"),
    ],
)
def test_a_mistake_is_told_with_what_to_do_and_without_the_secret(config_of, written: str, told: str):
    with pytest.raises(BadConfig) as caught:
        config_of(f"masking: {{{written}}}")

    assert str(caught.value) == f"handrail.yaml:11: masking.{told}"


# Logs

LOGGING = """\
import asyncio, logging, os, sys, threading
logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
from activities.masking import Masker
from handrail.masking import mask_logs
secret = "xyz'zy/7261"
mask_logs(Masker([secret], []))
log = logging.getLogger("some.library")
"""


async def logged(code: str, *arguments: str) -> tuple[int | None, str]:
    """(exit status, what was written to stderr) of a process that masks its log."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LOGGING + code, *arguments), cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    assert b"xyz" not in told
    return process.returncode, told.decode()


async def test_no_part_of_a_record_holds_a_secret():
    _, told = await logged(
        "log.error('%s and %r', secret, {'a': secret})\n"
        "try: raise ValueError(secret)\n"
        "except ValueError: log.exception('failed: %s', 'why')\n"
        "log.error('%d', secret)\n"
        "log.error('bye', stack_info=True)\n"
    )

    lines = told.splitlines()
    assert lines[:2] == [
        f"ERROR some.library: {MARK} and {{'a': \"{MARK}\"}}",
        "ERROR some.library: failed: why",
    ]
    assert f"ValueError: {MARK}" in lines
    assert "ERROR some.library: '%d' can't be formatted: " in told
    assert "ERROR some.library: bye" in lines


async def test_a_crash_tells_no_secret():
    status, told = await logged(
        "thread = threading.Thread(target=lambda: {}[secret])\n"
        "thread.start(); thread.join()\n"
        "class Odd:\n    def __del__(self): raise OSError(secret)\n"
        "Odd()\n"
        "raise SystemError(secret)\n"
    )

    assert status == 1
    assert [line for line in told.splitlines() if MARK in line] == [
        f'KeyError: "{MARK}"',
        f"OSError: {MARK}",
        f"SystemError: {MARK}",
    ]


FAILING = """
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

told = asyncio.Event()

class Hears(logging.Handler):
    def emit(self, record):
        if record.name.startswith("temporalio.core"):
            loop.call_soon_threadsafe(told.set)

@workflow.defn
class Fails:
    @workflow.run
    async def run(self): raise ValueError(secret)

async def main():
    global loop
    loop = asyncio.get_running_loop()
    logging.getLogger().addHandler(Hears())
    client = await Client.connect(sys.argv[1])
    queue = f"failing-{os.getpid()}"
    async with Worker(client, task_queue=queue, workflows=[Fails], workflow_runner=UnsandboxedWorkflowRunner()):
        run = await client.start_workflow(Fails.run, id=queue, task_queue=queue)
        await told.wait()
        await run.terminate()

asyncio.run(main())
# Temporal's core still logs from threads of its own, and aborts where Python is half gone already.
sys.stderr.flush()
os._exit(0)
"""


async def test_the_log_of_temporals_core_holds_no_secret(temporal: WorkflowEnvironment):
    status, told = await logged(FAILING, temporal.client.service_client.config.target_host)

    assert status == 0
    assert "temporalio.core" in told
    assert MARK in told


async def test_a_worker_logs_no_secret_of_its_servers(tmp_path, temporal: WorkflowEnvironment):
    file = tmp_path / "handrail.yaml"
    file.write_text(
        f"servers:\n  ops: {{command: {sys.executable}, args: [{MISBEHAVING}, --dies-at-start], "
        'env: {LAST_WORDS: "'
        f"{'x' * 295}"
        '${OPS_TOKEN}"}}\n' + AGENTS
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "handrail", "worker"),
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "HANDRAIL_CONFIG": str(file),
            "HANDRAIL_HOME": str(tmp_path),
            "HANDRAIL_LOG_LEVEL": "DEBUG",
            "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
            "OPS_TOKEN": TOKEN,
        },
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    told = ""
    async with asyncio.timeout(60):
        while "it is started again when it is needed" not in told:
            line = await process.stderr.readline()
            assert line, told
            told += line.decode()
    process.terminate()
    told += (await process.stderr.read()).decode()
    await process.wait()

    assert f"xxx{MARK}" in told
    assert "xxx[mas…; it is started again" in told
    assert "xyz" not in told
