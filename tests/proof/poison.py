"""Signals that nobody of ours would send, from a seeded grammar: of every encoding, count, shape and size."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from temporalio.api.common.v1 import Payload

from tests.proof.crowd import Raw
from tests.workflows.far_end import ALICE, BOB, MALLORY

HOUR = "2026-11-23T12:00:00Z"
PERSON = {"team": "T0HOME", "user": "U0STRANGER"}
GATE = "0" * 64
RIGHT: dict[str, dict[str, Any]] = {
    "decide": {
        "approval": "1.1",
        "gate": GATE,
        "approve": True,
        "reason": "",
        "clicked_at": HOUR,
        "break_glass": False,
    },
    "decide_all": {"approvals": ["1.1"], "gates": GATE, "approve": True, "reason": "", "clicked_at": HOUR},
    "edit": {"approval": "1.1", "gate": GATE, "arguments": "{}", "clicked_at": HOUR},
    "answer": {"question": "1", "choice": "more"},
    "revise": {"text": "something else"},
    "cancel": {"reason": "stop"},
    "event": {"source": "ci", "key": "k", "facts": {"a": "b"}},
    "resolve": {"effect": GATE, "said": "happened", "reason": "I looked"},
    "effect_unknown": {"effect": GATE, "text": "lost", "at": HOUR},
    "thawed": {"freeze": "freeze/everything"},
    "resolved": {"state": "applied", "by": PERSON, "reason": "I looked", "at": HOUR},
    "thaw": {"by": PERSON, "by_words": ""},
}
"""Our signals as they should be, but of nobody who has a say and about nothing that is there."""
NAMES = (
    *RIGHT, "hold", "view", "transcript", "audit", "state", "run", "hear", "no_such_signal", "Decide", "decide ", "\u0000",
    "__stack_trace", "__temporal_workflow_metadata", "__init__", "x" * 900, "\u202edecide", "approve", "signal",
)  # fmt: skip
ENCODINGS = (
    b"json/plain", b"json/plain", b"json/plain", b"json/plain", b"json/protobuf", b"binary/null", b"binary/plain",
    b"binary/protobuf", b"binary/encrypted", b"no/such", b"", b"\xff\xfe", b"JSON/PLAIN",
)  # fmt: skip
# Not json/external-storage-reference: the SDK fails the task over it before any code of ours is asked.
BODIES = (
    b"", b"null", b"true", b"0", b"-1.5", b"1e999", b"NaN", b"-Infinity", b'"text"', b"[]", b"[[]]", b"[null]", b"{}",
    b"{", b"}", b"{}{}", b"\xff\xfe\x00", b"\x00" * 64, b"\xef\xbb\xbf{}", b'"\\ud800"', b'{"\\ud800":"\\udfff"}',
    b"[" * 100_000, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900, b"x" * 100_000, b'"' + b"x" * 1_000_000 + b'"',
    b"9" * 10_000, b'{"delivery":1,"by":null}', b'{"delivery":"d","delivery":"e"}', b'{"kind":"decide"}',
)  # fmt: skip
INSTEAD = (
    None, True, 0, -1, 1.5, 10**400, "", "x", "null", "\ud800", "\u0000", "x" * 10_000, [], ["x"], [[]], {}, {"x": "y"},
    {"team": 1, "user": []}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-11-23T12:00:00",
    "2026-02-30T12:00:00Z", 1e300, "NaN", "Infinity",
)  # fmt: skip
TIMES = (
    "2026-11-23T12:00:00", "2026-11-23", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T12:00:00Z",
    "12:00", 0, -1, 1e11, 1e20, 1e300, None, "", "now", "2026-11-23T12:00:00+99:00", "2026-11-23T24:00:00Z",
)  # fmt: skip
ARGUMENTS = (
    "", "null", "[]", "{", "NaN", '{"version":NaN}', '{"version":1e400}', '{"version":"\\ud800"}', '{"\\ud800":1}',
    '{"version":1,"version":2}', '{"version":' + "[" * 500 + "]" * 500 + "}", '{"version":' + "[" * 7000, "{}",
    '{"version":' + "9" * 5000 + "}", '{"environment":{"a":1}}', '{"service":null}', '{"environment":"{environment}"}',
)  # fmt: skip
"""For an edit. Whoever sends it may edit, and the gate is the right one."""


def json_payload(value: Any) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def unreadable(rng: random.Random) -> Raw:
    """Any encoding, or none at all, around any bytes; no, one, two, three or many of them."""
    count = rng.choice((0, 1, 1, 1, 1, 2, 3, 50))
    return rng.choice(NAMES), [_payload(rng) for _ in range(count)]


def wrong_inside(rng: random.Random) -> Raw:
    """The right shape, with something in it that does not belong there."""
    name, value = _right(rng)
    at: Any = value
    while True:
        field = rng.choice(list(at))
        if not isinstance(at[field], dict) or rng.random() < 0.5:
            break
        at = at[field]
    if rng.random() < 0.2:
        del at[field]
    else:
        at[field] = rng.choice(INSTEAD)
    return name, [json_payload(value)]


def of_no_account(rng: random.Random) -> Raw:
    """Right in itself; but of a stranger, on nothing that is there."""
    name, value = _right(rng)
    return name, [json_payload(value | ({"by": MALLORY.model_dump()} if rng.random() < 0.3 else {}))]


def misplaced(rng: random.Random) -> Raw:
    """What belongs to another signal, once or twice."""
    _, value = _right(rng)
    return rng.choice(NAMES), [json_payload(value)] * rng.choice((1, 1, 2, 3))


KINDS: tuple[Callable[[random.Random], Raw], ...] = (
    unreadable, unreadable, wrong_inside, wrong_inside, wrong_inside, of_no_account, misplaced,
)  # fmt: skip


def poison(seed: str, count: int, gate: str = GATE) -> Iterator[Raw]:
    """Some of it on what people are asked about right now."""
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        name, payloads = rng.choice(KINDS)(rng)
        if rng.random() < 0.7:
            for payload in payloads:
                payload.data = payload.data.replace(GATE.encode(), gate.encode())
        yield name, payloads


def aimed(gate: str) -> Iterator[Raw]:
    """At the very change that is open: hostile times of a stranger, hostile arguments of those who may edit it."""
    for number, time in enumerate(TIMES):
        for name in ("decide", "edit"):
            value = RIGHT[name] | {"gate": gate, "clicked_at": time, "by": PERSON}
            yield name, [json_payload(value | {"delivery": f"time/{name}/{number}"})]
    for number, arguments in enumerate(ARGUMENTS):
        for person in (ALICE, BOB):
            value = RIGHT["edit"] | {"gate": gate, "arguments": arguments, "by": person.model_dump()}
            yield "edit", [json_payload(value | {"delivery": f"edit/{person.user}/{number}"})]


def _right(rng: random.Random) -> tuple[str, dict[str, Any]]:
    name = rng.choice(list(RIGHT))
    value = json.loads(json.dumps(RIGHT[name]))
    if name in {"effect_unknown", "thawed", "resolved", "thaw"}:
        return name, value
    return name, {"delivery": f"poison/{rng.random()}", "by": dict(PERSON), **value}


def _payload(rng: random.Random) -> Payload:
    metadata = {"encoding": rng.choice(ENCODINGS)} if rng.random() < 0.9 else {}
    if rng.random() < 0.2:
        metadata["messageType"] = rng.choice((b"temporal.api.common.v1.Payload", b"no.such.Type", b"\xff"))
    return Payload(metadata=metadata, data=rng.choice(BODIES))
