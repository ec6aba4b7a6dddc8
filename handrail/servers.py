"""The tool servers of the config, as a worker speaks to them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from activities.http_server import HttpServer
from activities.http_tools import HttpSettings, HttpTool
from activities.masking import Masker
from activities.mcp_http import UrlSettings
from activities.mcp_oauth import Credentials
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.sql_tools import SqlSettings, SqlTool
from activities.tool_servers import ToolServer, ToolServers

from .config import Config, home_named_by
from .config.server_sections import (
    HttpSection,
    HttpToolSection,
    McpUrlSection,
    OauthSection,
    ServerSection,
    SqlSection,
    SqlToolSection,
    StdioSection,
)


@asynccontextmanager
async def tool_servers(
    config: Config, environ: Mapping[str, str], masker: Masker
) -> AsyncIterator[ToolServers]:
    """The config's servers, each started when it is first needed. The demo's keep their state in `HANDRAIL_HOME`."""
    with suppress(OSError):
        home_named_by(environ).mkdir(parents=True, exist_ok=True)
    path = environ.get("PATH", os.defpath)
    async with ToolServers(
        _server(name, said, path, masker) for name, said in config.servers.items()
    ) as servers:
        yield servers


def _server(name: str, said: ServerSection, path: str, masker: Masker) -> ToolServer:
    match said:
        case StdioSection():
            return McpServer(stdio_settings(name, said), path=path, masker=masker)
        case McpUrlSection():
            return McpServer(url_settings(name, said), masker=masker)
        case HttpSection():
            return HttpServer(http_settings(name, said))
        case SqlSection():
            # Half a second of imports that others do without
            from activities.sql_server import SqlServer  # noqa: PLC0415

            return SqlServer(sql_settings(name, said))


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
