"""What would a call do? Asked of the tool itself, in the way that its contract names."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.rules.digests import KEY_PLACEHOLDER, definition_digest
from workflows.values.approval import Previewed, Shown
from workflows.values.base import CanonicalJson, Json
from workflows.values.steps import PreviewOrder
from workflows.values.tools import ToolContract

from . import definitions
from .answers import Kept, kept, repeats, shortened
from .mcp_servers import AskedForInput, McpServers, ToolDefinition, ToolReply

LARGEST = 64_000
"""Bytes of a preview that people can still be shown whole."""
LONGEST_PRECONDITION = 2_000
"""Characters; of a longer one its SHA-256 stands in for it."""
NO_PREVIEW = canonical("none")
"""The precondition where there is nothing to look at beforehand."""


class Problem(Exception):
    """There is nothing to approve; the text says why."""


@dataclass(frozen=True)
class _Asked:
    """The call that asks for the preview: it must not change anything."""

    tool: ToolDefinition
    arguments: dict[str, Json]


async def preview(servers: McpServers, order: PreviewOrder, patience: float) -> Previewed:
    """Raises NotSent or ReplyLost when the server can't be asked. *patience* is in seconds."""
    contract = order.contract
    tools = await servers.tools(contract.server)
    try:
        tool = _known(tools, contract.server, contract.tool)
        arguments = _checked(contract, tool, parse(order.call.arguments))
        asked = _question(contract, tools, arguments)
        if asked is None:
            return _of_call(contract, tool, arguments)
        try:
            reply = await servers.call(contract.server, asked.tool.name, asked.arguments, patience)
        except AskedForInput as error:
            raise Problem(f"{error}.") from None
        answer = _answer(contract, reply)
        return Previewed(
            definition=definition_digest(tool.definition()),
            precondition=_identity(contract, answer),
            expected=_expected(contract, answer),
            shown=_shown(answer),
        )
    except Problem as problem:
        return Previewed(definition="", precondition=NO_PREVIEW, shown=Shown(), problem=str(problem))


def _known(tools: Mapping[str, ToolDefinition], server: str, tool: str) -> ToolDefinition:
    if tool not in tools:
        raise Problem(f"{server} offers no tool {tool} now")
    return tools[tool]


def _checked(contract: ToolContract, tool: ToolDefinition, arguments: Json) -> dict[str, Json]:
    ours = [name for name in (contract.key_argument, _precondition_argument(contract)) if name]
    for name in ours:
        if not definitions.knows(tool.input_schema, name):
            raise Problem(f"{contract.name} knows no argument {name}, which its contract names")
    if problem := definitions.problem(tool.input_schema, arguments, filled_later=ours):
        raise Problem(f"{contract.name} can't be called like that: {problem}")
    assert isinstance(arguments, dict)
    for name in ours:
        if name in arguments:
            raise Problem(f"the argument {name} of {contract.name} is filled in by Handrail")
    dry_run = contract.preview.dry_run
    if dry_run and all(name in arguments and arguments[name] == value for name, value in dry_run.items()):
        raise Problem(f"this call of {contract.name} is itself a dry run: applied, it would change nothing")
    return arguments


def _question(
    contract: ToolContract, tools: Mapping[str, ToolDefinition], arguments: dict[str, Json]
) -> _Asked | None:
    by = contract.preview
    if by.tool is not None:
        plan = _known(tools, contract.server, by.tool)
        if definitions.says_it_changes(plan):
            raise Problem(f"{contract.server} says that {by.tool} changes things, so it is no preview")
        asked = _Asked(plan, definitions.known(plan.input_schema, arguments))
    elif by.dry_run is not None:
        tool = tools[contract.tool]
        for name in by.dry_run:
            # A server may ignore what it doesn't know; then the dry run would be the real thing.
            if not definitions.knows(tool.input_schema, name):
                raise Problem(f"{contract.name} knows no argument {name}, so a dry run might be a real one")
        asked = _Asked(tool, {**arguments, **by.dry_run, **_stand_in(contract, tool)})
    else:
        return None
    if problem := definitions.problem(asked.tool.input_schema, asked.arguments):
        raise Problem(f"{contract.server}.{asked.tool.name} can't preview it: {problem}")
    return asked


def _answer(contract: ToolContract, reply: ToolReply) -> Kept:
    answer = kept(reply, LARGEST)
    if reply.is_error:
        raise Problem(shortened(answer.text) or f"{contract.name} refused, without a word")
    return answer


def _stand_in(contract: ToolContract, tool: ToolDefinition) -> dict[str, Json]:
    """A dry run needs no key, but the tool may insist on one."""
    key = contract.key_argument
    return {key: KEY_PLACEHOLDER} if key and definitions.requires(tool.input_schema, key) else {}


def _of_call(contract: ToolContract, tool: ToolDefinition, arguments: dict[str, Json]) -> Previewed:
    """The tool has no preview: the call itself is all there is to see."""
    key = {contract.key_argument: KEY_PLACEHOLDER} if contract.key_argument else {}
    complete = len(canonical(arguments).encode()) <= LARGEST
    return Previewed(
        definition=definition_digest(tool.definition()),
        precondition=NO_PREVIEW,
        shown=Shown(content={**arguments, **key} if complete else None, by_tool=False, complete=complete),
    )


def _identity(contract: ToolContract, answer: Kept) -> CanonicalJson:
    """What must still be so when it is applied."""
    content = answer.text if answer.structured is None else answer.structured
    if contract.preview_identity:
        content = {name: _field(contract, answer, name) for name in contract.preview_identity}
    try:
        identity = canonical(content)
    except NotCanonical as error:
        raise Problem(f"the preview of {contract.name} can't be compared: {error}") from None
    if len(identity) > LONGEST_PRECONDITION:
        return canonical({"sha256": hashlib.sha256(identity.encode()).hexdigest()})
    return identity


def _expected(contract: ToolContract, answer: Kept) -> Json:
    return _field(contract, answer, contract.precondition.field) if contract.precondition else None


def _field(contract: ToolContract, answer: Kept, name: str) -> Json:
    if not isinstance(answer.structured, dict) or name not in answer.structured:
        raise Problem(
            f"the preview of {contract.name} has no {name}, so nobody could tell whether it still holds"
        )
    return answer.structured[name]


def _shown(answer: Kept) -> Shown:
    return Shown(
        content=answer.structured,
        text="" if repeats(answer.text, answer.structured) else answer.text,
        complete=answer.whole,
    )


def _precondition_argument(contract: ToolContract) -> str | None:
    return contract.precondition.argument if contract.precondition else None
