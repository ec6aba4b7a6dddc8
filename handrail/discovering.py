"""`handrail tools discover`: what a server offers, as a stanza for the config to begin with.

Whatever a server says of itself is a claim, so each suggestion made of one is a comment: as it stands, the stanza says
that every tool changes something and may be sent once.
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from activities.definitions import says_it_changes
from activities.masking import Masker
from activities.tool_replies import ToolDefinition, ToolServerError
from activities.tool_servers import ToolServers

from .config import Config
from .trouble import Misused, Trouble

LONGEST_DESCRIPTION = 100
DRY_RUN = re.compile(r"dry[_-]?run", re.IGNORECASE)
KEY = re.compile(
    r"(?:(?:idempotency|dedup\w*)[_-]?(?:key|id|token)|(?:request|client)[_-]?(?:id|token))", re.IGNORECASE
)
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")


async def discover(servers: ToolServers, config: Config, server: str, masker: Masker) -> str:
    """The stanza. Raises `Trouble`."""
    if server in config.elsewhere:
        raise Misused(where(server, config.elsewhere[server]))
    if server not in config.servers:
        close = get_close_matches(server, config.servers, n=1)
        hint = f"the nearest is {close[0]}" if close else f"there are {', '.join(config.servers) or 'none'}"
        raise Misused(f"{config.file} has no server {server!r}; {hint}")
    try:
        offered = await servers.tools(server)
    except ToolServerError as error:
        raise Trouble(f"{server} can't be asked: {error}") from None
    known = {contract.tool for contract in config.tools if contract.server == server}
    return masker.text("\n".join(_stanza(server, offered, known)))


def where(server: str, queue: str) -> str:
    """What to do about a server that this process does not start."""
    return (
        f"{server} is on the queue {queue}: add --queue {queue}"
        if queue
        else f"{server} is on no queue of its own"
    )


def _stanza(server: str, offered: Mapping[str, ToolDefinition], known: set[str]) -> Iterator[str]:
    yield f"# What {server} offers. What it says of its tools is its claim: say in your own words what each may do."
    if there := sorted(known & offered.keys()):
        yield f"# In your file already: {', '.join(map(_in_line, there))}"
    new = sorted(offered.keys() - known)
    if not new:
        yield "# There is nothing else."
        return
    yield "tools:"
    for name in new:
        yield from _tool(f"{server}.{name}", offered[name])


def _tool(name: str, tool: ToolDefinition) -> Iterator[str]:
    if tool.description:
        yield f"  # {_in_line(tool.description, LONGEST_DESCRIPTION)}"
    yield f"  {_scalar(name)}:"
    if tool.annotations.get("readOnlyHint") is True:
        yield "    # reads: true  # it says so; if that is true, this line alone instead of the others"
    yield f"    class: at_most_once{'  # it says that it changes things' if says_it_changes(tool) else ''}"
    properties = tool.input_schema.get("properties")
    for argument, schema in properties.items() if isinstance(properties, dict) else ():
        yield from _suggestions(argument, schema)
    if isinstance(properties, dict) and properties:
        yield f"    # arguments: {', '.join(_in_line(argument) for argument in properties)}"


def _suggestions(argument: str, schema: Any) -> Iterator[str]:
    if DRY_RUN.fullmatch(argument):
        choices = schema.get("enum") if isinstance(schema, dict) else None
        value = "true" if choices is None else _in_line(json.dumps(choices[-1:])[1:-1])
        yield f"    # preview: {{dry_run: {{{_scalar(argument)}: {value}}}}}  # if it then truly changes nothing"
    if KEY.fullmatch(argument):
        yield f"    # key_in: {{argument: {_scalar(argument)}}}  # and class: idempotent, if it deduplicates by it"


def _in_line(text: str, longest: int = LONGEST_DESCRIPTION) -> str:
    """On one line, and nothing in it that a terminal or YAML takes for more than text."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(plain.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _scalar(name: str) -> str:
    return name if all(PLAIN_NAME.fullmatch(part) for part in name.split(".")) else json.dumps(name)
