"""`handrail.yaml`: read, checked as a whole, and turned into the values that runs are pinned to."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr, ValidationError

from bot.events_settings import EventSource
from bot.start_settings import StartSettings
from handrail.trouble import Misused
from workflows.values.people import People
from workflows.values.spec import AgentSpec, FreezeWindow, ModelPlanner, Rule
from workflows.values.tools import ToolContract

from . import checks, events, events_checks, presets, secrets, translate
from . import starting as start
from .problems import BadConfig, Problem
from .schema import BlobsSection, File, ModelSection, PolicyTestSection
from .server_sections import PostsSection, ServerSection
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
    starting: Mapping[str, StartSettings]
    """By agent; who may start it, and how it is asked for."""
    tools: tuple[ToolContract, ...]
    rules: tuple[Rule, ...]
    policy_tests: tuple[PolicyTestSection, ...]
    freezers: People
    """Who may freeze and unfreeze in Slack."""
    windows: tuple[FreezeWindow, ...]
    environments: tuple[str, ...]
    """Those that rules and windows name outright."""
    servers: Mapping[str, ServerSection]
    """Those that this process starts: of its own queue."""
    queue: str
    """The team's whose tools alone this process serves; empty where it serves all that have none."""
    elsewhere: Mapping[str, str]
    """The servers that others start, each with its queue."""
    posts: Mapping[str, PostsSection]
    """The servers that post in Slack: the bot's."""
    models: Mapping[str, ModelSection]
    events: tuple[EventSource, ...]
    """Who may send events."""
    blobs: BlobsSection | None
    """Where big values are kept; a folder of this machine where it is not said."""
    secrets: tuple[SecretStr, ...]
    """Of the tool servers, and those that it names: nothing that is shown holds them. Empty without servers."""
    mask_patterns: tuple[str, ...]
    """What looks like this is not shown either."""
    doubts: tuple[str, ...]
    """What works, and is hardly meant: one line each."""

    @property
    def queues(self) -> list[str]:
        """Teams' own, all of the file."""
        return sorted({self.queue, *self.elsewhere.values()} - {""})

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


def load(
    environ: Mapping[str, str] = os.environ,
    *,
    with_servers: bool = True,
    with_events: bool = False,
    queue: str = "",
) -> Config:
    """Read and check the config.

    A process that starts no tool servers, or hears no events, needs none of the secrets of these; one that starts
    those of a team's *queue*, or those that have none, needs only theirs. Raises `BadConfig` with every problem that
    was found, `Misused` where no server has that queue.
    """
    events_left = () if with_events else (secrets.EVENTS,)
    source = read(file_named_by(environ), _given(environ), leave=(*secrets.PLACES, secrets.EVENTS))
    leave = secrets.of_others(source.data, queue) if with_servers else secrets.PLACES
    source = read(file_named_by(environ), _given(environ), leave=(*leave, *events_left))
    file = _checked(source)
    queues = {name: said.queue or "" for name, said in file.servers.items()}
    if queue and queue not in queues.values():
        there = ", ".join(sorted({*queues.values()} - {""})) or "none"
        raise Misused(f"no server in {source.file} has the queue {queue!r}; there are: {there}")
    servers = {name: said for name, said in file.servers.items() if queues[name] == queue}
    tools = {
        name: translate.contract(name, said, queues.get(name.partition(".")[0], ""))
        for name, said in file.tools.items()
    }
    rules = tuple(translate.rule(said) for said in file.rules)
    windows = tuple(translate.window(said) for said in file.freeze.windows)
    agents = tuple(
        translate.agent(name, said, tools, rules, windows, file.models)
        for name, said in file.agents.items()
        if said.model != ""
    )
    findings = [*checks.doubts(file), *(secrets.doubts(file, source, servers) if with_servers else ())]
    findings += events_checks.doubts(file) if with_events else ()
    doubts = [source.problem(path, text) for path, text in findings]
    return Config(
        file=source.file,
        command=file.slack.command,
        default_agent=file.slack.default_agent or _only_model(agents),
        agents=agents,
        starting={name: start.starting(said) for name, said in file.agents.items()},
        tools=tuple(tools.values()),
        rules=rules,
        policy_tests=file.policy_tests,
        freezers=translate.people(file.freeze.who),
        windows=windows,
        environments=translate.environments(file),
        servers=servers if with_servers else file.servers,
        queue=queue,
        elsewhere={name: each for name, each in queues.items() if each != queue},
        posts={name: said for name, said in file.servers.items() if isinstance(said, PostsSection)},
        models=file.models,
        events=tuple(events.source(name, said) for name, said in file.events.items()),
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
    presets.expand(source)
    problems = list(source.problems)
    try:
        file = File.model_validate(source.data)
    except ValidationError as error:
        raise BadConfig(source.file, problems + problems_of(error, source)) from None
    # The checks repeat what they find, which no secret may be.
    found = [*secrets.mistakes(file, source)] or checks.mistakes(file)
    problems += [source.problem(path, text) for path, text in found if not source.unset(path)]
    if problems:
        raise BadConfig(source.file, problems)
    return file
