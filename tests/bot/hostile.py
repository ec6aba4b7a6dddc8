"""Requests that nobody well-meaning would send, from a seeded grammar: whoever has the seed and a number has the request."""

import gzip
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bot.http import PATH
from bot.server import LARGEST
from bot.views.refs import ApprovalRef, ReasonRef, StartRef

SECRET = "s3cret"
CANARY = "c4nary.example"
"""Stands in what is sent, and may stand in no log."""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
REF = ApprovalRef(run="run/1", approval="1.1", gate="0" * 64)


class Request(NamedTuple):
    what: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    method: str = "POST"
    path: str = PATH


def sign(body: bytes, timestamp: str, secret: str = SECRET) -> str:
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signed(what: str, body: bytes, kind: str = JSON, **more: str) -> Request:
    """As Slack itself would sign it, now."""
    now = str(int(time.time()))
    return Request(
        what, body, (("Content-Type", kind), (TIMESTAMP, now), (SIGNATURE, sign(body, now)), *more.items())
    )


# What is right, so that it can be broken


def click() -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": "U0BOB", "name": CANARY},
        "team": {"id": "T0HOME"},
        "trigger_id": "1.2",
        "container": {"message_ts": "1.1", "channel_id": "C0OPS"},
        "channel": {"id": "C0OPS"},
        "actions": [{"action_id": "approve", "value": REF.packed(), "action_ts": f"{time.time()}"}],
    }


def submission() -> dict[str, Any]:
    about = ReasonRef(channel="C0OPS", approval=REF).packed()
    view = {"id": "V1", "type": "modal", "callback_id": "reject", "private_metadata": about, "hash": "h"}
    return {"type": "view_submission", "user": {"id": "U0BOB"}, "team": {"id": "T0HOME"}, "view": view}


def form() -> dict[str, Any]:
    about = StartRef(agent="deployer", channel="C0OPS").packed()
    state = {"values": {"agent": {"start_agent": {"selected_option": {"value": "deployer"}}}}}
    view = {"id": "V1", "type": "modal", "callback_id": "start", "private_metadata": about, "state": state}
    return {"type": "view_submission", "user": {"id": "U0BOB"}, "team": {"id": "T0HOME"}, "view": view}


def shortcut() -> dict[str, Any]:
    return {
        "type": "message_action",
        "callback_id": "ask_about_message",
        "user": {"id": "U0BOB"},
        "team": {"id": "T0HOME"},
        "trigger_id": "1.2",
        "channel": {"id": "C0OPS"},
        "message": {"type": "message", "user": "U0EVE", "ts": "1.1", "text": "look"},
    }


def mention() -> dict[str, Any]:
    event = {"type": "app_mention", "channel": "C0OPS", "ts": "1.1", "user": "U0BOB", "text": "<@UB> help"}
    return {"type": "event_callback", "team_id": "T0HOME", "event_id": "Ev1", "event": event}


def command() -> dict[str, str]:
    return {
        "command": "/handrail",
        "text": "deploy checkout 1.4.2",
        "team_id": "T0HOME",
        "user_id": "U0BOB",
        "channel_id": "C0OPS",
        "trigger_id": "1.2",
    }


