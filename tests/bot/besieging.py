"""The bot's real HTTP door with many at it at once, and witnesses at the far ends of its wires."""

import asyncio
import random
import re
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from typing import NamedTuple

import aiohttp
from pydantic import SecretStr
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from yarl import URL

from bot.app import assemble, listening
from bot.settings import BotSettings, SlackSettings
from tests.bot.deployer import AGENT
from tests.bot.hostile import SECRET, Request, raw
from tests.bot.witness import Witness, watching

AT_ONCE = 16
ANSWERED = 0.25
"""Seconds, for what may never be answered."""
STATUS = re.compile(rb"^HTTP/1\.[01] ([2-5]\d\d) ", re.MULTILINE)


class Answer(NamedTuple):
    what: str
    status: int
    seconds: float


class Door(NamedTuple):
    port: int
    witness: Witness


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@asynccontextmanager
async def open_door(temporal: Client | None = None) -> AsyncIterator[Door]:
    """With a witness in Temporal's place, where none is given."""
    async with watching() as witness:
        temporal = temporal or await Client.connect(
            witness.temporal_address, lazy=True, data_converter=pydantic_data_converter
        )
        slack = SlackSettings(
            bot_token=SecretStr("xoxb-test"),
            signing_secret=SecretStr(SECRET),
            api_url=witness.slack_url,
            http_host="127.0.0.1",
            http_port=free_port(),
        )
        async with listening(assemble(temporal, BotSettings(agents=(AGENT,)), slack), slack):
            yield Door(slack.http_port, witness)


async def send_all(port: int, requests: Iterable[Request]) -> list[Answer]:
    """Over connections that are kept alive, some at once."""
    answers: list[Answer] = []
    todo = iter(requests)
    async with aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as http:

        async def one_of_many() -> None:
            answers.extend([await _send(http, port, request) for request in todo])

        await asyncio.gather(*(one_of_many() for _ in range(AT_ONCE)))
    return answers


async def _send(http: aiohttp.ClientSession, port: int, request: Request) -> Answer:
    url = URL(f"http://127.0.0.1:{port}{request.path}", encoded=True)
    while True:
        began = time.perf_counter()
        try:
            async with http.request(
                request.method, url, data=BytesIO(request.body), headers=request.headers
            ) as response:
                await response.read()
                return Answer(request.what, response.status, time.perf_counter() - began)
        except aiohttp.ClientConnectionError:
            # It was kept alive, but closed: whoever used it before had sent what can't be read to its end.
            continue


async def send_raw(port: int, seed: str, count: int) -> list[int]:
    """The statuses that bytes were answered with: none where the rest is still waited for, several for a row of them."""
    found: list[int] = []
    numbers = iter(range(count))

    async def one_of_many() -> None:
        for number in numbers:
            found.extend(await _raw(port, raw(random.Random(f"{seed}/raw/{number}"))))

    await asyncio.gather(*(one_of_many() for _ in range(4 * AT_ONCE)))
    return found


async def _raw(port: int, data: bytes) -> list[int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    with suppress(ConnectionError, TimeoutError):
        writer.write(data)
        async with asyncio.timeout(ANSWERED):
            while more := await reader.read(65536):
                said += more
    writer.close()
    return [int(status) for status in STATUS.findall(said)]
