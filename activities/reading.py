"""A call that only reads, as far as its contract and its server say so."""

from workflows.values.base import Json
from workflows.values.tools import Pins, ToolContract

from . import definitions, pinning
from .tool_replies import ToolReply
from .tool_servers import ToolServers


class NotARead(Exception):
    """It is not carried out; the text is a sentence."""


class Changed(NotARead):
    """The tool is not what it was when the run began."""


async def read(
    servers: ToolServers, contract: ToolContract, arguments: Json, longest: float, pins: Pins
) -> ToolReply:
    """Raises NotARead, NotSent or ReplyLost. *longest* is in seconds."""
    tool = (await servers.tools(contract.server)).get(contract.tool)
    if tool is None:
        raise NotARead(f"{contract.server} offers no tool {contract.tool} now.")
    if why := pinning.changed(pins, contract.server, tool):
        raise Changed(why)
    if definitions.says_it_changes(tool):
        raise NotARead(
            f"{contract.server} says that {contract.tool} changes things, so it is not run as a read."
        )
    if problem := definitions.problem(tool.input_schema, arguments):
        raise NotARead(f"{contract.name} can't be called like that: {problem}.")
    patience = min(contract.timeout_seconds, longest)
    return await servers.call(contract.server, contract.tool, arguments, patience, as_listed=tool)
