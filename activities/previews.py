"""What would a call do? Asked of the tool itself, in the way that its contract names."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.rules.digests import definition_digest
from workflows.rules.keys import KEY_PLACEHOLDER, placed, why_not
from workflows.rules.policy import environment_of, target_of
from workflows.rules.undoing import from_preview
from workflows.values.approval import Previewed, Shown
from workflows.values.base import CanonicalJson, Json
from workflows.values.steps import PreviewOrder
from workflows.values.tools import KeyForm, Pins, ToolContract

from . import definitions, pinning
from .answers import Kept, kept, repeats
from .form_schemas import form_schema
from .masking import PLAIN, Masker
from .tool_replies import AskedForInput, Refused, ToolDefinition, ToolReply
from .tool_servers import ToolServers

LARGEST = 64_000
"""Bytes of a preview that people can still be shown whole."""
LONGEST_PRECONDITION = 2_000
"""Characters; of a longer one its SHA-256 stands in for it."""
LONGEST_PROBLEM = 2_000
"""Characters of why there is nothing to approve."""
NO_PREVIEW = canonical("none")
"""The precondition where there is nothing to look at beforehand."""
NOTHING = canonical({})
SPECIMEN = "0" * 64
"""As long as a key: what the call has to leave room for."""


class Problem(Exception):
    """There is nothing to approve; the text says why."""


class Changed(Problem):
    """The tool, or the one that previews it, is not what it was when the run began."""


@dataclass(frozen=True)
class _Asked:
    """The call that asks for the preview: it must not change anything."""

    tool: ToolDefinition
    arguments: dict[str, Json]


async def preview(servers: ToolServers, order: PreviewOrder, patience: float, masker: Masker) -> Previewed:
    """Raises NotSent or ReplyLost when the server can't be asked. *patience* is in seconds.

    What is shown is masked. What must still hold when it is applied is not: it is compared, and never shown.
    """
    contract = order.contract
    tools = await servers.tools(contract.server)
    try:
        tool = _known(tools, contract.server, contract.tool, order.pins)
        arguments = _checked(contract, tool, parse(order.call.arguments))
        _place_shows(order, masker)
        asked = _question(order, tools, arguments)
        if asked is None:
            return _of_call(contract, tool, arguments, masker)
        try:
            reply = await servers.call(
                contract.server, asked.tool.name, asked.arguments, patience, as_listed=asked.tool
            )
        except (Refused, AskedForInput) as error:
            raise Problem(f"{error}.") from None
        answer = _answer(contract, reply, masker)
        return Previewed(
            definition=definition_digest(tool.definition()),
            precondition=_identity(contract, answer),
            expected=_expected(contract, answer),
            before=from_preview(contract.undo, answer.structured),
            shown=_shown(arguments, answer, kept(reply, masker, LARGEST), masker),
            input_schema=form_schema(tool.input_schema, contract, masker),
        )
    except Problem as problem:
        text = masker.quote(str(problem), LONGEST_PROBLEM)
        return Previewed(
            definition="",
            precondition=NO_PREVIEW,
            shown=Shown(),
            problem=text,
            changed=isinstance(problem, Changed),
        )


def _known(tools: Mapping[str, ToolDefinition], server: str, tool: str, pins: Pins) -> ToolDefinition:
    if tool not in tools:
        raise Problem(f"{server} offers no tool {tool} now")
    if why := pinning.changed(pins, server, tools[tool]):
        raise Changed(why)
    return tools[tool]


def _checked(contract: ToolContract, tool: ToolDefinition, arguments: Json) -> dict[str, Json]:
    """The call's own arguments, which fit the tool together with what Handrail adds when it sends."""
    later = _precondition_argument(contract)
    for name in (contract.key and contract.key.argument, later):
        if name and not definitions.knows(tool.input_schema, name):
            raise Problem(f"{contract.name} knows no argument {name}, which its contract names")
    if not isinstance(arguments, dict):
        raise Problem(f"{contract.name} can't be called like that: the arguments are not an object")
    if later in arguments:
        raise Problem(f"the argument {later} of {contract.name} is filled in by Handrail")
    if problem := why_not(contract, arguments):
        raise Problem(problem)
    whole = placed(contract, arguments, SPECIMEN)
    try:
        canonical(whole)
    except NotCanonical as error:
        raise Problem(f"with what Handrail adds, the call of {contract.name} is {error}") from None
    if problem := definitions.problem(tool.input_schema, whole, filled_later=[later] if later else []):
        raise Problem(f"{contract.name} can't be called like that: {problem}")
    dry_run = contract.preview.dry_run
    if dry_run and all(name in arguments and arguments[name] == value for name, value in dry_run.items()):
        raise Problem(f"this call of {contract.name} is itself a dry run: applied, it would change nothing")
    return arguments


