"""Whatever a stranger sends is refused with a 4xx before anything parses it."""

import asyncio
import hashlib
import hmac
import io
import json
from urllib.parse import urlencode

import pytest
from aiohttp.test_utils import TestClient, TestServer
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.afterwards import Afterwards
from bot.asking import Asking
from bot.clicks import Clicks
from bot.desk import Desk
from bot.dialogs import Dialogs
from bot.homes import Homes
from bot.http import PATH, Door, verified
from bot.listeners import listen, listen_for_starts
from bot.prompts import Prompts
from bot.server import LARGEST, serving, web_app
from bot.sessions import Sessions
from bot.settings import BotSettings
from bot.starting import Starting
from tests.bot.besieging import free_port
from tests.bot.deployer import AGENT

SECRET = "s3cret"
NOW = 1_795_348_800.0
CHALLENGE = b'{"type": "url_verification", "challenge": "c"}'


def sign(body: bytes, timestamp: str = str(int(NOW))) -> dict[str, str]:
    base = b"v0:" + timestamp.encode() + b":" + body
    signature = "v0=" + hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}


async def authorize(enterprise_id, team_id):
    return AuthorizeResult(
        enterprise_id=None, team_id="T1", bot_token="xoxb-t", bot_id="B1", bot_user_id="UB"
    )


def deaf() -> AsyncApp:
    """Nobody listens behind the door, yet Bolt itself answers Slack's check of the address."""
    return AsyncApp(authorize=authorize, process_before_response=True, request_verification_enabled=False)


@pytest.fixture
async def door():
    """The door with all our listeners behind it. Nothing here gets as far as Temporal or Slack."""
    app = deaf()
    settings, later = BotSettings(agents=(AGENT,)), Afterwards()
    starting, prompts = Starting(None, None, None, settings, later), Prompts(None, None, settings, later)
    desk = Desk(None, None, None, None, None, None, settings)
    asking = Asking(desk, starting, None, None, settings, later)
    homes, sessions = Homes(None, None, later), Sessions(None, None, later)
    listen_for_starts(app, starting, prompts)
    clicks = Clicks(None, None, homes, None, later)
    listen(app, "/handrail", asking, clicks, Dialogs(None), sessions, homes)
    server = TestServer(web_app(Door(app, SECRET, now=lambda: NOW).routes()))
    async with TestClient(server) as client:
        yield client


async def post(door, body: bytes, headers: dict[str, str] | None = None, kind="application/json") -> int:
    async with door.post(PATH, data=body, headers={"Content-Type": kind, **(headers or {})}) as response:
        return response.status


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "inf"},
        {"X-Slack-Request-Timestamp": "9" * 5000},
        {"X-Slack-Request-Timestamp": "\u0661\u0662"},
        {"X-Slack-Request-Timestamp": str(int(NOW)), "X-Slack-Signature": "v0=\u00e9"},
        {"X-Slack-Request-Timestamp": str(int(NOW)), "X-Slack-Signature": "v0=" + "0" * 64},
    ],
)
async def test_a_request_without_a_valid_signature_is_a_401_whatever_its_headers_hold(door, headers):
    assert await post(door, b"{}", headers) == 401


async def test_what_is_not_signed_is_not_even_parsed(door):
    """It would be a 400 if it were."""
    assert await post(door, b"[" * 50_000) == 401


@pytest.mark.parametrize(
    ("later", "status"), [(-301, 401), (-300, 200), (-299, 200), (299, 200), (300, 200), (301, 401)]
)
async def test_a_right_signature_counts_for_five_minutes_to_the_second(door, later, status):
    assert await post(door, CHALLENGE, sign(CHALLENGE, str(int(NOW) + later))) == status


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b"null", b'"text"', b"\xff\xfe", b"[" * 50_000, b'{"a":' * 20_000], ids=range(7)
)
async def test_a_signed_request_that_is_no_payload_is_a_400(door, body):
    assert 400 <= await post(door, body, sign(body)) < 500


@pytest.mark.parametrize(
    "actions", [[], None, "x", [{}], [{"action_id": "approve"}, {"action_id": "reject"}]]
)
async def test_a_signed_click_that_is_malformed_is_a_4xx(door, actions):
    payload = {"type": "block_actions", "user": {"id": "U1"}, "team": {"id": "T1"}, "actions": actions}
    body = urlencode({"payload": json.dumps(payload)}).encode()

    status = await post(door, body, sign(body), "application/x-www-form-urlencoded")

    assert 400 <= status < 500


async def test_a_body_without_measure_is_a_413(door):
    assert await post(door, io.BytesIO(b"x" * (LARGEST + 1))) == 413


@pytest.mark.parametrize(
    ("length", "sent"),
    [(b"Content-Length: %d" % len(CHALLENGE), CHALLENGE[:-1]), (b"Transfer-Encoding: chunked", b"zz\r\n")],
    ids=["all but its last byte", "a chunk that is none"],
)
async def test_a_body_that_does_not_come_is_a_408(length, sent):
    """What did come is not looked at, even where the signature would be right."""
    signed = "".join(f"{name}: {value}\r\n" for name, value in sign(CHALLENGE).items()).encode()
    door = Door(deaf(), SECRET, now=lambda: NOW, patience=0.01)
    async with TestServer(web_app(door.routes())) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        # The body comes when it is asked for: a broken chunk that comes with the headers is a 400 at once.
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: us\r\nExpect: 100-continue\r\n")
        writer.write(signed + length + b"\r\n\r\n")
        await reader.readuntil(b"100 Continue\r\n\r\n")
        writer.write(sent)
        answer = await reader.readline()
        writer.close()

    assert answer == b"HTTP/1.1 408 Request Timeout\r\n"


async def test_a_connection_whose_headers_do_not_come_is_closed():
    port = free_port()
    async with serving(Door(deaf(), SECRET).routes(), "127.0.0.1", port, patience=0.1):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /slack/events HTTP/1.1\r\n")

        assert await reader.read() == b""
        writer.close()


async def test_a_connection_is_for_one_request(door):
    """So that none that idles is kept, and no second one stands in the shadow of a first."""
    async with door.post(PATH, data=CHALLENGE, headers=sign(CHALLENGE)) as response:
        assert (response.status, response.headers["Connection"]) == (200, "close")


async def test_slacks_own_check_of_the_address_is_answered(door):
    assert await post(door, CHALLENGE, sign(CHALLENGE)) == 200


async def test_a_signed_command_is_answered_with_what_only_its_sender_sees(door):
    given = {
        "command": "/handrail",
        "text": "help",
        "team_id": "T1",
        "user_id": "U1",
        "channel_id": "C1",
        "trigger_id": "t",
    }
    body = urlencode(given).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **sign(body)}
    async with door.post(PATH, data=body, headers=headers) as response:
        answer = await response.json()

    assert (response.status, answer["response_type"]) == (200, "ephemeral")
    assert "`/handrail &lt;goal&gt;`" in json.dumps(answer["blocks"])


def test_a_secret_is_needed():
    with pytest.raises(ValueError, match="signing secret"):
        Door(AsyncApp(authorize=authorize, request_verification_enabled=False), "")


def test_slacks_own_example_verifies():
    """docs.slack.dev/authentication/verifying-requests-from-slack"""
    secret = "8f742231b10e8888abcd99yyyzzz85a5"
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

    assert verified(secret, "1531420618", signature, body, 1531420620)
    assert not verified(secret, "1531420618", signature, body + b"x", 1531420620)
