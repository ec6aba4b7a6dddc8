"""Do the tool servers offer what the contracts say of them? Asked of the servers themselves; no tool is called."""

from collections.abc import AsyncIterator, Iterator, Mapping

from activities.definitions import knows, says_it_changes
from activities.tool_replies import ToolDefinition, ToolServerError
from activities.tool_servers import ToolServers
from workflows.rules.keys import names_in
from workflows.rules.undoing import PREVIEW, names_of
from workflows.values.tools import PreviewBy, ToolContract, Undo, Verify

from .config import Config

Offered = Mapping[str, ToolDefinition]


async def check_tools(servers: ToolServers, config: Config) -> AsyncIterator[tuple[bool, str]]:
    """(is it well, a line about it), a server at a time."""
    for server in config.servers:
        contracts = [contract for contract in config.tools if contract.server == server]
        try:
            await servers.start(server)
            offered = await servers.tools(server)
        except ToolServerError as error:
            yield False, f"{server}: {error}"
            continue
        problems = list(problems_of(server, contracts, offered))
        for problem in problems:
            yield False, problem
        if not problems:
            yield True, f"{server} answers, with all {len(contracts)} tools of the config"


def problems_of(server: str, contracts: list[ToolContract], offered: Offered) -> Iterator[str]:
    lost = [contract.name for contract in contracts if contract.tool not in offered]
    if lost:
        yield f"{server} does not offer {', '.join(lost)}; it offers {', '.join(sorted(offered))}"
    for contract in contracts:
        if contract.tool in offered:
            yield from _said(contract, offered[contract.tool])
            yield from _key(contract, offered[contract.tool])
            yield from _preview(contract, contract.preview, offered)
            if contract.verify is not None:
                yield from _verify(contract, contract.verify, offered)
            if contract.undo is not None:
                undoer = next((each for each in contracts if each.name == contract.undo.tool), None)
                yield from _undo(contract, contract.undo, undoer, offered)


def _said(contract: ToolContract, tool: ToolDefinition) -> Iterator[str]:
    """Does it say otherwise? Then a read of it is refused; and what a target lacks makes every call of it fail."""
    if contract.reads and says_it_changes(tool):
        yield f"{contract.name} only reads, says its contract, and {contract.server} says that it changes things"
    for argument in sorted({*names_in(contract.environment), *names_in(contract.target)}):
        if not knows(tool.input_schema, argument):
            yield f"{contract.name} knows no argument {argument}, which its environment or target names"


def _key(contract: ToolContract, tool: ToolDefinition) -> Iterator[str]:
    place = contract.key
    if place is not None and not knows(tool.input_schema, place.argument):
        yield f"{contract.name} knows no argument {place.argument}, where its key_in puts the key"


def _preview(contract: ToolContract, preview: PreviewBy, offered: Offered) -> Iterator[str]:
    schema = offered[contract.tool].input_schema
    for argument in preview.dry_run or ():
        if not knows(schema, argument):
            yield f"{contract.name} knows no argument {argument}, which makes it a dry run"
    if preview.tool is None:
        return
    name = f"{contract.server}.{preview.tool}"
    if preview.tool not in offered:
        yield f"{contract.name} is previewed by {name}, which {contract.server} does not offer"
        return
    for argument in _required(offered[preview.tool]):
        if not knows(schema, argument):
            yield f"{name} needs the argument {argument}, and {contract.name}, which it previews, has none"


def _required(tool: ToolDefinition) -> list[str]:
    required = tool.input_schema.get("required")
    return required if isinstance(required, list) else []


def _verify(contract: ToolContract, verify: Verify, offered: Offered) -> Iterator[str]:
    """Would the look-up be understood? A server may ignore what it does not know, and then finds what is not ours."""
    name = f"{contract.server}.{verify.tool}"
    tool = offered.get(verify.tool)
    if tool is None:
        yield f"{contract.name} is verified by {name}, which {contract.server} does not offer"
        return
    if says_it_changes(tool):
        yield f"{contract.name} is verified by {name}, and {contract.server} says that it changes things"
    for argument in verify.arguments:
        if not knows(tool.input_schema, argument):
            yield f"{name} knows no argument {argument}, with which {contract.name} is verified"
    for argument in _required(tool):
        if argument not in verify.arguments:
            yield f"{name} needs the argument {argument}, and verify of {contract.name} gives none"
    for argument in sorted({*names_in(verify.arguments)} - {"key"}):
        if not knows(offered[contract.tool].input_schema, argument):
            yield f"verify of {contract.name} takes {{{argument}}} from the call, which has no such argument"
    fields = _answers(tool)
    if verify.found and fields and verify.found not in fields:
        yield f"the answer of {name} has no {verify.found}, which verify of {contract.name} reads"


def _undo(contract: ToolContract, undo: Undo, undoer: ToolContract | None, offered: Offered) -> Iterator[str]:
    """Would the call that takes it back be understood? *undoer* is None where another server offers it."""
    arguments, fields = names_of(undo)
    for argument in sorted(arguments):
        if not knows(offered[contract.tool].input_schema, argument):
            yield f"undo of {contract.name} takes {{{argument}}} from the call, which has no such argument"
    for field in sorted(fields):
        prefix, _, path = field.partition(".")
        source = (f"{prefix}." == PREVIEW and contract.preview.tool) or contract.tool
        name, known = path.partition(".")[0], _answers(offered.get(source))
        if known and name not in known:
            answer = f"the answer of {contract.server}.{source}"
            yield f"{answer} has no {name}, which undo of {contract.name} reads"
    if undoer is not None and undoer.tool in offered:
        yield from _undoer(contract, undo, undoer, offered[undoer.tool])


def _undoer(contract: ToolContract, undo: Undo, undoer: ToolContract, tool: ToolDefinition) -> Iterator[str]:
    for argument in undo.arguments:
        if not knows(tool.input_schema, argument):
            yield f"{undo.tool} knows no argument {argument}, with which {contract.name} is undone"
    ours = {place.argument for place in (undoer.key, undoer.precondition) if place}
    for argument in _required(tool):
        if argument not in {*undo.arguments, *ours}:
            yield f"{undo.tool} needs the argument {argument}, and undo of {contract.name} gives none"


def _answers(tool: ToolDefinition | None) -> Mapping[str, object]:
    """The fields at the top of its structured answers; none where it does not say."""
    fields = (tool.output_schema or {}).get("properties") if tool is not None else None
    return fields if isinstance(fields, dict) else {}
