"""`handrail worker`: runs the workflows, and carries out what they ask of planners and tools."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from activities.ledger import Ledger
from activities.mcp_servers import McpServers, NotSent, ServerSettings
from activities.planning import Planning
from activities.tools import Tools

from . import temporal
from .config import Config, home_named_by
from .queues import as_activities, runner, runs_worker, until_stopped
from .ready import say_ready
from .stopping import stop_signals

log = logging.getLogger(__name__)

__all__ = ["as_activities", "runner", "server_settings", "tool_servers", "work"]


async def work(config: Config, environ: Mapping[str, str]) -> None:
    """Be a worker until told to stop. Raises `Trouble`."""
    with stop_signals() as stop:
        client = await stop.before(temporal.connect_patiently(environ))
        await temporal.register_search_attributes(client)
        async with tool_servers(config, environ) as servers:
            # Not awaited: a server that does not start fails the calls to it, not the worker.
            starting = asyncio.create_task(_start(servers))
            carriers = (Planning(client), Tools(servers), Ledger(client))
            worker = runs_worker(client, carriers, config.tools, environ)
            say_ready(environ)
            await until_stopped(worker, stop)
            starting.cancel()


async def _start(servers: McpServers) -> None:
    try:
        await servers.start()
    except NotSent as error:
        log.warning("%s; it is started again when it is needed", error)


@asynccontextmanager
async def tool_servers(config: Config, environ: Mapping[str, str]) -> AsyncIterator[McpServers]:
    """The config's servers, each started when it is first needed. The demo's keep their state in `HANDRAIL_HOME`."""
    with suppress(OSError):
        home_named_by(environ).mkdir(parents=True, exist_ok=True)
    async with McpServers(server_settings(config), path=environ.get("PATH", os.defpath)) as servers:
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
