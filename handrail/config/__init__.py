"""`handrail.yaml`: read, checked as a whole, and turned into the values that runs are pinned to."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr, ValidationError

from workflows.values.people import People
from workflows.values.spec import AgentSpec, FreezeWindow, ModelPlanner, Rule
from workflows.values.tools import ToolContract

from . import checks, secrets, translate
from .problems import BadConfig, Problem
from .schema import BlobsSection, File, ModelSection, PolicyTestSection, ServerSection
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
    rules: tuple[Rule, ...]
    policy_tests: tuple[PolicyTestSection, ...]
    freezers: People
    """Who may freeze and unfreeze in Slack."""
    windows: tuple[FreezeWindow, ...]
    environments: tuple[str, ...]
    """Those that rules and windows name outright."""
    servers: Mapping[str, ServerSection]
    models: Mapping[str, ModelSection]
    blobs: BlobsSection | None
    """Where big values are kept; a folder of this machine where it is not said."""
    secrets: tuple[SecretStr, ...]
    """Of the tool servers, and those that it names: nothing that is shown holds them. Empty without servers."""
    mask_patterns: tuple[str, ...]
    """What looks like this is not shown either."""
    doubts: tuple[str, ...]
    """What works, and is hardly meant: one line each."""

    @property
    def asks_models(self) -> bool:
        """Has any agent one?"""
        return any(isinstance(agent.planner, ModelPlanner) for agent in self.agents)


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
    source = read(file_named_by(environ), _given(environ), leave=() if with_servers else secrets.PLACES)
    file = _checked(source)
    tools = {name: translate.contract(name, said) for name, said in file.tools.items()}
    rules = tuple(translate.rule(said) for said in file.rules)
    windows = tuple(translate.window(said) for said in file.freeze.windows)
    agents = tuple(
        translate.agent(name, said, tools, rules, windows, file.models)
        for name, said in file.agents.items()
        if said.model != ""
    )
    findings = [*checks.doubts(file), *(secrets.doubts(file, source) if with_servers else ())]
    doubts = [source.problem(path, text) for path, text in findings]
    return Config(
        file=source.file,
        command=file.slack.command,
        default_agent=file.slack.default_agent or _only_model(agents),
        agents=agents,
        tools=tuple(tools.values()),
        rules=rules,
        policy_tests=file.policy_tests,
        freezers=translate.people(file.freeze.who),
        windows=windows,
        environments=translate.environments(file),
        servers=file.servers,
        models=file.models,
        blobs=file.blobs,
        secrets=tuple(secrets.values(file, source)) if with_servers else (),
        mask_patterns=file.masking.patterns,
        doubts=tuple(str(BadConfig(source.file, [doubt])) for doubt in doubts),
    )


def _only_model(agents: Sequence[AgentSpec]) -> str | None:
    """Who takes the goals that no phrase fits, where nobody is named for them: the one agent that has a model."""
    names = [agent.name for agent in agents if isinstance(agent.planner, ModelPlanner)]
    return names[0] if len(names) == 1 else None


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
    # The checks repeat what they find, which no secret may be.
    found = [*secrets.mistakes(file, source)] or checks.mistakes(file)
    problems += [source.problem(path, text) for path, text in found]
    if problems:
        raise BadConfig(source.file, problems)
    return file
