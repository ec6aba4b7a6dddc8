"""From a call to a request: no argument leaves its place, and what is not one line is no header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.definitions import problem
from activities.http_requests import request_of
from activities.http_tools import HttpSettings, HttpTool, definition
from activities.tool_replies import Refused

TEXT = {"type": "string"}
INVOICE = HttpTool(
    description="Changes an invoice.",
    method="POST",
    path="/customers/{customer}/invoices/{id}.json",
    arguments={name: {} for name in ("customer", "id", "expand", "amount", "reason", "etag")},
    optional=("expand", "reason", "etag"),
    query={"expand": "{expand}", "note": "for {customer}", "v": 2},
    body={"amount": "{amount}", "why": {"text": "Because: {reason}"}, "lines": ["{reason}", "fixed"]},
    headers_from={"If-Match": "{etag}"},
    idempotency_header="Idempotency-Key",
)
BILLING = HttpSettings(
    name="billing",
    base="https://billing.example/api/v2/",
    tools={"change": INVOICE},
    headers={"Authorization": "Bearer t0ken", "accept": "application/vnd.billing+json"},
)
LEAST = {"customer": "ann", "id": "7", "amount": 5}


def test_a_template_is_filled_and_what_is_left_out_is_not_sent():
    request = request_of(BILLING, INVOICE, {**LEAST, "amount": 12.5})

    assert request.method == "POST"
    assert request.target == b"/api/v2/customers/ann/invoices/7.json?note=for%20ann&v=2"
    assert request.content == b'{"amount":12.5,"lines":["fixed"],"why":{}}'
    assert dict(request.headers) == {
        b"accept": b"application/vnd.billing+json",
        b"accept-encoding": b"identity",
        b"authorization": b"Bearer t0ken",
        b"content-type": b"application/json",
        b"user-agent": b"handrail",
    }


def test_a_template_that_is_one_name_keeps_the_type_of_the_argument():
    everything = {**LEAST, "expand": ["lines", "tax"], "reason": "late & sorry", "amount": {"cents": 5}}
    request = request_of(BILLING, INVOICE, everything)

    assert request.target.endswith(b"?expand=lines&expand=tax&note=for%20ann&v=2")
    assert request.content == (
        b'{"amount":{"cents":5},"lines":["late & sorry","fixed"],"why":{"text":"Because: late & sorry"}}'
    )


def test_the_key_and_the_precondition_go_into_their_headers():
    request = request_of(BILLING, INVOICE, {**LEAST, "etag": 'W/"a 1"', "idempotency_key": "ab12"})

    assert {b"if-match": b'W/"a 1"', b"idempotency-key": b"ab12"}.items() <= dict(request.headers).items()


@pytest.mark.parametrize(
    ("customer", "sent"),
    [
        ("ann?admin=1#top", b"ann%3Fadmin%3D1%23top"),
        ("a b%2f", b"a%20b%252f"),
        ("…/é".replace("/", ""), b"%E2%80%A6%C3%A9"),
        ("{id}", b"%7Bid%7D"),
        (17, b"17"),
        (True, b"true"),
        ("...", b"..."),
    ],
)
def test_an_argument_stays_in_its_part_of_the_path(customer: object, sent: bytes):
    target = request_of(BILLING, INVOICE, {**LEAST, "customer": customer}).target

    assert target.partition(b"?")[0] == b"/api/v2/customers/" + sent + b"/invoices/7.json"


ESCAPES = ["", ".", "..", "a/b", "/", "../..", "..\\..", "a\r\nHost: evil", "\0", "\x7f"]


@pytest.mark.parametrize("customer", [*ESCAPES, None, ["a"], {"a": 1}])
def test_what_would_leave_its_part_is_refused(customer: object):
    with pytest.raises(Refused):
        request_of(BILLING, INVOICE, {**LEAST, "customer": customer})


@pytest.mark.parametrize("customer", ESCAPES)
def test_the_schema_says_so_before_anybody_is_asked(customer: str):
    schema = definition(BILLING, "change").input_schema

    assert problem(schema, {**LEAST, "customer": customer}).startswith("customer: ")
    assert problem(schema, {**LEAST, "customer": "ann"}) == ""


@given(st.text(), st.text())
def test_no_text_at_all_leaves_the_base(customer: str, invoice: str):
    try:
        target = request_of(BILLING, INVOICE, {**LEAST, "customer": customer, "id": invoice}).target
    except (Refused, UnicodeEncodeError):
        return
    path = target.decode().partition("?")[0]
    assert path.startswith("/api/v2/customers/")
    assert len(path.split("/")) == 7
    assert not {".", "..", ""} & set(path.split("/")[1:])
    assert path.isascii()
    assert not set(path) & set(" \r\n\\#")


@pytest.mark.parametrize("etag", ["", " ", "a\r\nX-Admin: 1", "a\nb", "é", "a\0", 'x"\t', ["a"], None])
def test_what_is_not_one_line_is_no_header(etag: object):
    with pytest.raises(Refused):
        request_of(BILLING, INVOICE, {**LEAST, "etag": etag})


def test_a_tool_takes_what_is_declared_and_nothing_else():
    offered = definition(BILLING, "change")

    assert offered.input_schema["required"] == ["customer", "id", "amount"]
    assert "idempotency_key" in offered.input_schema["properties"]
    assert "quota" in problem(offered.input_schema, {**LEAST, "quota": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "/customers/{customer}/invoices/{id}/void"},
        {"method": "PUT"},
        {"body": {"amount": "{amount}"}},
        {"query": {}},
        {"idempotency_header": "X-Key"},
        {"where": {"status": "accepted"}},
    ],
)
def test_another_request_is_another_definition(changes: dict):
    def known(tool: HttpTool, base: str = BILLING.base):
        return definition(HttpSettings(name="billing", base=base, tools={"change": tool}), "change")

    other = HttpTool(**{**INVOICE.__dict__, **changes})

    assert not known(INVOICE).same_as(known(other))
    assert not known(INVOICE).same_as(known(INVOICE, base="https://evil.example/api/v2"))
    assert known(INVOICE).same_as(definition(BILLING, "change"))  # another token is the same tool
