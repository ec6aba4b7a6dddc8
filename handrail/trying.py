"""`handrail tools try`: a read, or what a change would be previewed as. Nothing is applied."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from activities import previews, reading
from activities.answers import kept
from activities.masking import Masker
from activities.tool_replies import ToolDefinition, ToolServerError
from activities.tool_servers import ToolServers
from activities.tools import LONGEST_LOOK
from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.rules.policy import Refused
from workflows.values.approval import Previewed
from workflows.values.base import CanonicalJson, Json
from workflows.values.steps import PreviewOrder

from .config import Config
from .discovering import where
from .policy import Judgement, judge
from .trouble import Misused, Trouble

Line = tuple[str, str]


@dataclass(frozen=True)
class Trial:
    """What came of it, line by line: a word, and what there is to say of it."""

    well: bool
    lines: tuple[Line, ...]


async def arguments_of(
    servers: ToolServers, config: Config, tool: str, typed: Sequence[str]
) -> CanonicalJson:
    """As they were typed: one JSON object, or `name=value` each, by the types that the tool's schema has.

    Raises `Trouble`.
    """
    try:
        if len(typed) == 1 and typed[0].lstrip().startswith("{"):
            return canonical(parse(typed[0]))
        contract = next((each for each in config.tools if each.name == tool), None)
        if contract is not None and contract.server in config.elsewhere:
            raise Misused(where(contract.server, contract.queue))
        offered = await servers.tools(contract.server) if contract is not None else {}
        definition = offered.get(contract.tool) if contract is not None else None
        return canonical(dict(_named(text, definition) for text in typed))
    except NotCanonical as error:
        raise Misused(f"the arguments can't be read: {error}") from None
    except ToolServerError as error:
        raise Trouble(f"{error}") from None


def _named(text: str, definition: ToolDefinition | None) -> tuple[str, Json]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise Misused(f"expected name=value, or all arguments as one JSON object, found {text!r}")
    properties: Mapping[str, Any] = (definition.input_schema.get("properties") or {}) if definition else {}
    schema = properties.get(name)
    if isinstance(schema, dict) and schema.get("type") == "string":
        return name, value
    try:
        return name, parse(value)
    except NotCanonical:
        return name, value


async def attempt(
    servers: ToolServers, config: Config, tool: str, arguments: CanonicalJson, masker: Masker
) -> Trial:
    """Raises `Trouble`. What the rules refuse is not even looked at, as in a run."""
    found = judge(config, tool, arguments)
    if found.contract.server in config.elsewhere:
        raise Misused(where(found.contract.server, found.contract.queue))
    if isinstance(found.verdict, Refused):
        return Trial(well=False, lines=(("not tried", "a run would not either: the rules refuse it"),))
    try:
        if found.contract.reads:
            return await _read(servers, found, masker)
        order = PreviewOrder(call=found.call, contract=found.contract)
        patience = min(found.contract.timeout_seconds, LONGEST_LOOK)
        return _previewed(await previews.preview(servers, order, patience, masker), found)
    except ToolServerError as error:
        raise Trouble(f"{tool} can't be tried: {error}") from None


async def _read(servers: ToolServers, found: Judgement, masker: Masker) -> Trial:
    try:
        reply = await reading.read(servers, found.contract, parse(found.call.arguments), LONGEST_LOOK, {})
    except reading.NotARead as reason:
        return Trial(well=False, lines=(("not read", masker.text(str(reason))),))
    answer = kept(reply, masker)
    lines = tuple(_said("error" if reply.is_error else "answer", answer.text, answer.structured))
    return Trial(well=not reply.is_error, lines=lines)


def _previewed(previewed: Previewed, found: Judgement) -> Trial:
    if previewed.problem:
        return Trial(well=False, lines=(("no preview", previewed.problem),))
    shown, by = previewed.shown, found.contract.preview
    if not shown.by_tool:
        how = "it has no preview: people see the call itself"
    else:
        how = (
            f"asked of {found.contract.server}.{by.tool}"
            if by.tool
            else f"a dry run: {canonical(by.dry_run)}"
        )
    lines = [("previewed", how), *_said("preview", shown.text, shown.content)]
    if not shown.complete:
        lines.append(("mind", "it is too long to be shown whole, so it can't be approved"))
    lines.append(("applied", "nothing"))
    return Trial(well=shown.complete, lines=tuple(lines))


def _said(word: str, text: str, structured: Json) -> Iterator[Line]:
    if structured is not None:
        yield word, json.dumps(structured, ensure_ascii=False, indent=2)
    if text or structured is None:
        yield word, text or "(no words)"
