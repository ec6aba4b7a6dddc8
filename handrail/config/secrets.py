"""Which values of the file are secrets: what tool servers are given from the environment, and what it says are.

All else in it is shown to people and read by the bot too, so nothing that may be a secret stands there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from activities.masking import SHORTEST, too_short

from .problems import KeyPath, within
from .schema import File
from .server_sections import McpUrlSection, ServerSection
from .source import Source

OURS = ("HANDRAIL_PYTHON", "HANDRAIL_HOME", "HANDRAIL_MODEL", "HANDRAIL_FALLBACK_MODEL")
"""Handrail's own names, for what anybody may see."""
SERVERS: KeyPath = ("servers",)
MODELS: KeyPath = ("models",)
PLACES: tuple[KeyPath, ...] = (SERVERS, MODELS, ("masking", "values"))
"""Where secrets of the tools' edge may stand. Who starts no tool servers takes these as they are written."""
EVENTS: KeyPath = ("events", "*", "verify")
"""Where secrets of the Slack edge may stand. Who hears no events takes these as they are written."""
CREDENTIAL = re.compile("TOKEN|SECRET|PASSWORD|KEY|CREDENTIAL|AUTHORIZATION", re.IGNORECASE)


def mistakes(file: File, source: Source) -> Iterator[tuple[KeyPath, str]]:
    """What may be a secret, and would be shown."""
    for path, name in source.references():
        if within(path, [SERVERS]) and path[2:3] in {("tools",), ("commands",)}:
            yield (
                path,
                f"expected nothing from the environment in a tool, found ${{{name}}}: its server's part is for that",
            )
        if name not in _plain(file) and not within(path, (*PLACES, EVENTS)):
            do = (
                f"give it to a tool server in its env, or list {name} in masking.public if anybody may see it"
            )
            yield path, f"expected no secret, for people are shown this, found ${{{name}}}: {do}"


def values(file: File, source: Source) -> Iterator[SecretStr]:
    for _, _, value in _given(file, source):
        yield SecretStr(value)
    yield from file.masking.values


def of_others(data: Any, queue: str) -> tuple[KeyPath, ...]:
    """Where secrets stand that a process which serves *queue* has no need of, in a file that nobody has checked yet."""
    servers = data.get("servers") if isinstance(data, dict) else None
    theirs: list[KeyPath] = [
        (*SERVERS, name)
        for name, said in (servers.items() if isinstance(servers, dict) else ())
        if isinstance(said, dict) and (said.get("queue") or "") != queue
    ]
    return (*theirs, MODELS) if queue else tuple(theirs)


def doubts(file: File, source: Source, servers: Mapping[str, ServerSection]) -> Iterator[tuple[KeyPath, str]]:
    """What will be seen, and is hardly meant to be. *servers* are those that this process starts."""
    for path, name, value in _given(file, source):
        if too_short(value):
            yield (
                path,
                f"the value of ${{{name}}} has fewer than {SHORTEST} characters, so it is not masked where it shows up",
            )
    for path, name in _written_out(file, source, servers):
        do = f"write ${{{name}}}, or list {name} in masking.public if anybody may see it"
        yield path, f"it stands in the file in plain text and is not masked: {do}"
    for place, secret in enumerate(file.masking.values):
        if too_short(secret.get_secret_value()):
            yield (
                ("masking", "values", place),
                f"it has fewer than {SHORTEST} characters, so it is not masked where it shows up",
            )
    given = {str(path[-1]) for server in file.servers.values() for path in server.credentials}
    known = given.union(name for _, name in source.references())
    for place, name in enumerate(file.masking.public):
        if name not in known:
            yield ("masking", "public", place), f"nothing in the file is called ${{{name}}}"


def _given(file: File, source: Source) -> Iterator[tuple[KeyPath, str, str]]:
    """(where, name, value) of all that servers are given from the environment and that is not known to be plain."""
    for path, names in source.read.items():
        if within(path, [SERVERS, MODELS]):
            yield from ((path, name, value) for name, value in names.items() if name not in _plain(file))


def _written_out(
    file: File, source: Source, servers: Mapping[str, ServerSection]
) -> Iterator[tuple[KeyPath, str]]:
    """(where, name) of what tool servers are given as it stands in the file, and what sounds like a credential."""
    for server, section in servers.items():
        for place, value in section.credentials.items():
            path, name = (*SERVERS, server, *place), str(place[-1])
            masked = value in file.masking.values or path in source.from_environment
            if value and not masked and CREDENTIAL.search(name) and name not in _plain(file):
                yield path, name
        if isinstance(section, McpUrlSection):
            for where, value in section.passwords():
                path = (*SERVERS, server, *where)
                if value not in file.masking.values and path not in source.from_environment:
                    yield path, "NAME"


def _plain(file: File) -> set[str]:
    return {*OURS, *file.masking.public}