def as_form(payload: dict[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


# What is wrong

GONE = object()
NOT_TEXT: tuple[Any, ...] = (GONE, None, "", 5, 0.5, True, [], {}, [[]], {"id": {}}, ["x"])
NOT_A_THING: tuple[Any, ...] = (GONE, None, "", "x", 5, True, [], [[]], {}, {"x": "y"})
NEEDED: tuple[tuple[Callable[[], dict[str, Any]], tuple[str | int, ...], tuple[Any, ...]], ...] = (
    (click, ("type",), (GONE, None, "", "nothing", 5, True, [], {})),
    (click, ("user",), NOT_A_THING),
    (click, ("user", "id"), NOT_TEXT),
    (click, ("team",), NOT_A_THING),
    (click, ("team", "id"), NOT_TEXT),
    (click, ("actions",), (*NOT_A_THING, [None], ["x"], [5], [{}], [click()["actions"][0]] * 2)),
    (click, ("actions", 0, "action_id"), NOT_TEXT),
    (click, ("actions", 0, "value"), (*NOT_TEXT, "{}", "null", "[" * 900, REF.packed()[:-1], '{"run":1}')),
    (submission, ("user", "id"), NOT_TEXT),
    (submission, ("view",), NOT_A_THING),
    (submission, ("view", "id"), NOT_TEXT),
    (submission, ("view", "callback_id"), (5, True, [], {})),
    (submission, ("view", "private_metadata"), (*NOT_TEXT, "{}", "null", '{"channel":1}', "\ud800")),
    (form, ("view", "private_metadata"), (*NOT_TEXT, "{}", "null", '{"agent":1}', "\ud800")),
    (form, ("view", "id"), NOT_TEXT),
    (
        form,
        ("view", "state", "values"),
        ("x", 5, True, [], [[]], {"agent": None}, {"agent": {}}, {"agent": {"a": 5, "b": 5}}),
    ),
    (
        form,
        ("view", "state", "values", "agent", "start_agent", "selected_option", "value"),
        (5, True, ["x"], {"id": {}}),
    ),
    (shortcut, ("callback_id",), NOT_TEXT),
    (shortcut, ("user", "id"), NOT_TEXT),
    (shortcut, ("trigger_id",), NOT_TEXT),
    (shortcut, ("channel",), NOT_A_THING),
    (shortcut, ("message",), NOT_A_THING),
    (shortcut, ("message", "ts"), NOT_TEXT),
    (shortcut, ("message", "text"), (5, True, ["x"], {"id": {}})),
    (mention, ("event",), NOT_A_THING),
    (mention, ("event", "type"), NOT_TEXT),
    (mention, ("event", "channel"), NOT_TEXT),
    (mention, ("event", "ts"), NOT_TEXT),
    (mention, ("event", "user"), (5, True, ["x"], {"id": {}})),
    (mention, ("event", "text"), (5, True, ["x"], {"id": {}})),
    (mention, ("team_id",), NOT_TEXT),
)
"""A payload, a field that it can't do without, and what may stand there instead."""

NO_PAYLOADS = (
    b"", b" ", b"{", b"}", b"[]", b"[1]", b"null", b"true", b"0", b"-", b"1e999", b'"text"', b'{"type":', b"{}{}",
    b"\xff\xfe", b"\x00", b"\xef\xbb\xbf{}", b'{"type":"\xff"}', b'{"type":NaN}', b'{"type":Infinity}',
    b"[" * 20_000, b'{"a":' * 20_000, b"[" * 20_000 + b"]" * 20_000,
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b'{"type":"block_actions","actions":[]}', b'{"type":["block_actions"]}',
)  # fmt: skip
NO_FORMS = (
    b"", b"payload", b"payload=", b"payload=null", b"payload=[]", b"payload=5", b"payload=%22text%22", b"payload={",
    b"payload=%FF", b"payload=%ff%fe", b"payload=" + b"%5B" * 20_000, b"payload={}", b"payload=%7B%22type%22%3A5%7D",
    b"payload=%ED%A0%80", b"&" * 5000, b"=" * 5000, b"a=1&" * 2000, b"command=%2Fhandrail", b"command=", b"ssl_check=1",
)  # fmt: skip
TIMESTAMPS = (
    "", " ", "soon", "inf", "-inf", "nan", "1e9", "0", "-1", "+1", "1.5", "9" * 5000, "0" * 5000, "\u0661\u0662",
    "\u00b2", "0x10", "1_000", "1795348800 ", "true", "null", "'; --", "\U0001f680",
)  # fmt: skip
SIGNATURES = (
    "", "v0", "v0=", "v1=" + "0" * 64, "v0=" + "0" * 63, "v0=" + "0" * 65, "v0=" + "g" * 64, "V0=" + "0" * 64,
    "0" * 64, "v0=\u00e9", "v0=" + "\u0660" * 64, "v0=" + "0" * 8000, "v0=v0=" + "0" * 61, "null",
)  # fmt: skip
KINDS = (
    JSON,
    FORM,
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "",
    "application/xml",
)
METHODS = ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO", "PROPFIND")
PATHS = (
    "/", "/slack", "/slack/events/", "//slack/events", "/slack/events/..", "/slack/%65vents/x", "/slack/events;x",
    "/slack/events%00", "/.env", "/admin", "/slack/install", "/slack/oauth_redirect", "/SLACK/EVENTS",
)  # fmt: skip


def hostile_timestamp(rng: random.Random) -> Request:
    body, timestamp = _a_body(rng), rng.choice(TIMESTAMPS)
    signature = sign(body, timestamp)
    return _unsigned("a hostile timestamp", body, (TIMESTAMP, timestamp), (SIGNATURE, signature))


def hostile_signature(rng: random.Random) -> Request:
    now = str(int(time.time()))
    return _unsigned(
        "a hostile signature", _a_body(rng), (TIMESTAMP, now), (SIGNATURE, rng.choice(SIGNATURES))
    )


def missing_headers(rng: random.Random) -> Request:
    body = _a_body(rng)
    kept = rng.sample(_right_headers(body), rng.randrange(2))
    return _unsigned("missing headers", body, *kept)


def doubled_headers(rng: random.Random) -> Request:
    body = _a_body(rng)
    right = _right_headers(body)
    name, value = rng.choice(right)
    other = rng.choice((value, "", "0", "v0=" + "0" * 64))
    doubled = [*right, (name, other)]
    rng.shuffle(doubled)
    return _unsigned("doubled headers", body, *doubled)


def out_of_time(rng: random.Random) -> Request:
    """The edges are tested to the second where the clock stands still."""
    body = _a_body(rng)
    then = str(int(time.time()) + rng.choice((-301, -302, -3600, -(10**9), 400, 3600, 10**9)))
    return _unsigned("signed at another time", body, (TIMESTAMP, then), (SIGNATURE, sign(body, then)))


def tampered(rng: random.Random) -> Request:
    body = _a_body(rng)
    now = str(int(time.time()))
    signature = sign(body, now)
    match rng.randrange(4):
        case 0:
            body += b" "
        case 1:
            body = body.replace(b"U0BOB", b"U0EVE")
        case 2:
            now = str(int(now) - 1)
        case _:
            signature = sign(body, now, "another secret")
    return _unsigned(
        "changed after it was signed", body + b"&" * (body == b""), (TIMESTAMP, now), (SIGNATURE, signature)
    )


def no_payload(rng: random.Random) -> Request:
    return signed("no payload", rng.choice(NO_PAYLOADS), rng.choice(KINDS))


def no_form(rng: random.Random) -> Request:
    return signed("no form", rng.choice(NO_FORMS), FORM)


def broken_payload(rng: random.Random) -> Request:
    make, path, instead = rng.choice(NEEDED)
    broken = _with(make(), path, rng.choice(instead))
    what = f"{make.__name__} with a broken {'.'.join(map(str, path))}"
    if make is mention:
        return signed(what, json.dumps(broken).encode())
    return signed(what, as_form(broken), FORM)


def broken_command(rng: random.Random) -> Request:
    broken = command()
    field = rng.choice([name for name in broken if name != "text"])
    if rng.random() < 0.5:
        del broken[field]
    else:
        broken[field] = ""
    return signed(f"command without {field}", urlencode(broken).encode(), FORM)


def squeezed(rng: random.Random) -> Request:
    """Content-Encoding: garbage, or far more than it seems."""
    body = rng.choice((b"x", b"\x1f\x8b", gzip.compress(b"{}")[:-4], gzip.compress(b" " * (LARGEST + 1))))
    return signed("compressed", body, JSON, **{"Content-Encoding": rng.choice(("gzip", "deflate"))})


def too_large(rng: random.Random) -> Request:
    return signed("too large", b" " * (LARGEST + rng.choice((1, 2, 1000))))


def wrong_method(rng: random.Random) -> Request:
    right = signed("a wrong method", as_form(click()), FORM)
    return right._replace(method=rng.choice(METHODS))


def wrong_path(rng: random.Random) -> Request:
    return signed("a wrong path", as_form(click()), FORM)._replace(path=rng.choice(PATHS))


OFTEN = (
    hostile_timestamp, hostile_signature, missing_headers, doubled_headers, out_of_time, tampered, no_payload, no_form,
    broken_payload, broken_payload, broken_payload, broken_payload, broken_command, wrong_method, wrong_path,
)  # fmt: skip
SELDOM = (squeezed, too_large)
"""A megabyte each."""
REPEATED = 0.05


def requests(seed: str, count: int) -> Iterator[Request]:
    """Each comes from the seed and its number; some are the one before once more."""
    earlier: Request | None = None
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        if earlier is not None and rng.random() < REPEATED:
            yield earlier
            continue
        earlier = rng.choice(SELDOM if rng.random() < 0.005 else OFTEN)(rng)
        yield earlier


# What is odd, but not wrong where it matters

ODD: tuple[Any, ...] = (
    GONE, None, "", "x", "\ud800", "x" * 5000, 0, -1, 5.5, 1e300, True, [], {}, ["x"], [[None]], {"x": "y"}, {"id": 5},
)  # fmt: skip


def in_full(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """With more of what Slack sends beside the fields that are needed."""
    block = {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "approve", "value": REF.packed()}],
    }
    message = {"ts": "1.1", "thread_ts": "1.0", "text": "text", "blocks": [block]}
    values = {"reason": {"reason": {"type": "plain_text_input", "value": "why"}}}
    more: dict[Any, dict[str, Any]] = {
        click: {"message": message, "response_url": "", "api_app_id": "A1", "enterprise": None, "view": None},
        submission: {
            "view": submission()["view"] | {"state": {"values": values}},
            "is_enterprise_install": False,
        },
        mention: {
            "authorizations": [{"team_id": "T0HOME", "user_id": "UB"}],
            "event_time": 1,
            "context_team_id": "T",
        },
    }
    return make() | more[make]


def odd_requests(seed: str, count: int) -> Iterator[Request]:
    """Signed, and with something anywhere in it that Slack would not put there."""
    for number in range(count):
        rng = random.Random(f"{seed}/odd/{number}")
        make = rng.choice((click, submission, mention))
        payload = in_full(make)
        path = rng.choice(list(_paths(payload)))
        odd = _with(payload, path, rng.choice(ODD))
        what = f"{make.__name__} with an odd {'.'.join(map(str, path))}"
        if make is mention:
            yield signed(what, json.dumps(odd).encode())
        else:
            yield signed(what, as_form(odd), FORM)


def _paths(value: Any, *so_far: str | int) -> Iterator[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*so_far, name)
        yield from _paths(each, *so_far, name)


# What no client library would send


def raw(rng: random.Random) -> bytes:
    """Bytes for a socket: no request, or one that ends in the middle."""
    return rng.choice(RAW)(rng)


def _head(*lines: str, path: str = PATH, version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join((f"POST {path} {version}", f"Host: {CANARY}", *lines, "", "")).encode("latin-1")


RAW: tuple[Callable[[random.Random], bytes], ...] = (
    lambda rng: rng.randbytes(rng.randrange(1, 3000)),
    lambda rng: b"\r\n" * rng.randrange(1, 50) + rng.randbytes(20) + b"\r\n\r\n",
    lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    lambda rng: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(500),
    lambda _: b"POST\r\n\r\n",
    lambda _: b"POST /slack/events\r\n\r\n",
    lambda rng: _head(version=rng.choice(("HTTP/9.9", "HTTP/1.1 x", "http/1.1", "HTTP/", "ICY/1.0"))),
    lambda rng: _head(path=rng.choice(("", "*", "\x00", " /slack/events", "http://[::1", "/\x7f\x01", "slack/events"))),
    lambda rng: _head(rng.choice((": x", "no colon", "a b: c", "x\x00: y", " folded", "X: \x00", "\x0b: 1"))),
    lambda rng: _head(f"Content-Length: {rng.choice(('-1', 'x', '1e3', '0x10', '+5', '5, 5', '9' * 40, ''))}") + b"{}",
    lambda _: _head("Content-Length: 2", "Content-Length: 3") + b"{}x",
    lambda _: _head("Content-Length: 2", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    lambda rng: _head(f"Transfer-Encoding: {rng.choice(('x', 'chunked, x', 'gzip', 'chunked, chunked'))}") + b"0\r\n\r\n",
    lambda rng: _head("Transfer-Encoding: chunked")
    + rng.choice((b"x\r\n", b"-1\r\n", b"FFFFFFFFFFFFFFFFFF\r\n", b"5\r\nab", b"5;" + b"x" * 9000, b"2\r\n{}xx0\r\n\r\n")),
    lambda rng: _head("Content-Length: 1000") + b"x" * rng.randrange(999),
    lambda rng: _head("X: " + "x" * rng.choice((9000, 100_000))),
    lambda _: _head(*(f"X-{number}: {number}" for number in range(10_000))),
    lambda rng: _head("Content-Length: 2", f"Expect: {rng.choice(('100-continue', '200-ok', 'x'))}") + b"{}",
    lambda _: _head("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x", "Content-Length: 0"),
    lambda _: _head("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Content-Length: 0"),
    lambda rng: _head()[: rng.randrange(40)],
    lambda _: _head().replace(b"\r\n", b"\n"),
    lambda _: _head("Content-Length: 0") * 5,
)  # fmt: skip


def _a_body(rng: random.Random) -> bytes:
    """Something that would act, were it believed; or something that can't even be read."""
    right = (
        as_form(click()),
        as_form(submission()),
        urlencode(command()).encode(),
        json.dumps(mention()).encode(),
    )
    return rng.choice((*right, *right, b"{", b"[1]", b"null", b"[" * 20_000))


def _right_headers(body: bytes) -> list[tuple[str, str]]:
    now = str(int(time.time()))
    return [(TIMESTAMP, now), (SIGNATURE, sign(body, now))]


def _unsigned(what: str, body: bytes, *headers: tuple[str, str]) -> Request:
    kind = JSON if body[:1] in {b"{", b"[", b"n"} else FORM
    return Request(what, body, (("Content-Type", kind), *headers))


def _with(payload: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    made = deepcopy(payload)
    at: Any = made
    for name in path[:-1]:
        at = at[name]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return made
