"""HTTP tools on real sockets: where requests may go, what answers mean, and what their absence proves."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from activities.http_addresses import why_not
from activities.http_replies import LARGEST_ANSWER
from activities.http_server import HttpServer
from activities.http_tools import HttpSettings, HttpTool
from activities.tool_replies import NotSent, Refused, ReplyLost, ServerFailed, ToolReply
from tests.activities.api import HANGS, Api, answer, api

TOOLS = {
    "look": HttpTool("Looks.", "GET", "/things/{id}", {"id": {"type": "string"}}),
    "do": HttpTool("Does.", "POST", "/things", {"n": {"type": "integer"}}, body={"n": "{n}"}),
    "accept": HttpTool("Asks.", "POST", "/asks", {}, statuses=(200, 202), where={"status": "accepted"}),
}


@pytest_asyncio.fixture
async def far() -> AsyncIterator[Api]:
    async with api() as made:
        yield made


def server(base: str, *, private: bool = True, tls: ssl.SSLContext | None = None) -> HttpServer:
    settings = HttpSettings(
        name="shop", base=base, tools=TOOLS, headers={"X-Token": "t0ken"}, private=private
    )
    return HttpServer(settings, tls=tls)


async def does(far: Api, said: bytes, tool: str = "do", patience: float = 5.0) -> ToolReply:
    far.answers = lambda _: said
    arguments: dict[str, dict[str, Any]] = {"look": {"id": "7"}, "do": {"n": 1}, "accept": {}}
    return await server(far.base).call(tool, arguments[tool], patience)


# What is sent


async def test_a_call_is_one_request_on_a_connection_of_its_own(far: Api):
    shop = server(far.base)

    for n in (1, 2):
        await shop.call("do", {"n": n}, 5)

    assert far.lines() == ["POST /api/v2/things", "POST /api/v2/things"]
    assert [heard.json for heard in far.heard] == [{"n": 1}, {"n": 2}]
    assert far.heard[0].headers == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-length": "7",
        "content-type": "application/json",
        "host": f"127.0.0.1:{far.port}",
        "user-agent": "handrail",
        "x-token": "t0ken",
    }
    assert far.connections == 2


async def test_a_proxy_of_the_environment_is_not_asked(far: Api, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert not (await does(far, answer(200, {}))).is_error


async def test_an_argument_that_fits_nowhere_is_refused_and_nothing_is_sent(far: Api):
    with pytest.raises(Refused):
        await server(far.base).call("look", {"id": "../admin"}, 5)
    with pytest.raises(NotSent):
        await server(far.base).call("fly", {}, 5)

    assert far.connections == 0


# Where it may go


@pytest.mark.parametrize(
    ("address", "to_anybody", "where_private"),
    [
        ("93.184.216.34", True, True),
        ("2606:4700::1111", True, True),
        ("10.1.2.3", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("fc00::1", False, True),
        ("100.64.0.1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("64:ff9b::10.0.0.1", False, True),
        ("2002:7f00:1::", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("168.63.129.16", False, False),
        ("100.100.100.200", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("255.255.255.255", False, False),
    ],
)
def test_addresses_that_no_request_goes_to(address: str, *, to_anybody: bool, where_private: bool):
    assert (not why_not(address, private=False), not why_not(address, private=True)) == (
        to_anybody,
        where_private,
    )


async def test_a_private_address_has_to_be_meant(far: Api):
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(NotSent, match="which is a private address: say `private: true`"):
            await server(f"http://{host}:{far.port}", private=False).call("do", {"n": 1}, 5)

    assert far.connections == 0


async def test_one_address_among_many_is_enough_to_send_nothing(far: Api, resolves):
    resolves("93.184.216.34", "127.0.0.1")

    with pytest.raises(NotSent, match=r"127\.0\.0\.1, which is a private address"):
        await server(f"http://shop.example:{far.port}", private=False).call("do", {"n": 1}, 5)


async def test_the_address_that_was_looked_at_is_the_one_connected_to(far: Api, resolves):
    """A second look-up, which could say something else, is never made."""
    asked = resolves("127.0.0.1")

    await server(f"http://shop.example:{far.port}").call("do", {"n": 1}, 5)

    assert asked == ["shop.example"]
    assert far.heard[0].headers["host"] == f"shop.example:{far.port}"


async def test_the_next_address_is_tried_when_one_is_dead(far: Api, resolves):
    resolves("127.0.0.2", "127.0.0.1")  # the far end listens on one of them

    assert not (await server(f"http://shop.example:{far.port}").call("do", {"n": 1}, 5)).is_error


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch):
    """Be the name server."""

    def to(*addresses: str) -> list[str]:
        asked: list[str] = []

        async def getaddrinfo(host: str, port: int, **_: object):
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        return asked

    return to


# TLS


async def test_a_certificate_is_verified_for_the_name(certificate: Path):
    far_end = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    far_end.load_cert_chain(certificate)
    known = ssl.create_default_context(cafile=str(certificate))
    async with api(far_end) as far:
        assert not (await server(f"https://localhost:{far.port}", tls=known).call("do", {"n": 1}, 5)).is_error
        with pytest.raises(NotSent, match="certificate"):
            await server(f"https://localhost:{far.port}").call("do", {"n": 1}, 5)
        await server(f"https://localhost:{far.port}", tls=known).start()
        with pytest.raises(NotSent, match="certificate"):
            await server(f"https://localhost:{far.port}").start()
        with pytest.raises(NotSent, match=r"127\.0\.0\.1"):
            await server(f"https://127.0.0.1:{far.port}", tls=known).call("do", {"n": 1}, 5)

        assert len(far.heard) == 1


# What answers mean


async def test_json_is_structured_and_the_etag_is_a_field(far: Api):
    reply = await does(far, answer(201, {"id": 7, "state": "new"}, ETag='"v1"'))

    assert reply.structured == {"etag": '"v1"', "id": 7, "state": "new"}
    assert json.loads(reply.text) == reply.structured
    assert not reply.is_error


@pytest.mark.parametrize(
    ("said", "structured", "text", "other"),
    [
        (answer(200, [1, 2]), {"result": [1, 2]}, '{"result": [1, 2]}', {}),
        (answer(200, {"x": 1}, "application/problem+json; charset=utf-8"), {"x": 1}, '{"x": 1}', {}),
        (answer(204, b"", ""), None, "", {}),
        (answer(200, b"{not json"), None, "{not json", {}),
        (answer(200, b"[" * 100_000), None, "[" * 100_000, {}),
        (answer(200, "café".encode("latin-1"), "text/plain; charset=latin-1"), None, "café", {}),
        (answer(200, b"caf\xe9", "text/plain; charset=no-such"), None, "caf�", {}),
        (answer(200, b"636166", "text/plain; charset=hex"), None, "636166", {}),
        (answer(200, b"\\u0041", "text/plain; charset=unicode_escape"), None, "\\u0041", {}),
        (answer(200, b"a\0b", "text/plain"), None, "a�b", {}),
        (answer(200, b"\x89PNG", "image/png"), None, "", {"binary": 1}),
    ],
)
async def test_what_a_body_becomes(far: Api, said: bytes, structured: Any, text: str, other: dict):
    reply = await does(far, said)

    assert (reply.structured, reply.text, reply.other) == (structured, text, other)
    assert not reply.is_error


@pytest.mark.parametrize(
    ("said", "text", "structured"),
    [
        (
            answer(404, {"error": "no such thing"}),
            'HTTP 404: {"error": "no such thing"}',
            {"code": 404, "answer": {"error": "no such thing"}},
        ),
        (answer(500, b"oh no", "text/plain"), "HTTP 500: oh no", {"code": 500}),
        (
            answer(401, b"who?", "text/plain"),
            "HTTP 401, the credentials are refused: look at the server's headers in the config: who?",
            {"code": 401},
        ),
        (
            answer(302, b"", Location="http://169.254.169.254/latest"),
            "HTTP 302, it points to http://169.254.169.254/latest, and Handrail follows nothing",
            {"code": 302},
        ),
    ],
)
async def test_an_error_has_the_status_for_a_code(far: Api, said: bytes, text: str, structured: dict):
    reply = await does(far, said)

    assert (reply.is_error, reply.text, reply.structured) == (True, text, structured)
    assert len(far.heard) == 1  # followed nowhere, and not sent twice


async def test_the_config_says_what_success_is(far: Api):
    done = await does(far, answer(202, {"status": "accepted", "n": 1}), "accept")
    declined = await does(far, answer(200, {"status": "declined"}), "accept")
    created = await does(far, answer(201, {"status": "accepted"}), "accept")

    assert (done.is_error, declined.is_error, created.is_error) == (False, True, True)
    assert declined.text == ('HTTP 200, the answer does not say status: "accepted": {"status": "declined"}')


async def test_who_is_turned_away_did_nothing_and_is_told_when_to_come_again(far: Api):
    with pytest.raises(NotSent) as busy:
        await does(far, answer(429, {}, Retry_After="7"))

    assert not isinstance(busy.value, Refused)
    assert busy.value.after == 7


@pytest.mark.parametrize("status", [408, 502, 503, 504])
async def test_what_a_gateway_says_proves_nothing(far: Api, status: int):
    with pytest.raises(ServerFailed) as failed:
        await does(far, answer(status, b"busy", "text/plain", Retry_After="99999"))

    assert failed.value.reply.structured == {"code": status}
    assert failed.value.after == 3600


@pytest.mark.parametrize(
    ("said", "after"), [("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", None), ("-5", None), ("9" * 400, 3600)]
)
async def test_a_time_to_come_again_is_bounded(far: Api, said: str, after: float | None):
    with pytest.raises(NotSent) as busy:
        await does(far, answer(429, {}, Retry_After=said))

    assert busy.value.after == after


# What their absence proves


async def test_who_can_not_be_reached_was_sent_nothing(far: Api):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(NotSent, match="shop can't be reached"):
            await server(nobody).call("do", {"n": 1}, 5)
        with pytest.raises(NotSent, match="shop can't be reached"):
            await server(nobody).start()
    with pytest.raises(NotSent, match="its name is not known"):
        await server("http://no-such-host.invalid").call("do", {"n": 1}, 5)


async def test_who_does_not_take_up_the_connection_was_sent_nothing(far: Api):
    """It listens, and never speaks TLS."""
    far.answers = lambda _: HANGS
    with pytest.raises(NotSent, match="it did not answer in time"):
        await server(f"https://127.0.0.1:{far.port}").call("do", {"n": 1}, 0.2)

    assert far.heard == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "the connection broke in the middle of shop.do"),
        (HANGS, "shop.do did not answer in time"),
        (b"HTTP/1.1 200", "the connection broke in the middle of shop.do"),
        (b"SSH-2.0-nonsense\r\n\r\n", "the connection broke in the middle of shop.do"),
        (b"HTTP/1.1 200 So\r\n" + b"X: " + b"y" * 200_000 + HANGS, "the connection broke in the middle"),
    ],
)
async def test_no_answer_proves_nothing(far: Api, said: bytes, why: str):
    with pytest.raises(ReplyLost, match=why) as lost:
        await does(far, said, patience=0.5)

    assert not isinstance(lost.value, ServerFailed)
    assert len(far.heard) == 1


HALF = b"HTTP/1.1 200 So\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
UNREADABLE = [
    (answer(200, b"x" * (LARGEST_ANSWER + 1), "text/plain"), "it is larger than 5 MB"),
    (answer(200, b"\x1f\x8b", Content_Encoding="gzip"), "it is compressed, and nobody asked for that"),
    (HALF, "the connection broke"),
    (HALF + HANGS, "it did not come in time"),
]


@pytest.mark.parametrize(("said", "why"), UNREADABLE)
async def test_a_success_that_can_not_be_read_was_done(far: Api, said: bytes, why: str):
    """The status came. What was to be read is lost, and what was to be judged can't be."""
    reply = await does(far, said, patience=0.5)

    assert (reply.is_error, reply.structured) == (False, None)
    assert reply.text == f"It answered HTTP 200, and the rest can't be read: {why}."
    assert reply.other  # so it is no preview that anybody could approve
    for tool in ("look", "accept"):
        with pytest.raises(ReplyLost, match=why):
            await does(far, said, tool, patience=0.5)


async def test_an_error_that_can_not_be_read_is_still_that_error(far: Api):
    reply = await does(far, HALF.replace(b" 200 ", b" 409 "))

    assert (reply.is_error, reply.structured) == (True, {"code": 409})


async def test_a_worker_that_stops_ends_what_is_under_way(far: Api):
    shop, asked = server(far.base), asyncio.Event()

    def hang(_: object) -> bytes:
        asked.set()
        return HANGS

    far.answers = hang
    call = asyncio.create_task(shop.call("do", {"n": 1}, 60))
    await asked.wait()
    await shop.aclose()

    with pytest.raises(ReplyLost):
        await call
    with pytest.raises(NotSent):
        await shop.call("do", {"n": 1}, 60)


async def test_nothing_is_logged_that_could_be_a_secret(far: Api, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    far.answers = lambda _: answer(200, {"secret": "s3cret-answer"})
    await server(far.base).call("look", {"id": "s3cret-argument"}, 5)

    assert "s3cret" not in caplog.text
    assert "t0ken" not in caplog.text + repr(server(far.base)._settings)
