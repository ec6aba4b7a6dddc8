"""The commands. Each imports what it needs when it runs, so that `--help` is there at once."""

import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from .cli_tools import tools
from .trouble import Trouble

app = typer.Typer(
    name="handrail",
    help="Durable agent runs from Slack: previewed, approved by the right person, applied once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """What `handrail` runs: expected problems are told in a sentence, without a traceback."""
    status = 0
    try:
        app()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except Trouble as trouble:
        _say(f"handrail: {trouble}")
        status = trouble.exit_status
    except KeyboardInterrupt:
        status = 128 + 2
    _leave(status)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"handrail {version('handrail')}")
        raise typer.Exit


@app.callback()
def handrail(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="The page's port, instead of 8410 or a free one.")] = None,
) -> None:
    """All of Handrail on this machine: no account and no key needed. Ctrl-C stops it."""
    from rich.console import Console

    from .config import load
    from .demo.run import run

    config = load(os.environ)
    _doubts(config.doubts)
    _run(run(config, os.environ, Console(highlight=False), port))


@app.command()
def bot() -> None:
    """The Slack edge: hears people, shows runs. Needs SLACK_BOT_TOKEN and TEMPORAL_ADDRESS."""
    from .bot_process import serve
    from .config import load
    from .masking import bot_masker, mask_logs

    _log()
    config = load(os.environ, with_servers=False, with_events=True)
    masker = bot_masker(config, os.environ)
    mask_logs(masker)
    _run(serve(config, os.environ, masker))


@app.command()
def worker(
    queue: Annotated[
        str, typer.Option(help="Only call the tools of the servers with this queue: a team's own worker.")
    ] = "",
) -> None:
    """The other edge: runs the workflows, and calls the tools. Needs TEMPORAL_ADDRESS."""
    from .config import load
    from .masking import mask_logs, worker_masker
    from .worker import work, work_for_a_team

    _log()
    config = load(os.environ, queue=queue)
    _doubts(config.doubts)
    masker = worker_masker(config, os.environ)
    mask_logs(masker)
    _run((work_for_a_team if queue else work)(config, os.environ, masker))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="The page's port; 0 takes a free one.")] = 8410,
    request_url: Annotated[str, typer.Option(help="Deliver over signed HTTP to this address.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", hidden=True)] = False,
) -> None:
    """A Slack workspace on this machine, with a page of its own."""
    from .config import load
    from .sandbox_process import serve

    _run(serve(load(os.environ, with_servers=False), os.environ, port, request_url, quiet=quiet))


@app.command()
def check(
    queue: Annotated[
        str, typer.Option(help="Ask the tool servers with this queue, not those with none.")
    ] = "",
) -> None:
    """Is everything there? The config, Slack, Temporal, every tool: one line each."""
    from rich.console import Console

    from .check import check_all

    well = _run(check_all(os.environ, Console(highlight=False, soft_wrap=True), queue))
    raise typer.Exit(0 if well else 1)


@app.command("try")
def try_(
    goal: Annotated[str, typer.Argument(help="What to ask for, such as: deploy checkout 1.4.2 to prod")],
    as_: Annotated[str, typer.Option("--as", help="Who asks: alice, bob or carol.")] = "alice",
    approve_as: Annotated[str, typer.Option(help="Who approves what the run asks for.")] = "",
    reject_as: Annotated[str, typer.Option(help="Who rejects it.")] = "",
    timeout: Annotated[float, typer.Option(help="Seconds until it should be over.")] = 60.0,
) -> None:
    """The whole story without a browser, in the sandbox only: status 0 when the run did what was asked."""
    from rich.console import Console

    from .config import load
    from .trial import Story, tell

    story = Story(goal=goal, asker=as_, approver=approve_as, rejecter=reject_as, timeout=timeout)
    well = _run(tell(story, load(os.environ), os.environ, Console(highlight=False)))
    raise typer.Exit(0 if well else 1)


@app.command()
def manifest(
    command: Annotated[str, typer.Option(help="The slash command, instead of the config's.")] = "",
    http: Annotated[
        str, typer.Option(help="Deliver to this address over HTTP, instead of Socket Mode.")
    ] = "",
) -> None:
    """The Slack app's manifest, to paste at api.slack.com/apps."""
    from .manifest import rendered

    if not command:
        from .config import load

        command = load(os.environ, with_servers=False).command
    typer.echo(rendered(command, http or None), nl=False)


@app.command()
def ledger(
    server: Annotated[str, typer.Argument(help="A database of the config's servers.")],
) -> None:
    """Make the table in which a database keeps the keys of its changes. Does nothing where it is there."""
    from .config import load
    from .sql_ledger import made

    typer.echo(_run(made(server, load(os.environ))))


@app.command()
def freeze(
    reason: Annotated[str, typer.Argument(help="Why: everybody whose change waits will read it.")],
    environment: Annotated[
        str, typer.Option(help="Only this one, such as prod; without it, everything.")
    ] = "",
) -> None:
    """Hold all changes, or those to one environment, until somebody ends it. What waits says so in its thread.

    It goes to Temporal itself, so it asks nobody: who reaches Temporal's API is trusted. In Slack, freeze.who says who may.
    """
    from .freezing import declare

    typer.echo(_run(declare(environment, reason, os.environ)))


@app.command()
def unfreeze(
    environment: Annotated[str, typer.Option(help="The one that was frozen; without it, everything.")] = "",
) -> None:
    """End a freeze; what it held goes on. As `freeze`, it trusts whoever reaches Temporal's API."""
    from .freezing import end

    typer.echo(_run(end(environment, os.environ)))


@app.command()
def freezes() -> None:
    """What is frozen now: what people declared, and the config's windows that are open."""
    from .config import load
    from .freezing import lines

    for line in _run(lines(load(os.environ, with_servers=False), os.environ)):
        typer.echo(line)


policy = typer.Typer(
    help="What the config's rules say, before anybody asks for anything.", no_args_is_help=True
)
app.add_typer(policy, name="policy")
app.add_typer(tools, name="tools")


@policy.command()
def explain(
    tool: Annotated[str, typer.Argument(help="Such as fleet.deploy")],
    arguments: Annotated[str, typer.Argument(help='As JSON, such as \'{"environment": "prod"}\'')] = "{}",
    as_: Annotated[str, typer.Option("--as", help="Who would ask for it: a Slack user id.")] = "",
) -> None:
    """Which rule decides on this call, who could approve it, and what would hold it. Nothing is called."""
    from datetime import datetime

    from rich.console import Console

    from . import policy_text
    from .config import load

    config = load(os.environ, with_servers=False)
    found = policy_text.explain(config, tool, arguments, as_, datetime.now().astimezone())
    policy_text.tell(found, Console(highlight=False, soft_wrap=True))


@policy.command()
def test() -> None:
    """Run the config's policy_tests: one line each, status 1 when the rules say otherwise than one of them.

    Who is in a user group only Slack knows, so may_approve may name the group itself.
    """
    from rich.console import Console

    from .config import load
    from .policy_text import run_tests

    config = load(os.environ, with_servers=False)
    raise typer.Exit(0 if run_tests(config, Console(highlight=False, soft_wrap=True)) else 1)


events = typer.Typer(help="What the config makes of events, before anything is sent.", no_args_is_help=True)
app.add_typer(events, name="events")


@events.command("try")
def try_event(
    source: Annotated[str, typer.Argument(help="One of the sources in the config, such as github")],
    file: Annotated[
        Path, typer.Argument(help="A payload, as that source sends it.", exists=True, dir_okay=False)
    ],
) -> None:
    """What this payload would be: its key, its facts, the run it would start. Nothing is verified, and nothing sent.

    Status 1 when the source would be answered with a refusal, or the payload ignored.
    """
    from .config import load
    from .events import explain

    config = load(os.environ, with_servers=False)
    for word, text in explain(config, source, file.read_bytes()):
        typer.echo(f"{word:<11} {text}")


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    import asyncio

    return asyncio.run(work)


def _log() -> None:
    """Plain lines on stderr; ids and names, never a value or a token."""
    import logging

    logging.basicConfig(
        level=os.environ.get("HANDRAIL_LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )


def _doubts(doubts: tuple[str, ...]) -> None:
    for doubt in doubts:
        _say(f"handrail: mind: {doubt}")


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _leave(status: int) -> NoReturn:
    """Flush and go at once: an interpreter that winds down beside Temporal's threads may abort (sdk-python#300)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
