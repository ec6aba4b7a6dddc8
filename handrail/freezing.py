"""`handrail freeze`, `unfreeze` and `freezes`: straight to Temporal, whose API is the trust boundary."""

import os
import pwd
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from activities.windows import opening
from bot.commands import REASON_LIMIT
from bot.errors import BotError
from bot.freezes import Freezes
from bot.views.text import one_line
from workflows.rules.names import is_environment
from workflows.values.freeze import FreezeOrder, Frozen, Thaw

from . import temporal
from .config import Config, load
from .demo.parts import embedded_temporal
from .home import Home
from .policy_text import local
from .trouble import Misused, Trouble

PATIENCE = 10.0
"""Seconds for one question to Temporal."""
ENDING = 3.0
"""Seconds in which a worker usually has ended a freeze."""


async def declare(environment: str, reason: str, environ: Mapping[str, str]) -> str:
    """What to say of it. Raises `Trouble`, also where it is frozen already."""
    environment, reason = _known(environment), reason.strip()
    if not reason:
        raise Misused("Say why: everybody whose change waits will read it.")
    if len(reason) > REASON_LIMIT:
        raise Misused(f"That reason has {len(reason):,} characters. Please keep it within {REASON_LIMIT:,}.")
    order = FreezeOrder(environment=environment, reason=reason, by_words=_whoever())
    async with _freezes(environ) as freezes:
        declared = await freezes.declare(order, f"command line/{uuid.uuid4()}")
    if not declared.ours:
        raise Trouble(f"{_said(declared.known.freeze)}. Nothing was changed.")
    said = f"{_what(environment)} is frozen. To end it: handrail unfreeze{_option(environment)}"
    return said + _unheard_of(environment, environ)


async def end(environment: str, environ: Mapping[str, str]) -> str:
    """What to say of it. Raises `Trouble`, also where nothing is frozen."""
    environment = _known(environment)
    async with _freezes(environ) as freezes:
        ended = await freezes.end(environment, Thaw(by_words=_whoever()))
        over = ended is None or ended.earlier
        others = await freezes.active() if over else []
    if ended is None or ended.earlier:
        listed = "".join(f"\n  {_said(each)}" for each in others)
        raise Trouble(f"Nobody has frozen {environment or 'everything'}, so there is nothing to end.{listed}")
    if ended.by is None:
        return f"The freeze of {environment or 'everything'} ends as soon as a worker is up."
    return f"The freeze of {environment or 'everything'} is over. What it held goes on."


async def lines(config: Config, environ: Mapping[str, str]) -> list[str]:
    """What is frozen now. Raises `Trouble`."""
    async with _freezes(environ) as freezes:
        active = await freezes.active()
    now = datetime.now().astimezone()
    found = [_said(each) for each in active]
    for window in config.windows:
        if (open_now := opening(window, now)) is not None:
            what = ", ".join(window.environments) or "Everything"
            found.append(f"{what} is held by the window “{window.name}” until {local(open_now.until, now)}")
    return found or ["Nothing is frozen."]


@asynccontextmanager
async def _freezes(environ: Mapping[str, str]) -> AsyncIterator[Freezes]:
    """In the Temporal of the demo that runs here, if one does. Raises `Trouble`."""
    home = Home.named_by(environ)
    seen = embedded_temporal(home.ports(), environ) if home.in_use() else environ
    client = await temporal.connect(seen)
    try:
        yield Freezes(client, patience=PATIENCE, ending=ENDING)
    except BotError as error:
        raise Trouble(error.text) from None


def _known(environment: str) -> str:
    if environment and not is_environment(environment):
        raise Misused(f"--environment: no environment can be called {environment!r}.")
    return environment


def _unheard_of(environment: str, environ: Mapping[str, str]) -> str:
    """A slip of the pen freezes nothing that anybody changes."""
    named: tuple[str, ...] = ()
    with suppress(Trouble):  # a freeze does not wait for somebody to mend the config
        named = load(environ, with_servers=False).environments
    if not environment or not named or environment in named:
        return ""
    return f"\nMind: the config names no environment {environment!r}, but {', '.join(named)}."


def _whoever() -> str:
    """Who this process runs as: for the record, no proof."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user {os.getuid()}"
    return f"{name} on the command line"


def _said(freeze: Frozen) -> str:
    by = freeze.by.user if freeze.by is not None else one_line(freeze.by_words) or "somebody"
    since = f"{freeze.since.astimezone():%Y-%m-%d %H:%M %Z}"
    return f"{_what(freeze.environment)} is frozen by {by} since {since}: {one_line(freeze.reason)}"


def _what(environment: str) -> str:
    return one_line(environment) or "Everything"


def _option(environment: str) -> str:
    return f" --environment {environment}" if environment else ""
