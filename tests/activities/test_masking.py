"""Secrets never show: in whatever spelling, at whatever depth, in whatever a step answers or an error says."""

import base64
import html
import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError, CancelledError

from activities.masked_errors import masked_errors
from activities.masking import MARK, Masker, compiled, too_short
from workflows.values.base import Json

SECRET = 'pa$$w/rd "é\\n+1'
KEY = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEAx4\nfh2kLqbPQ8zT1u0w==\n-----END KEY-----"

# Every spelling


def go_json(text: str) -> str:
    """As Go writes JSON that may stand in HTML."""
    made = json.dumps(text, ensure_ascii=False)[1:-1]
    return made.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def lower_quote(text: str) -> str:
    """`%2f` instead of `%2F`."""
    return "%".join(
        part if place == 0 else part[:2].lower() + part[2:]
        for place, part in enumerate(quote(text, safe="").split("%"))
    )


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "JSON, all ASCII": lambda text: json.dumps(text)[1:-1],
    "JSON": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text)))[1:-1],
    "Go's JSON": go_json,
    "PHP's JSON": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "a Python literal": lambda text: repr(text)[1:-1],
    "an ASCII Python literal": lambda text: ascii(text)[1:-1],
    "JavaScript's code points": lambda text: "".join(
        c if c.isascii() and c.isalnum() else f"\\u{{{ord(c):X}}}" for c in text
    ),
    "a path": quote,
    "a URL": lambda text: quote(text, safe=""),
    "a URL in small letters": lower_quote,
    "a URL in a URL": lambda text: quote(quote(text)),
    "a form": quote_plus,
    "a URL in JSON": lambda text: json.dumps(quote(text))[1:-1],
    "JSON in a URL": lambda text: quote(json.dumps(text))[3:-3],
    "JSON in HTML": lambda text: html.escape(json.dumps(text)[1:-1]),
    "HTML": html.escape,
    "HTML in a URL": lambda text: quote(html.escape(text)),
    "HTML in Go's JSON": lambda text: go_json(html.escape(text)),
    "HTML in HTML": lambda text: html.escape(html.escape(text)),
    "HTML, all ASCII": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "HTML by number": lambda text: "".join(
        c if c.isascii() and c.isalnum() else f"&#x{ord(c):x};" for c in text
    ),
    "base64": b64,
    "base64 without padding": lambda text: b64(text).rstrip("="),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in a URL": lambda text: quote(b64(text), safe=""),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "base64 in lines in JSON": lambda text: json.dumps(base64.encodebytes(text.encode()).decode())[1:-1],
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SECRETS = (
    st.text(st.characters(exclude_categories=["Cs"]), min_size=6)
    .map(str.strip)
    .filter(lambda text: len(text) >= 6)
)


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(deadline=None, max_examples=30)
@given(secret=SECRETS, before=TEXTS, after=TEXTS)
@example(secret=SECRET, before="x=", after=";")
@example(secret="\\\\\\\\server\\n\"'", before="\\", after="\\")
@example(secret='n"abcde', before="\\", after="")
@example(secret="A" * 60 + "\0\x7f\u2028\U000e0001", before="", after="A")
def test_no_spelling_of_a_secret_survives(spelling: str, secret: str, before: str, after: str):
    spelled = SPELLINGS[spelling](secret)
    assume(not any(part in MARK for part in (spelled, secret)))

    masked = Masker([secret], []).text(before + spelled + after)

    assert spelled not in masked
    assert secret not in masked
    assert MARK in masked


