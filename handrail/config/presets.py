"""Ready-made servers: `use: preset/…`. Each is a file in `handrail/presets`, and its contracts are of the same schema as
those of `handrail.yaml`.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from .forms import Section
from .problems import BadConfig, Problem
from .schema import ToolSection
from .source import Source, read

FOLDER = Path(__file__).parents[1] / "presets"
PREFIX = "preset/"
STARTED_OTHERWISE = ("command", "url")
"""Who says one of these starts the server, or reaches it, in a way of their own."""


class Preset(Section):
    """A server that many have: how it is started, and what its tools may do."""

    product: str
    package: str
    """What is installed, or spoken to."""
    version: str
    checked: str
    """When, and against what."""
    needs: dict[str, str] = Field(min_length=1)
    """What the server's own section has to say, such as `env.TOKEN`, each with what it is."""
    takes: dict[str, str] = {}
    """What it may say."""
    notes: str = ""
    server: dict[str, Any]
    """Its section."""
    tools: dict[str, ToolSection] = Field(min_length=1)

    @property
    def made_for(self) -> str:
        return f"{self.package} {self.version}"


def names() -> list[str]:
    """As they are written after `use`."""
    return [PREFIX + file.stem for file in sorted(FOLDER.glob("*.yaml"))]


@cache
def written(name: str) -> Source:
    """The file of the preset called `preset/…`, one of `names`; with nothing filled in from the environment."""
    return read(FOLDER / f"{name.removeprefix(PREFIX)}.yaml", {}, leave=((),))


@cache
def find(name: str) -> Preset:
    return Preset.model_validate(written(name).data)


def expand(source: Source) -> None:
    """Fill in what stands behind each `use`. What the file itself says wins: key by key of the section, tool by tool.

    Raises `BadConfig` where there is no such preset, or a section lacks what it needs.
    """
    servers = source.data.get("servers") if isinstance(source.data, dict) else None
    if not isinstance(servers, dict):
        return
    problems: list[Problem] = []
    for name, own in servers.items():
        if isinstance(own, dict) and "use" in own:
            found = list(_mistakes(own))
            problems += [source.problem(("servers", name, "use"), text) for text in found]
            if not found:
                _fill_in(source, name, own)
    if problems:
        raise BadConfig(source.file, [*source.problems, *problems])


def _mistakes(own: dict[str, Any]) -> Iterator[str]:
    if own["use"] not in names():
        yield f"expected one of the presets ({', '.join(names())}), found {own['use']!r}"
        return
    if not _otherwise(own):
        for place, what in find(own["use"]).needs.items():
            if not _says(own, place):
                yield f"{own['use']} needs {place} beside it: {what}"


def _fill_in(source: Source, name: str, own: dict[str, Any]) -> None:
    ready = written(own["use"]).data
    section = {} if _otherwise(own) else ready["server"]
    own.update({key: _over(value, own[key]) if key in own else value for key, value in section.items()})
    tools = source.data.get("tools")
    if tools is None:
        tools = source.data["tools"] = {}
    line = source.lines["servers", name, "use"]
    for tool, contract in ready["tools"].items():
        if isinstance(tools, dict) and f"{name}.{tool}" not in tools:
            tools[f"{name}.{tool}"] = contract
            source.lines["tools", f"{name}.{tool}"] = line


def _over(ready: Any, own: Any) -> Any:
    return {**ready, **own} if isinstance(ready, dict) and isinstance(own, dict) else own


def _otherwise(own: dict[str, Any]) -> bool:
    return any(key in own for key in STARTED_OTHERWISE)


def _says(own: Any, place: str) -> bool:
    for key in place.split("."):
        own = own.get(key) if isinstance(own, dict) else None
    return own is not None
