"""A database as the config declares it: each tool is some statements, and arguments are only ever bound to them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .declared import changing_schema, fingerprint, input_schema, plain
from .tool_replies import ToolDefinition

FIND_EFFECT = "find_effect"
"""Every server with tools that change something offers it: what was done under a key."""
_BOUND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
"""As SQLAlchemy's `text` reads them."""


@dataclass(frozen=True)
class SqlTool:
    """A query, or statements that are one change. `:name` is an argument of the call."""

    description: str
    arguments: Mapping[str, Mapping[str, Any]]
    """A JSON schema for each."""
    optional: tuple[str, ...] = ()
    """Left out, they are NULL."""
    query: str = ""
    statements: tuple[str, ...] = ()
    shows: str = ""
    """A query for the rows that the statements touch, asked before and after them."""
    expect_rows: int | None = None
    """Another number of changed rows is undone."""
    max_rows: int = 200

    @property
    def bound(self) -> set[str]:
        """The names of all arguments that its statements take."""
        return {name for sql in (self.query, self.shows, *self.statements) for name in names_in(sql)}


@dataclass(frozen=True)
class SqlSettings:
    """A server of the config."""

    name: str
    url: str = field(repr=False)
    """As SQLAlchemy writes it."""
    tools: Mapping[str, SqlTool]
    password: str | None = field(default=None, repr=False)

    @property
    def changes(self) -> bool:
        """Does any tool change something?"""
        return any(tool.statements for tool in self.tools.values())


def names_in(sql: str) -> Iterator[str]:
    yield from _BOUND.findall(sql)


def definitions(settings: SqlSettings) -> dict[str, ToolDefinition]:
    offered = {name: _definition(settings, name, tool) for name, tool in settings.tools.items()}
    if settings.changes:
        offered[FIND_EFFECT] = ToolDefinition(
            name=FIND_EFFECT,
            description="What was done under an idempotency key.",
            input_schema=input_schema({"key": {"type": "string"}}, (), {}),
            output_schema=None,
            annotations={"readOnlyHint": True},
        )
    return offered


def _definition(settings: SqlSettings, name: str, tool: SqlTool) -> ToolDefinition:
    changes = bool(tool.statements)
    schema = (
        changing_schema(tool.arguments, tool.optional)
        if changes
        else input_schema(tool.arguments, tool.optional, {})
    )
    return ToolDefinition(
        name=name,
        description=tool.description,
        input_schema=schema,
        output_schema=None,
        annotations={
            "readOnlyHint": not changes,
            "request": fingerprint({"url": settings.url, "tool": plain(asdict(tool))}),
        },
    )
