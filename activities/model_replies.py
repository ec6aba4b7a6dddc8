"""What a language model answered, read strictly: calls, an answer, or what was wrong with it."""

from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart

from workflows.rules.canonical import NotCanonical, canonical, parse
from workflows.values.base import Json
from workflows.values.calls import ProposedCall, Thought, ThoughtKind

from .conversation import GIVE_UP, Offer
from .safe import safe_text

MOST_CALLS = 16
"""In one reply: people look at all of them together."""
LONGEST_REASON = 1000
"""Characters of what is said beside calls: it stands on each of their cards."""
LONGEST_ANSWER = 20_000
"""Characters."""
LONGEST_VALUE = 40
"""Characters of an argument in the title of a call."""


def thought(reply: ModelResponse, offer: Offer) -> Thought:
    """Never raises: what a model can say wrong is said back to it."""
    said = safe_text("".join(part.content for part in reply.parts if isinstance(part, TextPart))).strip()
    calls = [part for part in reply.parts if isinstance(part, ToolCallPart)]
    if reply.finish_reason == "length":
        return _unusable(
            "it was cut off at its longest length, so nothing of it was done. Say or do less at once."
        )
    if reply.finish_reason == "content_filter":
        return _unusable("the provider's content filter held it back.")
    if len(calls) > MOST_CALLS:
        return _unusable(
            f"it makes {len(calls)} calls, and at most {MOST_CALLS} are made at once. None was made."
        )
    if calls:
        return _calls(calls, said, offer)
    if not said:
        return _unusable("it is empty. Call a tool, or answer.")
    return Thought(kind=ThoughtKind.ANSWER, text=said[:LONGEST_ANSWER])


def _calls(calls: list[ToolCallPart], said: str, offer: Offer) -> Thought:
    proposed = tuple(_call(part, said, offer) for part in calls)
    ending = next((call for call in proposed if call.tool == GIVE_UP), None)
    if ending is None:
        return Thought(kind=ThoughtKind.CALLS, calls=proposed)
    if len(proposed) > 1:
        return _unusable(f"{GIVE_UP} ends the run, so it has to be the only call. None was made.")
    reason = _text(parse(ending.arguments).get("reason")) or said
    return Thought(
        kind=ThoughtKind.GIVE_UP, text=reason[:LONGEST_ANSWER] or "The model gave up without a reason."
    )


def _call(part: ToolCallPart, said: str, offer: Offer) -> ProposedCall:
    tool = offer.names.get(part.tool_name, safe_text(part.tool_name)[:200])
    arguments, problem = _arguments(part)
    return ProposedCall(
        tool=tool,
        arguments=canonical(arguments),
        title=_title(tool, arguments),
        reason=said[:LONGEST_REASON],
        problem=problem,
    )


def _arguments(part: ToolCallPart) -> tuple[dict[str, Json], str]:
    """Parsed once, here, and strictly, for two readers must not read them differently: or what is wrong with them."""
    try:
        value: Json = parse(part.args or "{}") if isinstance(part.args, str | None) else part.args
        canonical(value)
    except NotCanonical as error:
        return {}, f"its arguments can't be read: {error}"
    return (value, "") if isinstance(value, dict) else ({}, "its arguments can't be read: they are no object")


def _title(tool: str, arguments: dict[str, Json]) -> str:
    """`fleet.get_service checkout, prod`."""
    values = [text for value in arguments.values() if (text := _text(value)) and len(text) <= LONGEST_VALUE]
    return f"{tool} {', '.join(values[:4])}".strip()


def _text(value: Json) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _unusable(why: str) -> Thought:
    return Thought(kind=ThoughtKind.UNUSABLE, text=why)
