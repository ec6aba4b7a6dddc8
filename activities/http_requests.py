"""From a call to the bytes of a request. No argument can leave the place that it was given."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from workflows.rules.canonical import canonical
from workflows.values.base import Json

from .declared import LEFT_OUT, NAME, Arguments, filled, word
from .http_tools import SEGMENT, HttpSettings, HttpTool
from .tool_replies import Refused

_SEGMENT = re.compile(SEGMENT["pattern"])
_FIELD_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
"""Visible ASCII, with blanks inside: what no reader of headers could take for the end of one (RFC 9110, 5.5)."""

DEFAULTS = {"Accept": "application/json", "User-Agent": "handrail"}
ALWAYS = {"Accept-Encoding": "identity"}
"""Nothing comes compressed, so nothing can swell."""


@dataclass(frozen=True)
class Request:
    """What is sent. It holds credentials and true arguments, so it is shown to nobody."""

    method: str
    target: bytes = field(repr=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    content: bytes = field(repr=False)


def request_of(settings: HttpSettings, tool: HttpTool, arguments: Arguments) -> Request:
    """Raises Refused where an argument can't stand in its place."""
    target = urlsplit(settings.base).path.rstrip("/") + _path(tool.path, arguments)
    query = _query(tool, arguments)
    body = None if tool.body is None else filled(tool.body, arguments)
    content = b"" if body is None or body is LEFT_OUT else canonical(body).encode()
    return Request(
        method=tool.method,
        target=f"{target}?{query}".encode() if query else target.encode(),
        headers=_headers(settings, tool, arguments, has_body=bool(content)),
        content=content,
    )


def _path(template: str, arguments: Arguments) -> str:
    return "/".join(_segment(part, arguments) for part in template.split("/"))


def _segment(template: str, arguments: Arguments) -> str:
    if not NAME.search(template):
        return template
    plain = NAME.sub(lambda name: _given(name[1], arguments), template)
    if not _SEGMENT.match(plain):
        raise Refused(f"“{plain}” can't be one part of a path")
    return NAME.sub(lambda name: quote(_given(name[1], arguments), safe=""), template)


def _given(name: str, arguments: Arguments) -> str:
    if name not in arguments:
        raise Refused(f"the call has no argument {name}")
    return word(name, arguments[name])


def _query(tool: HttpTool, arguments: Arguments) -> str:
    pairs: list[tuple[str, str]] = []
    for name, template in tool.query.items():
        value: Json = filled(template, arguments)
        if value is LEFT_OUT or value is None:
            continue
        several = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, word(name, each)) for each in several]
    return urlencode(pairs, quote_via=quote)


def _headers(
    settings: HttpSettings, tool: HttpTool, arguments: Arguments, *, has_body: bool
) -> tuple[tuple[bytes, bytes], ...]:
    """By their names in small letters: none is sent twice."""
    made = {name.lower(): value for name, value in DEFAULTS.items()}
    if has_body:
        made["content-type"] = "application/json"
    made |= {name.lower(): value for name, value in settings.headers.items()}
    for name, template in tool.headers_filled.items():
        value = filled(template, arguments)
        if value is not LEFT_OUT:
            made[name.lower()] = _field_value(name, word(name, value))
    made |= {name.lower(): value for name, value in ALWAYS.items()}
    return tuple((name.encode(), value.encode("latin-1")) for name, value in made.items())


def _field_value(name: str, value: str) -> str:
    if not _FIELD_VALUE.fullmatch(value):
        raise Refused(f"what stands in the header {name} has to be plain ASCII in one line")
    return value
