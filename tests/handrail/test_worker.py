"""The workers: each step has one activity, on its own queue."""

from pathlib import Path

from temporalio import activity
from temporalio.client import Client

from activities.blobs import Folder
from activities.freezes import Freezes
from activities.ledger import Ledger
from activities.mailboxes import Mailboxes
from activities.masking import PLAIN
from activities.outputs import Outputs
from activities.planning import Planning
from activities.tool_servers import ToolServers
from activities.tools import Tools
from bot.app import assemble
from bot.settings import BotSettings
from handrail.bot_process import slack_settings
from handrail.careful import CarefulRunner
from handrail.queues import as_activities, runs_worker
from workflows import outside
from workflows.outside import Queue, Step


async def carriers():
    client = await Client.connect("localhost:1", lazy=True)
    tokens = {"SLACK_BOT_TOKEN": "xoxb-none", "SLACK_APP_TOKEN": "xapp-none"}
    bot = assemble(client, BotSettings(agents=()), slack_settings(tokens))
    blobs = Folder(Path("nowhere"))
    outputs, tools = Outputs(blobs), Tools(ToolServers([]), PLAIN, blobs)
    at_temporal = (Ledger(client), Freezes(client), Mailboxes(client))
    return Planning(client, PLAIN, outputs), tools, outputs, *at_temporal, *bot.carriers


async def test_every_step_is_carried_out_by_one_activity_on_its_queue():
    steps = [value for value in vars(outside).values() if isinstance(value, Step)]
    promised = [(step.queue, step.name) for step in steps]

    found = as_activities(*await carriers())

    names = [
        (queue, activity._Definition.must_from_callable(method).name)
        for queue, methods in found.items()
        for method in methods
    ]
    assert sorted(names) == sorted(promised)
    assert set(found) == set(Queue)


async def test_two_workers_of_one_process_carry_out_the_same_step():
    """The name is put on the function once, whoever comes second."""
    first, second = as_activities(*await carriers()), as_activities(*await carriers())

    assert {queue: len(methods) for queue, methods in first.items()} == {
        queue: len(methods) for queue, methods in second.items()
    }


async def test_the_worker_of_the_runs_is_careful(temporal):
    # Entered, for one that is only made stays registered with its client for ever.
    async with runs_worker(temporal.client, [Ledger(temporal.client)], [], {}) as worker:
        assert isinstance(worker.config()["workflow_runner"], CarefulRunner)
