"""A typed function as a tool: its schema, its arguments, and what it gives back."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, Self, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import PydanticSerializationError, to_jsonable_python
from typing_extensions import TypedDict  # which pydantic brings: it takes no other before Python 3.12

from .safe import safe_json, safe_text
from .tool_replies import Refused, ToolDefinition, ToolReply, cut


class BadFunction(Exception):
    """It can't be a tool; the text says why."""


@dataclass(frozen=True)
class PythonFunction:
    call: Callable[..., Any]
    definition: ToolDefinition
    _arguments: TypeAdapter[Any]

    @classmethod
    def of(cls, name: str, function: Callable[..., Any], *, says_it_reads: bool) -> Self:
        """Raises BadFunction."""
        try:
            arguments: TypeAdapter[Any] = TypeAdapter(_typed(name, function))
            schema = arguments.json_schema()
        except BadFunction:
            raise
        except Exception as error:  # noqa: BLE001 - a type may be wrong in any way
            raise BadFunction(f"the types of {name} can't be used: {' '.join(str(error).split())}") from None
        definition = ToolDefinition(
            name=name,
            description=safe_text(inspect.getdoc(function) or ""),
            input_schema={key: value for key, value in safe_json(schema).items() if key != "title"},
            output_schema=None,
            annotations={"readOnlyHint": True} if says_it_reads else {},
        )
        return cls(function, definition, arguments)

    def bound(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as the function's types have them. Raises Refused: nothing was called."""
        try:
            made: dict[str, Any] = self._arguments.validate_json(json.dumps(arguments))
        except (ValidationError, ValueError) as error:
            raise Refused(f"{self.definition.name} can't be called like that: {_problem(error)}") from None
        return made


def _typed(name: str, function: Callable[..., Any]) -> Any:
    """A mapping with the function's arguments. Those with a default need not be given."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for argument, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise BadFunction(f"the arguments of {name} have to have names: *{argument} has none")
        if argument not in hints:
            raise BadFunction(f"the argument {argument} of {name} has no type")
        kind = hints[argument]
        fields[argument] = kind if parameter.default is parameter.empty else NotRequired[kind]
    made: Any = TypedDict(name, fields)  # type: ignore[misc]  # known only now
    return with_config(ConfigDict(extra="forbid"))(made)


def _problem(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"


def reply_of(result: Any, *, reads: bool) -> ToolReply:
    """What a function gave back. That it can't be told is an error of a read; of a change it is not, for it was made."""
    if isinstance(result, str):
        return ToolReply(text=cut(safe_text(result)), structured=None, is_error=False, other={})
    try:
        content = safe_json(to_jsonable_python(result))
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        text = f"[it ended well, but what it gave back can't be told: {' '.join(str(error).split())}]"
        return ToolReply(text=cut(safe_text(text)), structured=None, is_error=reads, other={})
    if content is not None and not isinstance(content, dict):
        content = {"result": content}
    return ToolReply(text="", structured=content, is_error=False, other={})


def reply_of_error(error: BaseException) -> ToolReply:
    """It proves nothing, unless the contract knows better: the code is the exception's name."""
    code = type(error).__name__
    text = f"{code}: {error}" if str(error) else code
    return ToolReply(text=cut(safe_text(text)), structured={"code": code}, is_error=True, other={})
