"""`handrail check`: is everything there? One line each, with what to do where it is not."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from rich.text import Text
from temporalio.client import Client

from activities.blobs import BlobTrouble
from workflows.outside import BOT, Queue
from workflows.values.spec import ModelPlanner, RuleKind

from . import blobs, temporal
from .check_slack import check_slack
from .check_tools import check_tools
from .config import Config, load, presets
from .demo.parts import embedded_temporal, sandbox_tokens, slack_is_real
from .events import check_events
from .home import Home
from .masking import worker_masker
from .queues import STICKY
from .servers import tool_servers
from .trouble import Trouble
from .worker import models

PROBE = b"handrail check"


@dataclass(frozen=True)
class Line:
    """One thing looked at."""

    well: bool
    name: str
    text: str
    doubtful: bool = False
    """It works, and is hardly meant."""


async def check_all(environ: Mapping[str, str], console: Console, queue: str = "") -> bool:
    """Print a line for each thing looked at. True when all is well."""
    well = True
    async for line in look(environ, queue):
        sign, style = ("!", "yellow") if line.doubtful else ("✓", "green") if line.well else ("✗", "red")
        console.print(Text.assemble((sign, style), f" {line.name:<10} ", line.text))
        well = well and line.well
    return well


async def look(environ: Mapping[str, str], queue: str = "") -> AsyncIterator[Line]:
    try:
        config = load(environ, with_events=not queue, queue=queue)
    except Trouble as trouble:
        for problem in str(trouble).splitlines():
            yield Line(False, "config", problem)
        return
    for line in _config(config):
        yield line
    seen = _with_demo(environ)
    async for line in _slack(seen, config):
        yield line
    async for line in _temporal(seen, config):
        yield line
    yield await _store(config, seen)
    async for line in _tools(config, environ):
        yield line
    for well, text in check_events(config, environ):
        yield Line(well, "events", text)
    async for line in _models(config):
        yield line


def _config(config: Config) -> Iterator[Line]:
    agents, tools = len(config.agents), len(config.tools)
    yield Line(True, "config", f"{config.file}: {agents} agents, {tools} tools")
    for name, server in config.servers.items():
        if server.use:
            yield Line(True, "config", f"{name}: {server.use}, made for {presets.find(server.use).made_for}")
    for doubt in config.doubts:
        yield Line(True, "config", doubt, doubtful=True)


def _with_demo(environ: Mapping[str, str]) -> Mapping[str, str]:
    """As the parts of a demo see it, where one runs here: its Temporal and its workspace are what to look at."""
    home = Home.named_by(environ)
    if not home.in_use():
        return environ
    seen = dict(embedded_temporal(home.ports(), environ))
    return seen if slack_is_real(environ) else {**seen, **sandbox_tokens(home.ports().page)}


async def _slack(environ: Mapping[str, str], config: Config) -> AsyncIterator[Line]:
    started = {
        start.channel: f"the events of {source.name}" for source in config.events for start in source.starts
    }
    posted = {
        channel: f"the server {name}"
        for name, said in config.posts.items()
        for channel in said.slack.channels
    }
    async for well, text in check_slack(environ, config.rules, {**started, **posted}, posted):
        yield Line(well, "Slack", text)


async def _temporal(environ: Mapping[str, str], config: Config) -> AsyncIterator[Line]:
    try:
        client = await temporal.connect(environ)
        kept = await temporal.retention(client)
        missing = await temporal.missing_search_attributes(client)
    except Trouble as trouble:
        yield Line(False, "Temporal", str(trouble))
        return
    yield Line(True, "Temporal", f"{client.service_client.config.target_host}, namespace {client.namespace}")
    yield _retention(client, kept, config)
    if config.blobs is None and not _is_here(client):
        yield Line(
            True,
            "blobs",
            "big values are kept in a folder of this machine, and Temporal is elsewhere: where the bot or another worker "
            "is not on this machine, name a bucket in `blobs` (docs/models.md, “Long answers, long runs”)",
            doubtful=True,
        )
    if missing:
        yield Line(
            False,
            "Temporal",
            f"search attributes are missing; the worker adds them, or run:\n{temporal.commands_for(client, missing)}",
        )
    else:
        yield Line(True, "Temporal", "search attributes are there")
    for team in config.queues:
        yield await _polled(client, team)


async def _polled(client: Client, team: str) -> Line:
    """Only of teams' own queues: of the others one sees at once that nobody works."""
    queue = Queue.RUNS.of(team)
    try:
        polled = await temporal.is_polled(client, queue)
    except Trouble as trouble:
        return Line(False, "Temporal", str(trouble))
    if polled:
        return Line(True, "Temporal", f"a worker takes what goes to {queue}")
    start = "bot" if team == BOT else f"worker --queue {team}"
    text = f"no worker takes what goes to {queue}: handrail {start}"
    return Line(True, "Temporal", text, doubtful=True)


def _retention(client: Client, kept: timedelta, config: Config) -> Line:
    """The ledger is Temporal's memory of closed workflows: it has to outlast each wait for an approval."""
    waits = [
        rule.expires_after for agent in config.agents for rule in agent.rules if rule.then is RuleKind.ASK
    ]
    longest = max(waits, default=timedelta())
    if kept >= longest + STICKY:
        return Line(
            True,
            "Temporal",
            f"remembers what was done for {_days(kept)}; the longest wait for one approval is {_days(longest)}",
        )
    return Line(
        False,
        "Temporal",
        f"remembers what was done for {_days(kept)}, which does not outlast the longest wait for one approval "
        f"({_days(longest)}): temporal operator namespace update --namespace {client.namespace} --retention {_hours(longest) + 24}h",
    )


def _is_here(client: Client) -> bool:
    host = client.service_client.config.target_host.rpartition(":")[0].strip("[]")
    return host in {"localhost", "::1"} or host.startswith("127.")


async def _store(config: Config, environ: Mapping[str, str]) -> Line:
    """Does it give back what it takes?"""
    store = blobs.store(config, environ)
    try:
        await store.get(await store.put(PROBE))
    except BlobTrouble as trouble:
        return Line(False, "blobs", str(trouble))
    return Line(True, "blobs", f"{store} takes what is put there, and gives it back")


def _hours(time: timedelta) -> int:
    return -(-int(time.total_seconds()) // 3600)


def _days(time: timedelta) -> str:
    return f"{time.days} days" if time.days >= 2 else f"{_hours(time)} hours"


async def _tools(config: Config, environ: Mapping[str, str]) -> AsyncIterator[Line]:
    """With those of the bot, which can be told without it."""
    of_the_bot = [load(environ, queue=BOT)] if not config.queue and config.posts else []
    for each in (config, *of_the_bot):
        async with tool_servers(each, environ, worker_masker(each, environ)) as servers:
            async for well, text in check_tools(servers, each):
                yield Line(well, "tools", text)


async def _models(config: Config) -> AsyncIterator[Line]:
    """Can each be set up, with its key? None is asked anything: that would cost."""
    planners = [agent.planner for agent in config.agents if isinstance(agent.planner, ModelPlanner)]
    names = dict.fromkeys(name for planner in planners for name in planner.models)
    if not names:
        return
    from activities.models import ModelError  # noqa: PLC0415 - seconds of imports that others do without

    async with models(config) as known:
        for name in names:
            try:
                await known.ready(name)
            except ModelError as error:
                yield Line(False, "models", str(error))
            else:
                yield Line(True, "models", f"{name} is set up; nothing was asked of it")
