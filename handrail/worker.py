"""`handrail worker`: runs the workflows, and carries out what they ask of planners and tools."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from activities.freezes import Freezes
from activities.ledger import Ledger
from activities.masking import Masker
from activities.mcp_servers import McpServers, NotSent, ServerSettings
from activities.outputs import Outputs
from activities.planning import Planning
from activities.tools import Tools

from . import blobs, temporal
from .config import Config, home_named_by
from .queues import as_activities, runner, runs_worker, until_stopped
from .ready import say_ready
from .stopping import stop_signals

if TYPE_CHECKING:
    from activities.models import Models
    from activities.thinking import Thinking

log = logging.getLogger(__name__)

__all__ = ["as_activities", "runner", "server_settings", "tool_servers", "work"]


async def work(config: Config, environ: Mapping[str, str], masker: Masker) -> None:
    """Be a worker until told to stop. Raises `Trouble`."""
    with stop_signals() as stop:
        kept = blobs.store(config, environ)
        client = await stop.before(temporal.connect_patiently(environ, kept))
        await temporal.register_search_attributes(client)
        async with (
            tool_servers(config, environ, masker) as servers,
            thinking(config, servers) as asks_models,
        ):
            # Not awaited: a server that does not start fails the calls to it, not the worker.
            starting = asyncio.create_task(_start(servers))
            outputs = Outputs(kept)
            planning = Planning(client, masker, outputs, asks_models)
            carriers = (planning, Tools(servers, masker, kept), outputs, Ledger(client), Freezes(client))
            worker = runs_worker(client, carriers, config.tools, environ)
            say_ready(environ)
            await until_stopped(worker, stop)
            starting.cancel()


@asynccontextmanager
async def thinking(config: Config, servers: McpServers) -> "AsyncIterator[Thinking | None]":
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


async def _start(servers: McpServers) -> None:
    try:
        await servers.start()
    except NotSent as error:
        log.warning("%s; it is started again when it is needed", error)


@asynccontextmanager
async def tool_servers(
    config: Config, environ: Mapping[str, str], masker: Masker
) -> AsyncIterator[McpServers]:
    """The config's servers, each started when it is first needed. The demo's keep their state in `HANDRAIL_HOME`."""
    with suppress(OSError):
        home_named_by(environ).mkdir(parents=True, exist_ok=True)
    path = environ.get("PATH", os.defpath)
    async with McpServers(server_settings(config), path=path, masker=masker) as servers:
        yield servers


def server_settings(config: Config) -> list[ServerSettings]:
    """How each tool server is started. The only place where its secrets are taken out of their wrapping."""
    return [
        ServerSettings(
            name=name,
            command=said.command,
            args=said.args,
            env={variable: value.get_secret_value() for variable, value in said.env.items()},
        )
        for name, said in config.servers.items()
    ]
