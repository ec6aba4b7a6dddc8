"""What no single key of a server tells: whether it is safe to start it, or to speak to it."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from .pinned import unpinned
from .problems import KeyPath
from .schema import File
from .server_sections import McpUrlSection, StdioSection

WITHIN = re.compile(r"[^.]+|(.+\.)?localhost|.+\.(local|internal|svc|cluster\.local)")
"""Names of hosts that no public name server knows."""

IN_THE_CLEAR = "and all could be read on the way: `insecure: true` allows it"

Finding = tuple[KeyPath, str]


def mistakes(file: File) -> Iterator[Finding]:
    for name, server in file.servers.items():
        match server:
            case StdioSection():
                found = _started(server)
            case McpUrlSection():
                found = _reached(server)
            case _:
                continue
        yield from ((("servers", name, *path), text) for path, text in found)


def _started(server: StdioSection) -> Iterator[Finding]:
    if instead := unpinned(server.command, server.args):
        yield ("args",), instead


def _reached(server: McpUrlSection) -> Iterator[Finding]:
    if server.bearer is not None and server.oauth is not None:
        yield (), "expected either bearer or oauth, found both"
    addresses: list[tuple[KeyPath, str]] = [(("url",), server.url)]
    if server.oauth is not None:
        addresses.append((("oauth", "token_url"), server.oauth.token_url))
    for path, address in addresses:
        if not (server.insecure or _private(address)):
            yield (
                path,
                f"expected https, found http to a host that may be anywhere, {IN_THE_CLEAR}",
            )


def _private(address: str) -> bool:
    """Is it encrypted, or does it stay within the house?"""
    parts = urlsplit(address)
    if parts.scheme != "http" or "${" in address:
        return True
    host = parts.hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return bool(WITHIN.fullmatch(host))
