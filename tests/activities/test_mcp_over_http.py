"""Tool servers over HTTP: a real one, and one that misbehaves; above all what an answer's absence proves."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import pytest

from activities.mcp_http import UrlSettings
from activities.mcp_server import McpServer
from activities.tool_replies import (
    AskedForInput,
    NotSent,
    Patience,
    Refused,
    ReplyLost,
    ServerFailed,
    ToolReply,
)
from tests.activities import http_far_end as far
from tests.activities.http_far_end import Behaviour, FarEnd, listening

TOKEN = "a-token-of-billing"


@pytest.fixture
async def far_end() -> AsyncIterator[FarEnd]:
    async with listening(FarEnd([far.works])) as there:
        yield there


@pytest.fixture
async def billing(far_end: FarEnd) -> AsyncIterator[McpServer]:
    server = McpServer(UrlSettings(name="billing", url=far_end.url, bearer=TOKEN))
    yield server
    await server.aclose()


async def change(billing: McpServer, timeout: float = 10) -> ToolReply:  # noqa: ASYNC109
    return await billing.call("change", {"to": 1}, timeout)


# What works


async def test_a_call_is_answered_and_carries_the_token_and_the_session(
    billing: McpServer, far_end: FarEnd
) -> None:
    tools = await billing.tools()
    reply = await change(billing)

    assert (list(tools), reply.text) == (["change"], "done")
    [call] = far_end.calls
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert call.headers["mcp-session-id"] == "session-1"
    assert call.headers["mcp-protocol-version"] == "2025-11-25"


async def test_an_answer_may_come_as_a_stream_and_text_no_store_could_hold_is_made_safe(
    billing: McpServer, far_end: FarEnd
) -> None:
    far_end.behaviours = [far.streams]

    assert (await change(billing)).text == "half a \ufffd"


async def test_its_end_ends_the_session(far_end: FarEnd) -> None:
    billing = McpServer(UrlSettings(name="billing", url=far_end.url, headers={"X-Team": "ops"}))
    await change(billing)
    await billing.aclose()

    last = far_end.asked[-1]
    assert (last.method, last.headers["mcp-session-id"], last.headers["x-team"]) == (
        "DELETE",
        "session-1",
        "ops",
    )


# What proves that nothing was done

PROOFS: dict[str, tuple[Behaviour, type[NotSent], str]] = {
    "not our token": (
        far.says(401),
        Refused,
        r"did not accept our credentials \(401\): set valid credentials for servers.billing",
    ),
    "not for us": (
        far.refuses(403, -32000, "not yours"),
        Refused,
        r"did not accept our credentials \(403: not yours\)",
    ),
    "a bad request": (far.says(400, b"what?"), Refused, "billing answered with 400: what?"),
    "not there": (far.says(405), Refused, "billing answered with 405"),
    "too large": (far.says(413), Refused, "billing answered with 413"),
    "no such tool": (
        far.refuses(400, -32602, "Unknown tool"),
        Refused,
        "billing refused to call change: Unknown tool",
    ),
    "no such method": (
        far.refuses(404, -32601, "no calls here"),
        Refused,
        "billing refused to call change: no calls here",
    ),
    "asked too often": (far.says(429, **{"retry-after": "7"}), NotSent, "billing is asked too often now"),
    "moved": (
        far.says(307, location="https://elsewhere.example/mcp?token=x"),
        Refused,
        "billing redirects to https://elsewhere.example/mcp, which is not followed",
    ),
}


@pytest.mark.parametrize("proof", PROOFS)
async def test_a_refusal_of_the_call_proves_that_nothing_was_done(
    billing: McpServer, far_end: FarEnd, proof: str
) -> None:
    behaviour, kind, said = PROOFS[proof]
    far_end.behaviours = [behaviour]

    with pytest.raises(kind, match=said) as refused:
        await change(billing)

    assert type(refused.value) is kind
    assert len(far_end.calls) == 1


async def test_a_server_that_is_asked_too_often_says_when_to_come_again(
    billing: McpServer, far_end: FarEnd
) -> None:
    far_end.behaviours = [far.says(429, **{"retry-after": "7"})]

    with pytest.raises(NotSent) as refused:
        await change(billing)

    assert refused.value.after == 7.0


async def test_where_nobody_listens_nothing_was_sent_and_it_is_asked_again_when_needed(
    far_end: FarEnd,
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        billing = McpServer(
            UrlSettings(name="billing", url=f"http://127.0.0.1:{nobody.getsockname()[1]}/mcp")
        )
        for _ in range(2):
            with pytest.raises(NotSent, match=r"^billing could not be reached: "):
                await billing.tools()
    await billing.aclose()


async def test_a_name_that_nobody_has_and_a_far_end_without_tls_are_nothing_sent(far_end: FarEnd) -> None:
    for url in ("http://no-such-host.invalid/mcp", far_end.url.replace("http:", "https:")):
        billing = McpServer(UrlSettings(name="billing", url=url))
        with pytest.raises(NotSent, match=r"^billing could not be reached: "):
            await change(billing)
        await billing.aclose()
    assert far_end.asked == []


async def test_a_session_that_was_forgotten_is_begun_anew_and_the_call_is_made_once(
    billing: McpServer, far_end: FarEnd
) -> None:
    far_end.behaviours = [far.says(404), far.works]

    reply = await change(billing)

    assert reply.text == "done"
    assert [call.headers["mcp-session-id"] for call in far_end.calls] == ["session-1", "session-2"]


async def test_many_servers_say_400_of_a_session_they_do_not_know(
    billing: McpServer, far_end: FarEnd
) -> None:
    far_end.behaviours = [far.refuses(400, -32000, "Bad Request: No valid session ID provided"), far.works]

    assert (await change(billing)).text == "done"


# What proves nothing

LOST: dict[str, tuple[Behaviour, type[ReplyLost], str]] = {
    "it hangs up": (far.hangs_up, ReplyLost, "the reply of billing was lost"),
    "it stops half-way": (far.stops_half_way, ReplyLost, "the reply of billing was lost"),
    "its stream is cut": (far.cuts_its_stream, ReplyLost, "the reply of billing was lost"),
    "it breaks": (far.says(500, b"<html>oops"), ServerFailed, "billing answered with 500"),
    "a gateway gives up": (far.says(504), ServerFailed, "billing answered with 504"),
    "it is busy": (far.says(503), ServerFailed, "billing answered with 503"),
    "it has an error": (far.refuses(500, -32603, "Internal error"), ServerFailed, "billing.change failed: Internal error"),
    "it says nothing": (far.says(202), ReplyLost, "billing answered with 202, and that is no reply"),
    "it shows a page": (far.says(200, b"<p>Welcome", **{"content-type": "text/html"}), ReplyLost, "it answered with text/html"),
    "it says what is no JSON": (far.says(200, b"{", **{"content-type": "application/json"}), ReplyLost, "it answered unreadably"),
    "it answers somebody else": (far.says(200, b'{"jsonrpc":"2.0","id":999,"result":{}}', **{"content-type": "application/json"}), ReplyLost, "or something else"),
    "it did it and shows where": (far.says(303, location="/done"), ReplyLost, "billing redirects to http://127.0.0.1:.*/done"),
    "it never ends": (far.never_ends, ReplyLost, "it said more than 16,777,216 bytes at once"),
    "packed": (far.says(200, b"x", **{"content-type": "application/json", "content-encoding": "gzip"}), ReplyLost, "an encoding that was not asked for"),
}  # fmt: skip


@pytest.mark.parametrize("loss", LOST)
async def test_whatever_else_happens_to_a_reply_it_may_have_been_done_and_is_not_sent_again(
    billing: McpServer, far_end: FarEnd, loss: str
) -> None:
    behaviour, kind, said = LOST[loss]
    far_end.behaviours = [behaviour]

    with pytest.raises(kind, match=said) as lost:
        await change(billing)

    assert type(lost.value) is kind
    assert len(far_end.calls) == 1


async def test_an_answer_that_does_not_come_in_time_is_lost_and_the_server_is_told(
    billing: McpServer, far_end: FarEnd
) -> None:
    far_end.behaviours = [far.hangs, far.works]

    with pytest.raises(ReplyLost, match=r"billing.change did not answer in time"):
        await change(billing, timeout=0.3)

    assert (await change(billing)).text == "done"
    assert "notifications/cancelled" in {asked.rpc for asked in far_end.asked}


async def test_a_reply_that_is_lost_takes_no_other_with_it(billing: McpServer, far_end: FarEnd) -> None:
    begun, held = asyncio.Event(), asyncio.Event()

    async def slow(far_end: FarEnd, asked: far.Asked, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await held.wait()
        await far.works(far_end, asked, writer)

    far_end.behaviours = [slow, far.hangs_up]
    await billing.tools()
    first = asyncio.create_task(change(billing))
    await begun.wait()
    with pytest.raises(ReplyLost):
        await change(billing)
    held.set()

    assert (await first).text == "done"


async def test_a_server_that_asks_a_person_in_the_middle_is_given_no_answer(
    billing: McpServer, far_end: FarEnd
) -> None:
    far_end.behaviours = [far.asks_a_person]

    with pytest.raises(AskedForInput, match="billing asked for input in the middle of change"):
        await change(billing)


async def test_an_error_of_the_server_is_known_by_its_status_to_the_contract(
    billing: McpServer, far_end: FarEnd
) -> None:
    """So that an operator can say `code 503` proves that nothing was done."""
    far_end.behaviours = [far.says(503, b"try later", **{"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"})]

    with pytest.raises(ServerFailed) as failed:
        await change(billing)

    assert failed.value.reply == ToolReply(
        text="try later", structured={"code": 503}, is_error=True, other={}
    )
    assert failed.value.after == 0.0


# Before the call


async def test_a_server_that_has_not_its_say_at_first_is_not_reached(far_end: FarEnd) -> None:
    far_end.everything = far.says(401, b"expired")
    billing = McpServer(UrlSettings(name="billing", url=far_end.url))

    with pytest.raises(Refused, match=r"billing did not accept our credentials \(401: expired\): set valid"):
        await change(billing)

    await billing.aclose()


async def test_a_server_that_never_greets_is_given_up(far_end: FarEnd) -> None:
    far_end.everything = far.hangs
    billing = McpServer(UrlSettings(name="billing", url=far_end.url), patience=Patience(start=0.3))

    with pytest.raises(NotSent, match=r"billing could not be started: it was not ready within 0.3 s"):
        await billing.tools()

    await billing.aclose()


async def test_no_proxy_of_the_environment_is_used(
    billing: McpServer, far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(FarEnd([far.works])) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)

        assert (await change(billing)).text == "done"
        assert proxy.asked == []


async def test_the_proxy_that_was_named_is_used(far_end: FarEnd) -> None:
    async with listening(FarEnd([far.works])) as proxy:
        billing = McpServer(UrlSettings(name="billing", url="http://mcp.internal/mcp", proxy=proxy.url))

        assert (await change(billing)).text == "done"
        assert len(proxy.calls) == 1
        await billing.aclose()


async def test_no_token_is_in_the_log(
    billing: McpServer, far_end: FarEnd, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await change(billing)

    assert "billing: ready" in caplog.text
    assert TOKEN not in caplog.text
