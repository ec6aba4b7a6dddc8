"""Whether the tools that the file itself declares can be called as it says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from activities.command_tools import ARTIFACT, places_in

from .problems import KeyPath
from .schema import File
from .server_sections import CommandSection, CommandsSection

Finding = tuple[KeyPath, str]

_NAMES_AN_OPTION = re.compile(r"-+\{")


def mistakes(file: File) -> Iterator[Finding]:
    for name, server in file.servers.items():
        path: KeyPath = ("servers", name)
        if isinstance(server, CommandsSection):
            for tool, said in server.commands.items():
                yield from (((*path, "commands", tool, *inner), text) for inner, text in _command(said))


def _command(said: CommandSection) -> Iterator[Finding]:
    program, *rest = said.run
    if not program or any(places_in(program)):
        yield ("run", 0), f"expected a program, found {program!r}: what is run is never an argument's choice"
    for place, template in enumerate(rest, 1):
        if _NAMES_AN_OPTION.match(template) and not said.dashes:
            yield (
                ("run", place),
                f"expected more than dashes before an argument, which would name the option, found {template!r}",
            )
    used = {name for template in (*said.run, said.stdin or "") for name in places_in(template)}
    if said.artifact and ARTIFACT not in used:
        yield ("artifact",), "expected {artifact} in run: the file's name"
    if said.artifact == "taken":
        # They went into the file, when the preview made it.
        used |= said.arguments.keys()
    for name, schema in said.arguments.items():
        if name in said.optional and "default" in schema:
            yield ("arguments", name), "it has a default, so it need not be optional"
    yield from arguments(said.arguments, said.optional, used, [ARTIFACT] if said.artifact else [])


def arguments(
    said: Mapping[str, Any], optional: Sequence[str], used: set[str], given: Sequence[str]
) -> Iterator[Finding]:
    """Does what a tool takes fit what is made of it? *given* are arguments that it has anyway."""
    for name, schema in said.items():
        if name in given:
            yield ("arguments", name), f"the tool has an argument {name} anyway"
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            yield ("arguments", name), f"expected a JSON schema: {error.message}"
        if name not in used:
            yield ("arguments", name), "nothing is made of it: people would approve what is never sent"
    for name in optional:
        if name not in said:
            yield (
                ("optional",),
                f"expected one of the arguments ({', '.join(said) or 'none'}), found {name!r}",
            )
    for name in sorted(used - {*said, *given}):
        yield (), f"{{{name}}} stands in it, and there is no such argument"
