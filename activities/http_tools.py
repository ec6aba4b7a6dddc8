"""An HTTP API as the config declares it: each tool is one request."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workflows.rules.keys import names_in
from workflows.values.base import Json

from .declared import KEY_ARGUMENT, fingerprint, input_schema, plain
from .tool_replies import ToolDefinition

SAYS_IT_READS = {"GET": True, "PUT": False, "PATCH": False, "DELETE": False}
"""By the method. A POST may be either: many searches are one."""
SEGMENT: dict[str, Any] = {"pattern": r"^(?!\.{1,2}$)[^/\\\x00-\x1f\x7f]+$"}
"""What stands in a path stays one segment of it, also for a server that decodes before it splits."""


@dataclass(frozen=True)
class HttpTool:
    """One request. Texts in braces are arguments of the call."""

    description: str
    method: str
    path: str
    """Begins with a slash, and is put behind the server's base."""
    arguments: Mapping[str, Mapping[str, Any]]
    """A JSON schema for each."""
    optional: tuple[str, ...] = ()
    query: Mapping[str, Json] = field(default_factory=dict)
    body: Json = None
    """Sent as JSON; None sends no body."""
    headers_from: Mapping[str, str] = field(default_factory=dict)
    idempotency_header: str | None = None
    statuses: tuple[int, ...] = ()
    """Those that mean success; every 2xx when empty."""
    where: Mapping[str, Json] = field(default_factory=dict)
    """Fields at the top of the JSON answer that a success has, with their values."""

    def succeeds_with(self, status: int) -> bool:
        return status in self.statuses if self.statuses else 200 <= status < 300

    @property
    def headers_filled(self) -> dict[str, str]:
        """Templates of all headers that come from arguments."""
        key = {self.idempotency_header: f"{{{KEY_ARGUMENT}}}"} if self.idempotency_header else {}
        return {**self.headers_from, **key}


@dataclass(frozen=True)
class HttpSettings:
    """A server of the config."""

    name: str
    base: str = field(repr=False)
    """`https://host[:port][/path]`. Every request stays under it."""
    tools: Mapping[str, HttpTool]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    private: bool = False
    """It may resolve to a private address."""


def definition(settings: HttpSettings, name: str) -> ToolDefinition:
    tool = settings.tools[name]
    in_path = set(names_in(tool.path))
    arguments = {
        argument: {**said, "allOf": [*said.get("allOf", ()), SEGMENT]} if argument in in_path else said
        for argument, said in tool.arguments.items()
    }
    key = {"type": "string", "description": "Handrail fills it in."}
    request = fingerprint({"base": settings.base, "tool": plain(asdict(tool))})
    annotations: dict[str, Any] = {"request": request}
    if tool.method in SAYS_IT_READS:
        annotations["readOnlyHint"] = SAYS_IT_READS[tool.method]
    return ToolDefinition(
        name=name,
        description=tool.description,
        input_schema=input_schema(
            arguments, tool.optional, {KEY_ARGUMENT: key} if tool.idempotency_header else {}
        ),
        output_schema=None,
        annotations=annotations,
    )
