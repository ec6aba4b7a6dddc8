"""Tokens for a tool server, by OAuth's client credentials: a real token endpoint, well-behaved and not."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest

from activities.masking import MARK, Masker
from activities.mcp_http import UrlSettings
from activities.mcp_oauth import Credentials
from activities.mcp_server import McpServer
from activities.tool_replies import NotSent, Refused
from tests.activities import http_far_end as far
from tests.activities.http_far_end import Asked, Behaviour, FarEnd, listening

CLIENT, SECRET = "handrail", "client:secret/72+61"


def gives(token: str, **more: Any) -> Behaviour:
    body = json.dumps({"access_token": token, "token_type": "Bearer", **more}).encode()
    return far.says(200, body, **{"content-type": "application/json"})


def wants(*tokens: str) -> Behaviour:
    """A server that takes these tokens, and no other."""

    async def behave(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.headers.get("authorization") in {f"Bearer {token}" for token in tokens}:
            await FarEnd.answer(far_end, asked, writer)
        else:
            far.respond(writer, 401)

    return behave


@asynccontextmanager
async def between(tokens: FarEnd, there: FarEnd, masker: Masker | None = None) -> AsyncIterator[McpServer]:
    async with listening(tokens), listening(there):
        credentials = Credentials(
            token_url=tokens.url, client_id=CLIENT, client_secret=SECRET, scopes=("read", "write")
        )
        settings = UrlSettings(name="billing", url=there.url, oauth=credentials)
        billing = McpServer(settings, masker=masker or Masker([], []))
        yield billing
        await billing.aclose()


async def test_a_token_is_fetched_once_and_used_until_it_ends() -> None:
    tokens = FarEnd(everything=gives("the-first-token", expires_in=3600))
    there = FarEnd([far.works], everything=wants("the-first-token"))

    async with between(tokens, there) as billing:
        for _ in range(3):
            assert (await billing.call("change", {}, 10)).text == "done"

    [asked] = tokens.asked
    pair = b64encode(b"handrail:client%3Asecret%2F72%2B61").decode()
    assert asked.headers["authorization"] == f"Basic {pair}"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "resource": [there.url],
        "scope": ["read write"],
    }


async def test_a_token_that_is_no_longer_taken_is_fetched_anew_and_the_call_made_once() -> None:
    tokens = FarEnd(everything=gives("the-first-token"))
    there = FarEnd([far.works], everything=wants("the-first-token"))

    async with between(tokens, there) as billing:
        await billing.tools()
        tokens.everything, there.everything = gives("another-token"), wants("another-token")
        assert (await billing.call("change", {}, 10)).text == "done"

    taken = [call.headers["authorization"] for call in there.calls]
    assert taken == ["Bearer the-first-token", "Bearer another-token"]


async def test_a_new_token_that_is_not_taken_either_is_refused_and_said_where_to_set_it() -> None:
    tokens = FarEnd(everything=gives("not-good-enough"))
    there = FarEnd(everything=wants())

    async with between(tokens, there) as billing:
        with pytest.raises(Refused, match=r"^billing did not accept our credentials \(401\): set valid"):
            await billing.tools()


@pytest.mark.parametrize(
    ("behaviour", "kind", "said"),
    [
        (
            far.says(401, b'{"error": "invalid_client", "error_description": "unknown client"}'),
            Refused,
            r"of billing gave none \(401 invalid_client: unknown client\): set client_id and client_secret of",
        ),
        (far.says(500), NotSent, "the token server of billing answered with 500 and no token"),
        (far.says(200, b"<p>Log in"), NotSent, "the token server of billing answered with 200 and no token"),
        (far.hangs_up, NotSent, "the token server of billing could not be reached"),
        (far.says(302, location="/login"), NotSent, "the token server of billing answered with 302"),
        (far.says(200, b'{"access_token":"abcdef","token_type":"mac"}'), Refused, "no bearer token"),
    ],
)
async def test_without_a_token_nothing_is_sent(behaviour: Behaviour, kind: type[NotSent], said: str) -> None:
    there = FarEnd([far.works])

    async with between(FarEnd(everything=behaviour), there) as billing:
        with pytest.raises(kind, match=said) as refused:
            await billing.call("change", {}, 10)

    assert type(refused.value) is kind
    assert there.asked == []


async def test_a_call_that_still_waits_for_its_token_when_its_time_is_up_never_leaves() -> None:
    """Nothing was sent, is said; so nothing may leave afterwards."""
    release, waits = asyncio.Event(), asyncio.Event()
    there = FarEnd([far.works])

    async def slow(far_end: FarEnd, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if there.asked[-1:] and there.asked[-1].rpc == "tools/list":
            waits.set()
            await release.wait()
        await gives("a-short-token", expires_in=0)(far_end, asked, writer)

    tokens = FarEnd(everything=slow)
    async with between(tokens, there) as billing:
        with pytest.raises(NotSent, match="was not sent"):
            await billing.call("change", {}, 1)
        assert waits.is_set()
        release.set()
        there.behaviours = [far.works]
        await billing.tools()

    assert there.calls == []


async def test_a_token_that_was_fetched_is_masked_like_any_secret() -> None:
    masker = Masker([], [])
    tokens = FarEnd(everything=gives("fetched-token-4711"))

    async with between(tokens, FarEnd([far.works]), masker) as billing:
        await billing.tools()

    assert masker.text("Bearer fetched-token-4711") == f"Bearer {MARK}"
