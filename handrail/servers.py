"""The tool servers of the config, as a worker speaks to them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from activities.masking import Masker
from activities.mcp_http import UrlSettings
from activities.mcp_oauth import Credentials
from activities.mcp_server import McpServer
from activities.mcp_stdio import ServerSettings
from activities.tool_servers import ToolServer, ToolServers

from .config import Config, home_named_by
from .config.server_sections import McpUrlSection, OauthSection, ServerSection, StdioSection


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