def _place_shows(order: PreviewOrder, masker: Masker) -> None:
    """The environment and the target are shown, compared and locked by name, so there can be no secret in them."""
    contract, arguments = order.contract, order.call.arguments
    for what, name in (
        ("environment", environment_of(contract, arguments)),
        ("target", target_of(contract, arguments)),
    ):
        if masker.hides(name):
            raise Problem(
                f"the {what} of this call holds a secret, and people see it: give the secret in another argument, or, "
                "where it is none, name its variable in masking.public"
            )


def _question(
    order: PreviewOrder, tools: Mapping[str, ToolDefinition], arguments: dict[str, Json]
) -> _Asked | None:
    contract, by = order.contract, order.contract.preview
    if by.tool is not None:
        plan = _known(tools, contract.server, by.tool, order.pins)
        if definitions.says_it_changes(plan):
            raise Problem(f"{contract.server} says that {by.tool} changes things, so it is no preview")
        asked = _Asked(plan, definitions.known(plan.input_schema, _marked(contract, plan, arguments)))
    elif by.dry_run is not None:
        tool = tools[contract.tool]
        for name in by.dry_run:
            # A server may ignore what it doesn't know; then the dry run would be the real thing.
            if not definitions.knows(tool.input_schema, name):
                raise Problem(f"{contract.name} knows no argument {name}, so a dry run might be a real one")
        asked = _Asked(tool, {**_marked(contract, tool, arguments), **by.dry_run})
    else:
        return None
    if problem := definitions.problem(asked.tool.input_schema, asked.arguments):
        raise Problem(f"{contract.server}.{asked.tool.name} can't preview it: {problem}")
    return asked


def _answer(contract: ToolContract, reply: ToolReply, masker: Masker) -> Kept:
    """What the tool truly answered."""
    if reply.is_error:
        raise Problem(kept(reply, masker, LONGEST_PROBLEM).text or f"{contract.name} refused, without a word")
    return kept(reply, PLAIN, LARGEST)


def _marked(contract: ToolContract, asked: ToolDefinition, arguments: dict[str, Json]) -> dict[str, Json]:
    """With the placeholder where the key changes what people will see: a text, a list of labels.

    A preview has no use for a key of its own, but the tool may insist on one.
    """
    key = contract.key
    if key is None or (
        key.form is KeyForm.VALUE and not definitions.requires(asked.input_schema, key.argument)
    ):
        return arguments
    return placed(contract, arguments, KEY_PLACEHOLDER)


def _of_call(
    contract: ToolContract, tool: ToolDefinition, arguments: dict[str, Json], masker: Masker
) -> Previewed:
    """The tool has no preview: the call itself is all there is to see."""
    call = placed(contract, arguments, KEY_PLACEHOLDER)
    complete = len(canonical(call).encode()) <= LARGEST
    answer = Kept("", call if complete else None, whole=complete)
    seen = Kept("", masker.value(answer.structured), whole=complete)
    return Previewed(
        definition=definition_digest(tool.definition()),
        precondition=NO_PREVIEW,
        shown=_shown(arguments, answer, seen, masker).model_copy(update={"by_tool": False}),
        input_schema=form_schema(tool.input_schema, contract, masker),
    )


def _identity(contract: ToolContract, answer: Kept) -> CanonicalJson:
    """What must still be so when it is applied."""
    said = _said(answer, answer.text)
    content: Json = answer.structured
    if content is None:
        content = said
    elif said:
        content = [content, said]
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
    if contract.precondition is None:
        return None
    field, content = contract.precondition.field, answer.structured
    expected = content.get(field) if isinstance(content, dict) else None
    if expected is None:  # tools take null for: do not compare
        raise Problem(
            f"the preview of {contract.name} did not say {field}, so the change could not be guarded"
        )
    return expected


def _field(contract: ToolContract, answer: Kept, name: str) -> Json:
    if not isinstance(answer.structured, dict) or name not in answer.structured:
        raise Problem(
            f"the preview of {contract.name} has no {name}, so nobody could tell whether it still holds"
        )
    return answer.structured[name]


def _shown(arguments: dict[str, Json], answer: Kept, seen: Kept, masker: Masker) -> Shown:
    """*answer* as it is, and as people may see it."""
    call = canonical(masker.value(arguments))
    fits = len(call.encode()) <= LARGEST
    locked = tuple(masker.text(name) for name, value in arguments.items() if masker.hides({name: value}))
    return Shown(
        arguments=call if fits else NOTHING,
        masked=bool(locked) or seen != answer,
        locked=locked,
        content=seen.structured,
        text=_said(answer, seen.text),
        complete=fits and answer.whole and seen.whole,
    )


def _said(answer: Kept, text: str) -> str:
    """The answer's *text*, unless all it does is to repeat the structured content."""
    return "" if repeats(answer.text, answer.structured) else text


def _precondition_argument(contract: ToolContract) -> str | None:
    return contract.precondition.argument if contract.precondition else None
