"""How servers describe tools, as a run pins it: one that becomes another afterwards is not called."""

import asyncio
from collections.abc import Mapping

from workflows.rules.digests import definition_digest
from workflows.values.steps import PinOrder
from workflows.values.tools import Pins

from .tool_replies import NotSent, ToolDefinition
from .tool_servers import ToolServers

PATIENCE = 20.0
"""Seconds that a server may take to describe its tools before the run goes on without it."""


async def pins(servers: ToolServers, order: PinOrder) -> Pins:
    """Of the tools that are there now: a server that is down fails only the calls to it."""
    wanted = {name for contract in order.tools for name in contract.names}
    named = sorted({contract.server for contract in order.tools})
    listed = await asyncio.gather(*(_listed(servers, server) for server in named))
    return {
        name: definition_digest(tool.definition())
        for server, tools in zip(named, listed, strict=True)
        for name, tool in ((f"{server}.{tool.name}", tool) for tool in tools.values())
        if name in wanted
    }


async def _listed(servers: ToolServers, server: str) -> Mapping[str, ToolDefinition]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await servers.tools(server)
    except (NotSent, TimeoutError):
        return {}


def changed(pinned: Pins, server: str, tool: ToolDefinition) -> str:
    """Why it is not called any more; empty where it is what it was, or was never seen before."""
    name = f"{server}.{tool.name}"
    if pinned.get(name, "") in ("", definition_digest(tool.definition())):
        return ""
    return f"{name} is not called: its definition changed since this run began. A new run would take it as it is now."