@settings(deadline=None, max_examples=30)
@given(
    secret=SECRETS,
    before=st.binary(max_size=8),
    after=st.binary(max_size=8),
    encode=st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
)
def test_a_secret_in_the_middle_of_base64_does_not_survive(
    secret: str, before: bytes, after: bytes, encode: Callable[[bytes], bytes]
):
    """As in a header with a user's name before the password."""
    whole = encode(before + secret.encode() + after).decode()

    masked = Masker([secret], []).text(f"Basic {whole}")

    first, last = -(-len(before) * 8 // 6), (len(before) + len(secret.encode())) * 8 // 6
    assert whole[first:last] not in masked
    assert MARK in masked


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


def texts_in(value: Json) -> Iterator[str]:
    match value:
        case dict():
            for key, item in value.items():
                yield key
                yield from texts_in(item)
        case list():
            for item in value:
                yield from texts_in(item)
        case _:
            yield str(value)


@settings(deadline=None, max_examples=30)
@given(secret=SECRETS, spelling=st.sampled_from(sorted(SPELLINGS)), value=VALUES, data=st.data())
def test_no_secret_survives_in_a_structure(secret: str, spelling: str, value: Json, data: st.DataObject):
    spelled = SPELLINGS[spelling](secret)
    assume(not any(part in MARK for part in (spelled, secret)))
    wrap = data.draw(
        st.sampled_from(
            [
                lambda inner: {"deep": [inner, {"key": f"<{spelled}>"}]},
                lambda inner: {spelled: inner, f"{spelled}!": 1},
                lambda inner: [[spelled], inner, spelled],
            ]
        )
    )

    masker = Masker([secret], [])
    masked = masker.value(wrap(value))

    assert not [text for text in texts_in(masked) if spelled in text or secret in text]
    assert masker.hides(wrap(value))
    assert not masker.hides(masked)


@settings(deadline=None, max_examples=30)
@given(value=VALUES)
def test_what_holds_no_secret_stays_as_it_is(value: Json):
    masker = Masker([SECRET, KEY], [r"ghp_[A-Za-z0-9]{36}"])

    assert masker.value(value) == value
    assert not masker.hides(value)


# What is a secret


def test_all_around_a_secret_stays():
    assert Masker([SECRET], []).text(f"password={SECRET}; user=ops") == f"password={MARK}; user=ops"


def test_secrets_that_overlap_are_masked_together():
    assert Masker(["abcdef", "defghi"], []).text("<abcdefghi> <defghi>") == f"<{MARK}> <{MARK}>"
    assert Masker(["abcabc"], []).text("<abcabcabc>") == f"<{MARK}>"
    assert Masker(["abcdef", "ghijkl"], []).text("<abcdefghijkl>") == f"<{MARK}>"


def test_a_secret_within_another_leaves_nothing_of_the_longer_one():
    assert Masker(["hunter2", "hunter22"], []).text("hunter22 hunter2") == f"{MARK} {MARK}"


def test_what_is_too_short_is_not_masked():
    assert Masker(["prod", "  a b  ", ""], []).text("deploy to prod: a b") == "deploy to prod: a b"
    assert [too_short(value) for value in ("prod", " 12345\n", "123456", "")] == [True, True, False, False]


def test_a_value_may_end_with_the_line_of_the_file_it_came_from():
    assert Masker([f"{SECRET}\n"], []).text(f"<{SECRET}>") == f"<{MARK}>"


def test_each_long_line_of_a_key_is_a_secret():
    torn = "10:00 -----BEGIN KEY-----\n10:00 MIIEpAIBAAKCAQEAx4\n10:01 fh2kLqbPQ8zT1u0w==\n"

    assert Masker([KEY], []).text(torn) == f"10:00 -----BEGIN KEY-----\n10:00 {MARK}\n10:01 {MARK}\n"


def test_the_password_in_an_address_is_a_secret_too():
    masker = Masker(["postgres://app:sw%26rdfish@db.internal/orders"], [])

    assert (
        masker.text("no user app with sw&rdfish at db.internal") == f"no user app with {MARK} at db.internal"
    )
    assert masker.text("PGPASSWORD=sw%26rdfish") == f"PGPASSWORD={MARK}"


def test_a_number_that_reads_like_a_secret_is_masked():
    masker = Masker(["271828", "31.4159"], ["True"])

    assert masker.value({"pin": 271828, "pi": 31.4159, "long": 12718281, "n": 27182, "yes": True}) == {
        "pin": MARK,
        "pi": MARK,
        "long": MARK,
        "n": 27182,
        "yes": True,
    }


def test_masked_keys_are_all_kept():
    masker = Masker(["abcdef", "ghijkl"], [])

    assert masker.value({"abcdef": 1, "ghijkl": 2, f"{MARK} 2": 3}) == {
        MARK: 1,
        f"{MARK} 3": 2,
        f"{MARK} 2": 3,
    }


# Patterns


def test_a_pattern_masks_all_that_it_matches():
    masker = Masker([], [r"ghp_\w{4}", r"(?i)password:\s*\S+"])

    assert masker.text("é ghp_1234 PASSWORD: hunter2.") == f"é {MARK} {MARK}"


def test_a_pattern_and_a_value_that_overlap_are_masked_together():
    assert Masker(["abcdef"], [r"token=\w+"]).text("token=abcdefghi") == MARK


def test_a_pattern_finds_its_place_beside_half_a_character():
    assert Masker([], ["secret"]).text("\ud800 secret") == f"\ud800 {MARK}"


def test_a_pattern_that_hangs_other_engines_takes_no_time():
    masker = Masker([], [r"(a+)+$", r"(.*)*x", r"(\w|\d)+!"])

    began = time.process_time()
    assert masker.text("a" * 60_000 + "\n") == "a" * 60_000 + "\n"
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "a regular expression in the syntax of RE2 (missing ): ()"),
        ("(?=a)b", "a regular expression in the syntax of RE2 (invalid perl operator: (?=)"),
        ("x*", "a pattern that does not match the empty text"),
    ],
)
def test_a_pattern_that_can_not_be_used_is_said_to_be_so(pattern: str, said: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its text is looked at
        compiled(pattern)

    assert str(caught.value) == said


# No text takes long


@pytest.mark.parametrize(
    "text",
    ["\\" * 65_536, '\\\\"' * 20_000, "%25" * 20_000, "&amp;amp;" * 7_000, " +" * 30_000, "QUFB \\n" * 9_000],
)
def test_no_text_keeps_a_worker_busy(text: str):
    masker = Masker(['\\\\\\"\\\\n"abc', '""""\\\\\n\\x', "%25%25%25", "     &&&&", "AAAAAA\0\0\0\0"], [])

    began = time.process_time()
    masker.text(text)
    assert time.process_time() - began < 3


# Quotations and errors


def test_a_quotation_is_masked_before_it_is_cut():
    assert (
        Masker(["hunter2hunter2"], []).quote("the password is hunter2hunter2, and", 20)
        == "the password is [ma…"
    )


def failing() -> None:
    """For a reason, while something else was wrong already."""
    try:
        {}[SECRET]
    except KeyError:
        raise ValueError(f"bad {SECRET}")  # noqa: B904 - its context is looked at


def telling() -> None:
    try:
        failing()
    except ValueError as error:
        details = {"sent": SECRET}
        raise ApplicationError(f"No: {SECRET}.", details, type="Ambiguous", non_retryable=True) from error


def test_an_error_is_told_without_secrets_and_so_is_its_cause():
    with pytest.raises(ApplicationError) as caught, masked_errors(Masker([SECRET], [])):
        telling()

    told = caught.value
    assert (told.message, told.details) == (f"No: {MARK}.", ({"sent": MARK},))
    assert (told.type, told.non_retryable) == ("Ambiguous", True)
    cause = told.__cause__
    assert isinstance(cause, ApplicationError)
    assert (cause.message, cause.type) == (f"bad {MARK}", "ValueError")
    assert isinstance(cause.__cause__, ApplicationError)
    assert (cause.__cause__.message, cause.__cause__.type) == (f"'{MARK}'", "KeyError")


def test_a_cancellation_stays_one():
    with pytest.raises(CancelledError), masked_errors(Masker([SECRET], [])):
        raise CancelledError


def test_a_masker_does_not_show_what_it_knows():
    assert SECRET not in repr(Masker([SECRET], []))
