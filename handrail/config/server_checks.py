"""Whether the tools that the file itself declares can be called as it says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from activities.declared import DRY_RUN, KEY_ARGUMENT
from activities.mail_tools import SEND
from activities.sql_tools import FIND_EFFECT
from activities.sql_tools import names_in as names_in_sql
from workflows.outside import BOT
from workflows.rules.keys import names_in

from .problems import KeyPath
from .schema import File, ToolSection
from .server_sections import (
    FIND,
    POST,
    HttpSection,
    HttpToolSection,
    MailSection,
    PostsSection,
    SqlSection,
    SqlToolSection,
)

Finding = tuple[KeyPath, str]

_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2}|\{[^{}]+\})*")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token, as RFC 9110 (5.6.2) has it."""
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_OURS = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "upgrade")


def mistakes(file: File) -> Iterator[Finding]:
    for name, server in file.servers.items():
        path: KeyPath = ("servers", name)
        if server.queue == BOT and not isinstance(server, PostsSection):
            yield (*path, "queue"), f"expected another name: {BOT} is the bot's own queue"
        match server:
            case HttpSection():
                found = _http(server)
            case SqlSection():
                found = _sql(server)
            case MailSection():
                found = _mail(server)
            case _:
                continue
        yield from (((*path, *inner), text) for inner, text in found)
    for name, said in file.tools.items():
        yield from ((("tools", name, *path), text) for path, text in _contract(name, said, file))


def _contract(name: str, said: ToolSection, file: File) -> Iterator[Finding]:
    """What makes a change under our key makes none without one, and says that it changes something."""
    server, _, tool = name.partition(".")
    match file.servers.get(server):
        case SqlSection(tools=tools) if tool in tools and not tools[tool].query:
            who, reads = "a database makes", "its statements change something: only a query reads"
        case MailSection() if tool == SEND:
            who, reads = "a mail server sends", "it sends an e-mail"
            if said.class_ != "at_most_once":
                yield (
                    ("class",),
                    f"a mail server knows no e-mail again: expected at_most_once, found {said.class_}",
                )
        case PostsSection() if tool == POST:
            who, reads = "the bot posts", "it posts a message"
            if said.class_ == "idempotent":
                yield (
                    ("class",),
                    f"Slack knows no message again: expected verifiable, with {FIND}, found {said.class_}",
                )
        case _:
            return
    if said.reads:
        yield ("reads",), reads
    elif said.key_in is None or said.key_in.argument != KEY_ARGUMENT:
        yield (), f"{who} each change under a key: expected `key_in: {{argument: {KEY_ARGUMENT}}}`"


def _mail(server: MailSection) -> Iterator[Finding]:
    if bool(server.user) != bool(server.password):
        found = "a user" if server.user else "a password"
        yield (), f"expected user and password, or neither, found only {found}"


def _http(server: HttpSection) -> Iterator[Finding]:
    if server.http.startswith("http://") and not server.private:
        yield ("http",), "expected https, or `private: true` beside it: all of it would go in plain text"
    for header, value in server.headers.items():
        yield from ((("headers", header), text) for text in _header(header))
        if not _VALUE.fullmatch(value.get_secret_value()):
            yield ("headers", header), "expected one line of plain ASCII"
    for name, tool in server.tools.items():
        yield from ((("tools", name, *path), text) for path, text in _http_tool(tool))


def _http_tool(tool: HttpToolSection) -> Iterator[Finding]:
    if len(tool.requests) != 1:
        found = ", ".join(method for method, _ in tool.requests) or "none"
        yield (), f"expected one of get, post, put, patch and delete, found {found}"
        return
    [(method, path)] = tool.requests
    yield from _path((method,), path, tool.optional)
    if tool.body is not None and method in ("get", "delete"):
        yield ("body",), f"a {method} has no body"
    for header in (*tool.headers_from, *filter(None, [tool.idempotency_header])):
        yield from ((("headers_from", header), text) for text in _header(header))
    used = [path, tool.query, tool.body, tool.headers_from]
    given = [KEY_ARGUMENT] if tool.idempotency_header else []
    yield from arguments(tool.arguments, tool.optional, set(names_in(used)), given, "{{{}}}")


def _path(key: KeyPath, path: str, optional: Sequence[str]) -> Iterator[Finding]:
    if not _PATH.fullmatch(path):
        yield key, f"expected a path such as /invoices/{{id}}, without ? and #, found {path!r}"
    if any(part in (".", "..") for part in path.split("/")) or "//" in path:
        yield key, f"expected a path without empty parts, . and .., found {path!r}"
    for name in names_in(path):
        if name in optional:
            yield key, f"the path names {name}, so that can't be optional"


def _header(name: str) -> Iterator[str]:
    if not _HEADER.fullmatch(name):
        yield f"expected the name of a header, found {name!r}"
    if name.lower() in _OURS:
        yield "Handrail itself fills in this header"


def _sql(server: SqlSection) -> Iterator[Finding]:
    if server.password and server.sql.startswith("sqlite"):
        yield ("password",), "a file of SQLite has none"
    for name, tool in server.tools.items():
        if name == FIND_EFFECT:
            yield ("tools", name), "every database that is changed has a tool of this name anyway"
        yield from ((("tools", name, *path), text) for path, text in _sql_tool(tool))


def _sql_tool(tool: SqlToolSection) -> Iterator[Finding]:
    if bool(tool.query) == bool(tool.statements):
        yield (), f"expected either query or statements, found {'both' if tool.query else 'neither'}"
    if tool.query:
        for key in ("shows", "expect_rows"):
            if key in tool.model_fields_set:
                yield (key,), "a query changes nothing, so this has no place here"
    used = {name for sql in (tool.query or "", tool.shows, *tool.statements) for name in names_in_sql(sql)}
    given = [KEY_ARGUMENT, DRY_RUN] if tool.statements else []
    yield from arguments(tool.arguments, tool.optional, used, given, ":{}")


def arguments(
    said: Mapping[str, Any], optional: Sequence[str], used: set[str], given: Sequence[str], spelling: str
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
        yield (), f"{spelling.format(name)} stands in it, and there is no such argument"
