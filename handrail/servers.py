"""The tool servers of the config, as a worker speaks to them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from temporalio.client import Client

from activities.artifacts import Artifacts, FolderArtifacts
from activities.command_server import CommandServer
from activities.command_tools import CommandSettings, CommandTool
from activities.elsewhere import ElsewhereServer
from activities.masking import Masker
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.python_server import PythonServer
from activities.tool_servers import ToolServer, ToolServers

from .config import Config, home_named_by
from .config.server_sections import (
    CommandSection,
    CommandsSection,
    PythonSection,
    ServerSection,
    StdioSection,
)


@asynccontextmanager
async def tool_servers(
    config: Config, environ: Mapping[str, str], masker: Masker, client: Client | None = None
) -> AsyncIterator[ToolServers]:
    """The config's servers, each started when it is first needed. The demo's keep their state in `HANDRAIL_HOME`.

    With *client*, what other workers' servers offer is known as well.
    """
    home = home_named_by(environ)
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
    built = _Built(config, environ.get("PATH", os.defpath), masker, FolderArtifacts(home / "artifacts"))
    here: list[ToolServer] = [built.server(name, said) for name, said in config.servers.items()]
    there = [ElsewhereServer(name, team, client) for name, team in config.elsewhere.items() if client]
    async with ToolServers([*here, *there]) as servers:
        yield servers


@dataclass(frozen=True)
class _Built:
    """What servers are made of, beside their sections."""

    config: Config
    path: str
    masker: Masker
    artifacts: Artifacts

    def server(self, name: str, said: ServerSection) -> ToolServer:
        reading = frozenset(tool.tool for tool in self.config.tools if tool.server == name and tool.reads)
        match said:
            case StdioSection():
                return McpServer(stdio_settings(name, said), path=self.path, masker=self.masker)
            case CommandsSection():
                settings = command_settings(name, said, reading)
                return CommandServer(settings, self.artifacts, path=self.path, masker=self.masker)
            case PythonSection():
                return PythonServer(name, said.python, reading=reading, masker=self.masker)


# The only places where their secrets are taken out of their wrapping


def stdio_settings(name: str, said: StdioSection) -> ServerSettings:
    return ServerSettings(
        name=name,
        command=said.command,
        args=said.args,
        env={variable: value.get_secret_value() for variable, value in said.env.items()},
    )


def command_settings(name: str, said: CommandsSection, reading: frozenset[str]) -> CommandSettings:
    return CommandSettings(
        name=name,
        tools={tool: _command(section) for tool, section in said.commands.items()},
        reading=reading,
        env={variable: value.get_secret_value() for variable, value in said.env.items()},
        folder=said.folder,
        user=said.user,
        output_limit=said.output_limit,
    )


def _command(said: CommandSection) -> CommandTool:
    return CommandTool(
        description=said.description,
        run=said.run,
        arguments=said.arguments,
        optional=said.optional,
        stdin=said.stdin,
        json=said.output == "json",
        success_exit=said.success_exit,
        dashes=said.dashes,
        makes_artifact=said.artifact == "made",
        takes_artifact=said.artifact == "taken",
    )
