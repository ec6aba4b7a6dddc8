"""A YAML file as plain data: with the line of every key, `${NAME}` filled in, and no key written twice."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .problems import BadConfig, KeyPath, Problem, within

DEEPEST = 40
"""An alias that contains itself would have no end."""

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"


class _Loader(yaml.SafeLoader):
    """YAML 1.2's idea of a plain word: `no`, `on`, `12:30` and `2026-01-01` are text."""


_Loader.yaml_implicit_resolvers = {}

_Loader.add_implicit_resolver(_NULL, re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(_INT, re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    _FLOAT, re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$"), list("-+.0123456789")
)

_PLAIN: Mapping[str, Callable[[str], Any]] = {
    _NULL: lambda _: None,
    _BOOL: lambda text: text.lower() == "true",
    _INT: int,
    _FLOAT: float,
}


@dataclass
class Source:
    """What stands in the file, and where."""

    file: str
    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    from_environment: dict[KeyPath, str] = field(default_factory=dict)
    """What a value was written as, where it came from the environment: shown in its place."""
    read: dict[KeyPath, dict[str, str]] = field(default_factory=dict, repr=False)
    """What the environment itself said there, by name."""

    def problem(self, path: KeyPath, text: str) -> Problem:
        """A problem with the line of the nearest key that stands in the file."""
        known = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in self.lines), ())
        return Problem(path, text, self.lines.get(known))

    def references(self) -> Iterator[tuple[KeyPath, str]]:
        """Each NAME that the file takes from the environment, and where; set or not."""
        for path, text in self.from_environment.items():
            yield from ((path, reference["name"]) for reference in _REFERENCE.finditer(text))

    def unset(self, path: KeyPath) -> bool:
        """Is the value at *path* missing from the environment, and said so already?"""
        return any(problem.path == path for problem in self.problems)


def read(file: Path, environ: Mapping[str, str], leave: tuple[KeyPath, ...] = ()) -> Source:
    """Read *file*, filling `${NAME}` and `${NAME:-default}` from *environ*.

    The parts in *leave* are taken as written: a process that does not use them need not know their secrets.
    Raises `BadConfig` where there is no such file, or it is no YAML.
    """
    name = _nearby(file)
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise BadConfig(
            name, [Problem((), "there is no such file; HANDRAIL_CONFIG names another one")]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(name, [Problem((), f"it can't be read: {error}")]) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise BadConfig(name, [Problem((), f"this is no YAML: {error.problem}", line)]) from None
    except yaml.YAMLError as error:
        raise BadConfig(name, [Problem((), f"this is no YAML: {error}")]) from None
    walk = _Walk(Source(name), environ, leave)
    walk.source.data = None if root is None else walk.value(root, ())
    return walk.source


def _nearby(file: Path) -> str:
    """The file's name as somebody standing in the working directory would write it."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)


@dataclass
class _Walk:
    source: Source
    environ: Mapping[str, str]
    leave: tuple[KeyPath, ...]

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.source.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > DEEPEST:
            self.source.problems.append(self.source.problem(path, "nested too deeply"))
            return None
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.value(item, (*path, place)) for place, item in enumerate(node.value)]
            case _:
                return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            inner = (*path, name)
            if name in made:
                first = self.source.lines[inner]
                text = f"expected each key once, found it again (first in line {first})"
                self.source.problems.append(Problem(inner, text, line))
                continue
            self.source.lines[inner] = line
            made[name] = self.value(item, inner)
        return made

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        text = str(node.value)
        if node.tag in _PLAIN:
            return _PLAIN[node.tag](text)
        if "${" not in text or within(path, self.leave):
            return text
        return self._filled(text, path)

    def _filled(self, text: str, path: KeyPath) -> str:
        self.source.from_environment[path] = text
        if "${" in _REFERENCE.sub("", text):
            self._complain(path, f"expected ${{NAME}} or ${{NAME:-default}}, found {text!r}")
            return text
        return _REFERENCE.sub(lambda reference: self._lookup(reference, path), text)

    def _lookup(self, reference: re.Match[str], path: KeyPath) -> str:
        name, default = reference["name"], reference["default"]
        value = self.environ.get(name)
        if value:
            self.source.read.setdefault(path, {})[name] = value
        if default is not None:
            return value or default
        if value is None:
            self._complain(path, f"expected the environment variable {name}, found that it is not set")
            return ""
        return value

    def _complain(self, path: KeyPath, text: str) -> None:
        self.source.problems.append(self.source.problem(path, text))
