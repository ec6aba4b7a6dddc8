"""Commands as the config declares them, and the argument vector that a call makes of one. There is no shell.

    run: [kubectl, --namespace, "{namespace}", get, deployment, "{name}"]

Each element becomes exactly one argument, whatever stands in the value. Only `{name}` is a place: `{.status}` and
`{{end}}` are text, which other programs' templates need.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workflows.rules.canonical import canonical
from workflows.values.base import Json

from .declared import fingerprint, input_schema, word
from .tool_replies import Refused, ToolDefinition

ARTIFACT = "artifact"
"""The file that a preview makes and its change takes: a place in both commands, an argument of the second."""
DIGEST = r"sha256:[0-9a-f]{64}"
LONGEST_ARGUMENT = 131_071
"""Bytes of one argument (Linux: MAX_ARG_STRLEN, less its end)."""
LONGEST_VECTOR = 1_000_000
"""Bytes of all arguments; Linux takes a quarter of the stack's limit, by default 2 MB."""
LARGEST_INPUT = 1_000_000
"""Bytes on standard input."""

_PLACE = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")

Arguments = Mapping[str, Json]


@dataclass(frozen=True)
class CommandTool:
    """One command."""

    description: str
    run: tuple[str, ...]
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """A JSON schema for each. One with a default need not be given."""
    optional: tuple[str, ...] = ()
    """An element that names one of these is left out where the call does."""
    stdin: str | None = None
    json: bool = False
    """It prints JSON."""
    success_exit: tuple[int, ...] = (0,)
    dashes: bool = False
    """A value may begin with a dash, where the program would take it for an option."""
    makes_artifact: bool = False
    takes_artifact: bool = False

    @property
    def defaults(self) -> dict[str, Json]:
        return {name: said["default"] for name, said in self.arguments.items() if "default" in said}


@dataclass(frozen=True)
class CommandSettings:
    """A server of the config: commands that share an environment, a folder and a user."""

    name: str
    tools: Mapping[str, CommandTool]
    reading: frozenset[str] = frozenset()
    """Those that only read, as their contracts say."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All that they see of the environment, beside PATH."""
    folder: str | None = None
    """Where they work; an empty folder of its own for each call when None."""
    user: str | None = None
    """Whom they run as; as the worker does when None."""
    output_limit: int = 1_000_000
    """Bytes of each stream that are kept: of a longer one its beginning and its end."""


def definition(settings: CommandSettings, name: str) -> ToolDefinition:
    tool = settings.tools[name]
    where = {"folder": settings.folder, "user": settings.user}
    filled_in = {
        ARTIFACT: {"type": "string", "pattern": f"^{DIGEST}$", "description": "Handrail fills it in."}
    }
    return ToolDefinition(
        name=name,
        description=tool.description,
        input_schema=input_schema(
            tool.arguments, (*tool.optional, *tool.defaults), filled_in if tool.takes_artifact else {}
        ),
        output_schema=None,
        # An operator's change of the command is a change of the tool.
        annotations={"command": fingerprint(_plain({**where, "tool": asdict(tool)}))},
    )


def places_in(template: str) -> Iterator[str]:
    """The names that stand in braces."""
    yield from _PLACE.findall(template)


def vector(tool: CommandTool, arguments: Arguments) -> list[bytes]:
    """The program and its arguments. Raises Refused where a value can't be one."""
    given = {**tool.defaults, **arguments}
    made = [
        _argument(tool, template, given)
        for template in tool.run
        if all(name in given for name in places_in(template))
    ]
    if sum(len(each) + 1 for each in made) > LONGEST_VECTOR:
        raise Refused(f"the command would have more than {LONGEST_VECTOR:,} bytes")
    return made


def standard_input(tool: CommandTool, arguments: Arguments) -> bytes | None:
    """Raises Refused. A text that is one place and nothing else takes any value, as JSON where it is no text."""
    given = {**tool.defaults, **arguments}
    if tool.stdin is None or any(name not in given for name in places_in(tool.stdin)):
        return None
    whole = _PLACE.fullmatch(tool.stdin)
    if whole and not isinstance(given[whole[1]], str):
        text = str(canonical(given[whole[1]]))
    else:
        text = _filled(tool.stdin, given)
    made = text.encode()
    if len(made) > LARGEST_INPUT:
        raise Refused(f"its standard input would have more than {LARGEST_INPUT:,} bytes")
    return made


def _argument(tool: CommandTool, template: str, given: Arguments) -> bytes:
    text = _filled(template, given)
    names = ", ".join(places_in(template))
    if "\0" in text:
        raise Refused(f"the argument {names} holds a NUL, which no command can be given")
    if text.startswith("-") and not template.startswith("-") and not tool.dashes:
        raise Refused(f"the argument {names} begins with a dash, so the program would take it for an option")
    made = text.encode()
    if len(made) > LONGEST_ARGUMENT:
        raise Refused(
            f"the argument {names} is longer than the {LONGEST_ARGUMENT:,} bytes a command can be given"
        )
    return made


def _filled(template: str, given: Arguments) -> str:
    return _PLACE.sub(lambda place: word(place[1], given[place[1]]), template)


def _plain(value: Any) -> Json:
    """Without tuples, which are not JSON."""
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            plain: Json = value
            return plain
