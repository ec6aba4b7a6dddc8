"""`handrail worker`: runs the workflows, and carries out what they ask of planners and tools."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from activities.freezes import Freezes
from activities.ledger import Ledger
from activities.mailboxes import Mailboxes
from activities.masking import Masker
from activities.outputs import Outputs
from activities.planning import Planning
from activities.tool_replies import NotSent
from activities.tool_servers import ToolServers
from activities.tools import Tools
from workflows.outside import BOT

from . import blobs, temporal
from .config import Config
from .queues import as_activities, runner, runs_worker, team_worker, until_stopped
from .ready import say_ready
from .servers import tool_servers
from .stopping import stop_signals
from .trouble import Misused

if TYPE_CHECKING:
    from activities.models import Models
    from activities.thinking import Thinking

log = logging.getLogger(__name__)

__all__ = ["as_activities", "runner", "work", "work_for_a_team"]


async def work(config: Config, environ: Mapping[str, str], masker: Masker) -> None:
    """Be a worker until told to stop. Raises `Trouble`."""
    with stop_signals() as stop:
        kept = blobs.store(config, environ)
        client = await stop.before(temporal.connect_patiently(environ, kept))
        await temporal.register_search_attributes(client)
        async with (
            tool_servers(config, environ, masker, client) as servers,
            thinking(config, servers) as asks_models,
        ):
            # Not awaited: a server that does not start fails the calls to it, not the worker.
            starting = asyncio.create_task(_start(servers))
            outputs = Outputs(kept)
            planning = Planning(client, masker, outputs, asks_models)
            at_temporal = (Ledger(client), Freezes(client), Mailboxes(client))
            carriers = (planning, Tools(servers, masker, kept), outputs, *at_temporal)
            worker = runs_worker(client, carriers, config.tools, environ)
            say_ready(environ)
            await until_stopped(worker, stop)
            starting.cancel()


async def work_for_a_team(config: Config, environ: Mapping[str, str], masker: Masker) -> None:
    """Be the worker of the config's queue until told to stop: its tools, and nothing else. Raises `Trouble`."""
    if config.queue == BOT:
        raise Misused(f"the queue {BOT} is the bot's own: handrail bot")
    with stop_signals() as stop:
        kept = blobs.store(config, environ)
        client = await stop.before(temporal.connect_patiently(environ, kept))
        async with tool_servers(config, environ, masker) as servers:
            starting = asyncio.create_task(_start(servers))
            contracts = [contract for contract in config.tools if contract.queue == config.queue]
            worker = team_worker(client, [Tools(servers, masker, kept)], contracts, config.queue)
            say_ready(environ)
            await until_stopped(worker, stop)
            starting.cancel()


@asynccontextmanager
async def thinking(config: Config, servers: ToolServers) -> "AsyncIterator[Thinking | None]":
    """What asks models, where an agent has one."""
    if not config.asks_models:
        yield None
        return
    from activities.thinking import Thinking  # noqa: PLC0415 - seconds of imports that others do without

    async with models(config) as known:
        yield Thinking(known, servers)


def models(config: Config) -> "Models":
    """The config's models, each set up when it is first asked."""
    from activities.models import Address, Models  # noqa: PLC0415

    return Models(
        {name: Address(url=said.url, model=said.model, key=said.key) for name, said in config.models.items()}
    )


async def _start(servers: ToolServers) -> None:
    try:
        await servers.start()
    except NotSent as error:
        log.warning("%s; it is started again when it is needed", error)
