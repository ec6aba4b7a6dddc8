"""`handrail sandbox`: the workspace with its page, the fleet panel, and the buttons that break things."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping

from rich import print as say

from sandbox.fleet import panel
from sandbox.json_types import Json
from sandbox.page_api import Breaker, Fleet
from sandbox.server import PortTakenError, Sandbox, SandboxSettings

from .config import Config
from .home import WORKER, Home, read_pid
from .ready import say_ready
from .stopping import stop_signals
from .trouble import Trouble


async def serve(
    config: Config, environ: Mapping[str, str], port: int, request_url: str, *, quiet: bool
) -> None:
    """Be the workspace until told to stop. Raises `Trouble`."""
    home = Home.named_by(environ)
    settings = SandboxSettings(
        port=port,
        state=home.workspace,
        commands=(config.command,),
        request_url=request_url or None,
        fleet_watch=home.fleet,
    )
    sandbox = Sandbox(settings, fleet=_fleet(home), breakers=_breakers(home))
    with stop_signals() as stop:
        try:
            await sandbox.start()
        except PortTakenError as error:
            raise Trouble(f"The page can't be served: {error}.") from None
        say_ready(environ)
        if quiet:
            _relay_parts(sandbox)
        else:
            _explain(sandbox)
        await stop.wait()
        await sandbox.stop()


def _fleet(home: Home) -> Fleet:
    async def fleet() -> Json:
        return await asyncio.to_thread(panel.snapshot, home.fleet)

    return fleet


def _breakers(home: Home) -> Mapping[str, Breaker]:
    async def kill_worker(_: Json) -> Json:
        pid = read_pid(home.pid_file(WORKER))
        if pid is None:
            return {"text": "No worker runs right now."}
        os.kill(pid, signal.SIGKILL)
        return {"text": f"Process {pid}, the worker, was killed. Watch it come back."}

    async def lose_reply(_: Json) -> Json:
        await asyncio.to_thread(panel.lose_next_reply, home.fleet)
        return {"text": "The next deployment will happen, and its reply will be lost."}

    async def carol_deploys(_: Json) -> Json:
        return {"text": await asyncio.to_thread(panel.carol_deploys, home.fleet)}

    return {"kill_worker": kill_worker, "lose_reply": lose_reply, "carol_deploys": carol_deploys}


def _relay_parts(sandbox: Sandbox) -> None:
    """Show on the page what the demo says on our standard input: which parts are up."""
    loop = asyncio.get_running_loop()
    rest = bytearray()

    def hear() -> None:
        said = os.read(sys.stdin.fileno(), 65536)
        if not said:
            loop.remove_reader(sys.stdin)
            return
        rest.extend(said)
        *lines, last = rest.split(b"\n")
        rest[:] = last
        for line in lines:
            sandbox.notify_parts(json.loads(line))

    loop.add_reader(sys.stdin, hear)


def _explain(sandbox: Sandbox) -> None:
    say(f"The workspace is at [bold]{sandbox.page_url}[/bold]. To point a bot at it:")
    say(f"  export SLACK_API_URL={sandbox.api_url}")
    say(f"  export SLACK_BOT_TOKEN={sandbox.bot_token} SLACK_APP_TOKEN={sandbox.app_token}")
