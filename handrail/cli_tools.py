"""`handrail tools`: looking at tools before an agent does."""

import os
from typing import Annotated

import typer

tools = typer.Typer(help="What tool servers offer, and what their tools say.", no_args_is_help=True)


@tools.command("discover")
def discover_(
    server: Annotated[str, typer.Argument(help="One of the config's servers, such as fleet")],
    queue: Annotated[str, typer.Option(help="The server's, where it has one.")] = "",
) -> None:
    """What a server offers that the config says nothing of yet, as a stanza of contracts to edit. No tool is called."""
    import asyncio

    from .config import load
    from .discovering import discover
    from .masking import worker_masker
    from .servers import tool_servers

    config = load(os.environ, queue=queue)
    masker = worker_masker(config, os.environ)

    async def ask() -> str:
        async with tool_servers(config, os.environ, masker) as servers:
            return await discover(servers, config, server, masker)

    typer.echo(asyncio.run(ask()))


@tools.command("try")
def try_tool(
    tool: Annotated[str, typer.Argument(help="Such as fleet.deploy")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="name=value each, or all of them as one JSON object")
    ] = None,
    queue: Annotated[str, typer.Option(help="The tool's server's, where it has one.")] = "",
) -> None:
    """Run a tool that reads, or ask for the preview of one that changes something, and say what the rules say of it.

    Nothing is applied. Status 1 when there is no answer, or no preview that could be approved.
    """
    import asyncio
    from datetime import datetime

    from rich.console import Console

    from . import policy_text, trying
    from .config import load
    from .masking import worker_masker
    from .servers import tool_servers

    config = load(os.environ, queue=queue)
    masker = worker_masker(config, os.environ)
    console = Console(highlight=False, soft_wrap=True)

    async def attempt() -> trying.Trial:
        async with tool_servers(config, os.environ, masker) as servers:
            given = await trying.arguments_of(servers, config, tool, arguments or [])
            found = policy_text.explain(config, tool, given, "", datetime.now().astimezone())
            policy_text.tell([(word, masker.text(text)) for word, text in found], console)
            return await trying.attempt(servers, config, tool, given, masker)

    trial = asyncio.run(attempt())
    policy_text.tell(list(trial.lines), console)
    raise typer.Exit(0 if trial.well else 1)


@tools.command("presets")
def presets_() -> None:
    """The ready-made servers that `use` may name: what they are, what they read and change, what they need."""
    from .config import presets

    for name in presets.names():
        preset = presets.find(name)
        changes = [tool for tool, said in preset.tools.items() if not said.reads]
        typer.echo(f"{name}: {preset.made_for}" + (f" ({preset.notes})" if preset.notes else ""))
        typer.echo(f"  checked {preset.checked}")
        typer.echo(f"  reads   with {len(preset.tools) - len(changes)} tools")
        typer.echo(f"  changes with {', '.join(changes) or 'none'}")
        for word, places in (("needs", preset.needs), ("takes", preset.takes)):
            for place, what in places.items():
                typer.echo(f"  {word}   {place}: {what}")
