"""Whether the commands that the file declares can be run as it says."""

import re
from collections.abc import Iterator

from activities.command_tools import ARTIFACT, places_in

from .problems import KeyPath
from .schema import File
from .server_checks import arguments
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
    yield from arguments(said.arguments, said.optional, used, [ARTIFACT] if said.artifact else [], "{{{}}}")
