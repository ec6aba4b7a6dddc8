"""Was it done? Asked of the tool that the contract names, by the key that was sent along."""

from collections.abc import Mapping

from workflows.rules.canonical import parse
from workflows.rules.keys import NoPlace, question
from workflows.values.base import Json
from workflows.values.effect import EffectOrder, Verified
from workflows.values.tools import ToolContract, Verify

from . import definitions
from .masking import Masker
from .tool_replies import AskedForInput, Refused, ToolReply
from .tool_servers import ToolServers

LONGEST_REASON = 500
MORE = ("has_more", "hasMore", "next_cursor", "nextCursor", "incomplete_results")
"""Fields by which answers say that there is more than they hold."""


class CantTell(Exception):
    """The answer proves neither that it is there nor that it is not; the text is a sentence."""


async def verify(servers: ToolServers, order: EffectOrder, patience: float, masker: Masker) -> Verified:
    """Raises NotSent or ReplyLost when the server can't be asked. *patience* is in seconds."""
    contract = order.effect.contract
    try:
        reply = await _ask(servers, contract, order, patience)
        assert contract.verify is not None
        count = _count(contract, contract.verify, reply)
    except CantTell as reason:
        return Verified(count=None, text=masker.quote(str(reason), LONGEST_REASON))
    return Verified(count=count, text=f"{contract.server}.{contract.verify.tool} found {count or 'nothing'}.")


async def _ask(
    servers: ToolServers, contract: ToolContract, order: EffectOrder, patience: float
) -> ToolReply:
    if contract.key is None or contract.verify is None:
        raise CantTell(f"The contract of {contract.name} does not say how to look for it.")
    name = f"{contract.server}.{contract.verify.tool}"
    try:
        arguments = question(contract, parse(order.effect.call.arguments), order.effect.key)
    except NoPlace as error:
        raise CantTell(f"{name} can't be asked: {error}.") from None
    tool = (await servers.tools(contract.server)).get(contract.verify.tool)
    if tool is None:
        raise CantTell(f"{contract.server} offers no tool {contract.verify.tool} now.")
    if definitions.says_it_changes(tool):
        raise CantTell(f"{contract.server} says that {tool.name} changes things, so it is not asked.")
    for argument in arguments:
        # A server may ignore what it doesn't know; then it would find what is not ours.
        if not definitions.knows(tool.input_schema, argument):
            raise CantTell(f"{name} knows no argument {argument}, so it might find anything.")
    if problem := definitions.problem(tool.input_schema, arguments):
        raise CantTell(f"{name} can't be asked: {problem}.")
    try:
        return await servers.call(contract.server, tool.name, arguments, patience, as_listed=tool)
    except (Refused, AskedForInput) as error:
        raise CantTell(f"{error}.") from None


def _count(contract: ToolContract, said: Verify, reply: ToolReply) -> int:
    """How many there are. Raises `CantTell`."""
    name = f"{contract.server}.{said.tool}"
    if reply.is_error:
        raise CantTell(f"{name} answered with an error: {reply.text.strip() or '(no words)'}")
    answer = reply.structured
    if answer is None or said.found not in answer:
        raise CantTell(f"The answer of {name} has no {said.found}.")
    found = answer[said.found]
    match found:
        case list():
            count = len(found)
        case int() if found >= 0:
            count = int(found)  # true is one
        case _:
            raise CantTell(f"The {said.found} in the answer of {name} is neither a list nor a count.")
    if not count and _says_there_is_more(answer):
        raise CantTell(f"The answer of {name} holds none, but says that there is more.")
    return count


def _says_there_is_more(answer: Mapping[str, Json]) -> bool:
    return any(answer.get(field) for field in MORE)
