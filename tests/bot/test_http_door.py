"""Whatever a stranger sends is refused with a 4xx before anything parses it."""

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
from bot.http import LARGEST, PATH, Door, verified
from bot.listeners import listen
from bot.settings import BotSettings
from tests.bot.deployer import AGENT

SECRET = "s3cret"
NOW = 1_795_348_800.0


def sign(body: bytes, timestamp: str = str(int(NOW))) -> dict[str, str]:
    base = b"v0:" + timestamp.encode() + b":" + body
    signature = "v0=" + hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}


async def authorize(enterprise_id, team_id):
    return AuthorizeResult(
        enterprise_id=None, team_id="T1", bot_token="xoxb-t", bot_id="B1", bot_user_id="UB"
    )


@pytest.fixture
async def door():
    """The door with all our listeners behind it. Nothing here gets as far as Temporal or Slack."""
    app = AsyncApp(authorize=authorize, process_before_response=True, request_verification_enabled=False)
    settings, later = BotSettings(agents=(AGENT,)), Afterwards()
    asking = Asking(Desk(None, settings), None, None, settings, later)
    listen(app, "/handrail", asking, Clicks(None, None, later), Dialogs(None))
    server = TestServer(Door(app, SECRET, now=lambda: NOW).web_app())
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


async def test_an_old_signature_is_refused_however_right_it_is(door):
    assert await post(door, b"{}", sign(b"{}", str(int(NOW) - 301))) == 401


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


async def test_slacks_own_check_of_the_address_is_answered(door):
    body = json.dumps({"type": "url_verification", "challenge": "c"}).encode()

    assert await post(door, body, sign(body)) == 200


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
