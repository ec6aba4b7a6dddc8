"""The tool servers of the config, as a worker speaks to them."""

import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from temporalio.client import Client

from activities.artifacts import Artifacts
from activities.command_server import CommandServer
from activities.command_tools import CommandSettings, CommandTool
from activities.elsewhere import ElsewhereServer
from activities.http_server import HttpServer
from activities.http_tools import HttpSettings, HttpTool
from activities.mail_server import MailServer
from activities.mail_tools import MailSettings
from activities.masking import Masker
from activities.mcp_http import UrlSettings
from activities.mcp_oauth import Credentials
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.python_server import PythonServer
from activities.sql_tools import SqlSettings, SqlTool
from activities.tool_servers import ToolServer, ToolServers

from . import blobs
from .config import Config, home_named_by
from .config.server_sections import (
    CommandSection,
    CommandsSection,
    HttpSection,
    HttpToolSection,
    MailSection,
    McpUrlSection,
    OauthSection,
    PostsSection,
    PythonSection,
    ServerSection,
    SqlSection,
    SqlToolSection,
    StdioSection,
)

HERE = re.compile(r"localhost|127\.[0-9.]+")
"""This machine: nothing leaves it, so nothing has to be encrypted."""
SUBMISSION_PORT, SMTPS_PORT = 587, 465
"""RFC 6409 (3.1) and RFC 8314 (3.3)."""


@asynccontextmanager
async def tool_servers(
    config: Config, environ: Mapping[str, str], masker: Masker, client: Client | None = None
) -> AsyncIterator[ToolServers]:
    """The config's servers, each started when it is first needed. The demo's keep their state in `HANDRAIL_HOME`.

    With *client*, what other workers' servers offer is known as well.
    """
    with suppress(OSError):
        home_named_by(environ).mkdir(parents=True, exist_ok=True)
    artifacts = Artifacts(blobs.store(config, environ))
    built = _Built(config, environ.get("PATH", os.defpath), masker, artifacts)
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
            case McpUrlSection():
                return McpServer(url_settings(name, said), masker=self.masker)
            case HttpSection():
                return HttpServer(http_settings(name, said))
            case SqlSection():
                # Half a second of imports that others do without
                from activities.sql_server import SqlServer  # noqa: PLC0415

                return SqlServer(sql_settings(name, said))
            case CommandsSection():
                settings = command_settings(name, said, reading)
                return CommandServer(settings, self.artifacts, path=self.path, masker=self.masker)
            case PythonSection():
                return PythonServer(name, said.python, reading=reading, masker=self.masker)
            case MailSection():
                return MailServer(mail_settings(name, said))
            case PostsSection():
                # Listed only: the bot's own worker calls it, and all others do without its imports
                from .slack_posts import SlackPosts  # noqa: PLC0415

                return SlackPosts(name, said.slack.channels)


# The only places where their secrets are taken out of their wrapping


def stdio_settings(name: str, said: StdioSection) -> ServerSettings:
    return ServerSettings(
        name=name,
        command=said.command,
        args=said.args,
        env={variable: value.get_secret_value() for variable, value in said.env.items()},
    )


def url_settings(name: str, said: McpUrlSection) -> UrlSettings:
    return UrlSettings(
        name=name,
        url=said.url,
        headers={header: value.get_secret_value() for header, value in said.headers.items()},
        bearer=said.bearer.get_secret_value() if said.bearer else "",
        oauth=_credentials(said.oauth) if said.oauth else None,
        proxy=said.proxy.get_secret_value() if said.proxy else None,
    )


def _credentials(said: OauthSection) -> Credentials:
    return Credentials(
        token_url=said.token_url,
        client_id=said.client_id,
        client_secret=said.client_secret.get_secret_value(),
        scopes=said.scopes,
    )


def http_settings(name: str, said: HttpSection) -> HttpSettings:
    return HttpSettings(
        name=name,
        base=said.http,
        tools={tool: _http_tool(section) for tool, section in said.tools.items()},
        headers={header: value.get_secret_value() for header, value in said.headers.items()},
        private=said.private,
    )


def _http_tool(said: HttpToolSection) -> HttpTool:
    [(method, path)] = said.requests
    return HttpTool(
        description=said.description,
        method=method.upper(),
        path=path,
        arguments=said.arguments,
        optional=said.optional,
        query=said.query,
        body=said.body,
        headers_from=said.headers_from,
        idempotency_header=said.idempotency_header,
        statuses=said.success.status,
        where=said.success.where,
    )


def sql_settings(name: str, said: SqlSection) -> SqlSettings:
    return SqlSettings(
        name=name,
        url=said.sql,
        tools={tool: _sql_tool(section) for tool, section in said.tools.items()},
        password=said.password.get_secret_value() if said.password else None,
    )


def _sql_tool(said: SqlToolSection) -> SqlTool:
    return SqlTool(**{**said.model_dump(), "query": said.query or ""})


def mail_settings(name: str, said: MailSection) -> MailSettings:
    address = urlsplit(said.smtp)
    host, tls = address.hostname or "", address.scheme == "smtps"
    return MailSettings(
        name=name,
        host=host,
        port=address.port or (SMTPS_PORT if tls else SUBMISSION_PORT),
        sender=said.from_,
        tls=tls,
        starttls=not (said.insecure or HERE.fullmatch(host)),
        user=said.user,
        password=said.password.get_secret_value() if said.password else "",
        allowed=said.to,
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
