"""A demo to which a team added what it has: an HTTP API, a database, a repository, webhooks, a language model."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.activities.api import Api, api
from tests.activities.billing import Billing
from tests.bot.besieging import free_port
from tests.bot.events import SECRET, Post
from tests.journeys.stage import Stage, raised
from tests.model_server import ModelServer, model_server

ROOT = Path(__file__).parents[3]
MODEL_KEY = "sk-of-the-operator-0001"


@dataclass(frozen=True)
class Team:
    folder: Path
    stage: Stage
    api: Api
    billing: Billing
    """What stands behind the API."""
    model: ModelServer
    post: Post
    """The bot's door for events."""

    def order(self, number: int) -> str:
        """Its state, as the database itself says."""
        with sqlite3.connect(self.folder / "shop.sqlite") as shop:
            [(state,)] = shop.execute("select state from orders where id = ?", [number]).fetchall()
        return str(state)

    @property
    def repository(self) -> Path:
        return self.folder / "config"

    def git(self, *arguments: str) -> str:
        return subprocess.check_output(["git", "-C", str(self.repository), *arguments], text=True)


@asynccontextmanager
async def team(folder: Path) -> AsyncIterator[Team]:
    billing, port = Billing(), free_port()
    file = folder / "handrail.yaml"
    file.write_text(yaml.safe_dump(_config(), sort_keys=False))
    async with api() as far, model_server() as model, aiohttp.ClientSession() as http:
        far.answers = billing
        environ = {
            "HANDRAIL_CONFIG": str(file),
            "HANDRAIL_HTTP_PORT": str(port),
            "TEAM": str(folder),
            "BILLING": far.base,
            "BILLING_TOKEN": "t0ken-of-billing",
            "WEBHOOK_SECRET": SECRET,
            "HANDRAIL_MODEL": "openai-chat:small",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": MODEL_KEY,
        }
        await asyncio.to_thread(_furnish, folder, environ)
        async with raised(folder, environ) as stage:
            yield Team(folder, stage, far, billing, model, Post(port, http))


def _config() -> dict[str, Any]:
    """The demo's, with the team's; of the rules the first that fits wins."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "handrail.yaml").read_text())
    added: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("team.yaml").read_text())
    config["rules"] = added.pop("rules") + config["rules"]
    for section, entries in added.items():
        config.setdefault(section, {}).update(entries)
    return config


def _furnish(folder: Path, environ: Mapping[str, str]) -> None:
    """The shop's orders and a repository with something staged."""
    with sqlite3.connect(folder / "shop.sqlite") as shop:
        shop.execute("create table orders (id integer primary key, state text not null)")
        shop.executemany("insert into orders values (?, 'open')", [(1,), (2,)])
    repository = folder / "config"
    repository.mkdir()
    (repository / "replicas.conf").write_text("replicas: 4\n")
    for arguments in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(repository), *arguments], check=True)
    ledger = [sys.executable, "-m", "handrail", "ledger", "shop"]
    subprocess.run(ledger, check=True, env={**os.environ, **environ})
