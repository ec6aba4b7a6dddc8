"""`handrail.yaml`: read, checked as a whole, and turned into the values that runs are pinned to."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from workflows.values.spec import AgentSpec
from workflows.values.tools import ToolContract

from . import checks, translate
from .problems import BadConfig, Problem
from .schema import File, ServerSection
from .source import Source, read
from .wording import problems_of

__all__ = ["BadConfig", "Config", "file_named_by", "home_named_by", "load"]


@dataclass(frozen=True)
class Config:
    """All that an operator says of this deployment."""

    file: str
    command: str
    default_agent: str | None
    agents: tuple[AgentSpec, ...]
    tools: tuple[ToolContract, ...]
    servers: Mapping[str, ServerSection]
    doubts: tuple[str, ...]
    """What works, and is hardly meant: one line each."""


def file_named_by(environ: Mapping[str, str]) -> Path:
    """The config in force: `HANDRAIL_CONFIG`, or `handrail.yaml` in the working directory."""
    return Path(environ.get("HANDRAIL_CONFIG") or "handrail.yaml")


def home_named_by(environ: Mapping[str, str]) -> Path:
    """Where the demo keeps its state: `HANDRAIL_HOME`, or `.handrail` in the working directory."""
    return Path(environ.get("HANDRAIL_HOME") or ".handrail").absolute()


def load(environ: Mapping[str, str] = os.environ, *, with_servers: bool = True) -> Config:
    """Read and check the config.

    A process that starts no tool servers says so, and then needs none of the secrets they are given. Raises
    `BadConfig` with every problem that was found.
    """
    source = read(file_named_by(environ), _given(environ), leave=() if with_servers else ("servers",))
    file = _checked(source)
    tools = {name: translate.contract(name, said) for name, said in file.tools.items()}
    rules = [translate.rule(said) for said in file.rules]
    doubts = [source.problem(path, text) for path, text in checks.doubts(file)]
    return Config(
        file=source.file,
        command=file.slack.command,
        default_agent=file.slack.default_agent,
        agents=tuple(translate.agent(name, said, tools, rules) for name, said in file.agents.items()),
        tools=tuple(tools.values()),
        servers=file.servers,
        doubts=tuple(str(BadConfig(source.file, [doubt])) for doubt in doubts),
    )


def _given(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, and two names that Handrail itself knows."""
    home = home_named_by(environ)
    return {"HANDRAIL_PYTHON": sys.executable, **environ, "HANDRAIL_HOME": str(home)}


def _checked(source: Source) -> File:
    if source.data is None and not source.problems:
        raise BadConfig(source.file, [Problem((), "the file is empty")])
    problems = list(source.problems)
    try:
        file = File.model_validate(source.data)
    except ValidationError as error:
        raise BadConfig(source.file, problems + problems_of(error, source)) from None
    problems += [source.problem(path, text) for path, text in checks.mistakes(file)]
    if problems:
        raise BadConfig(source.file, problems)
    return file
