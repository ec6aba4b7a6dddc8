"""Secrets are masked where they are known: in the worker. The bot and Slack only ever get what may be shown.

A configured secret is found as itself and as JSON, URLs, HTML and source code spell it (once or in one another), in
base64 at any place of a longer text, and in hex. An operator's patterns are regular expressions of RE2, which takes
time in proportion to the text whatever they are and whatever it is. A secret that is spread over several values is
not found.
"""

import re
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from html.entities import codepoint2name
from itertools import chain, groupby
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import re2  # type: ignore[import-untyped]

from workflows.values.base import MASKED as MARK
from workflows.values.base import Json

SHORTEST = 6
"""Characters. What is shorter would be found everywhere."""
SHORTEST_LINE = 16
"""Characters of a line that is a secret by itself: logs tear a key of many lines apart."""
LONGEST_QUOTE = 65_536
"""Characters of a text from which a shorter quotation is made."""

MOST_LEARNED = 8
"""Secrets that came up meanwhile: one is done with when the next comes."""


def too_short(value: str) -> bool:
    """Is it a secret that can't be masked?"""
    return 0 < len(value.strip()) < SHORTEST


def compiled(pattern: str) -> "re2._Regexp":
    """An operator's pattern. Raises ValueError, saying what is wrong with it."""
    options = re2.Options()
    options.log_errors = False
    try:
        made = re2.compile(pattern, options)
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if error.args else "it can't be read"
        raise ValueError(f"a regular expression in the syntax of RE2 ({why})") from None
    if made.match("") is not None:
        raise ValueError("a pattern that does not match the empty text")
    return made


class Masker:
    """Knows some secrets, and takes them out of what is about to be shown, stored or logged."""

    def __init__(self, values: Iterable[str], patterns: Sequence[str]) -> None:
        """Values shorter than SHORTEST are not masked. Raises ValueError for a pattern that can't be used."""
        secrets = {part for value in values for part in _parts(value)}
        self._needles = [needle for secret in sorted(secrets) for needle in _needles(secret)]
        self._learned: deque[list[_Needle]] = deque(maxlen=MOST_LEARNED)
        self._patterns = [compiled(pattern) for pattern in patterns]

    def __repr__(self) -> str:
        return "Masker(…)"

    def learn(self, secret: str) -> None:
        """One that came up meanwhile, such as a token that was fetched. The latest few are kept in mind."""
        self._learned.append([needle for part in _parts(secret) for needle in _needles(part)])

    def text(self, text: str) -> str:
        """The text with MARK in the place of each secret."""
        made, end = [], 0
        for start, stop in _united(self._found(text)):
            made += [text[end:start], MARK]
            end = stop
        return "".join([*made, text[end:]]) if made else text

    def value(self, value: Json) -> Json:
        """The JSON value with every text in it masked: keys too, and numbers that read like a secret."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return self._mapping(value)
            case list() | tuple():
                return [self.value(item) for item in value]
            case bool() | None:
                return value
            case _:
                return MARK if self.text(repr(value)) != repr(value) else value

    def hides(self, value: Json) -> bool:
        """Is there anything in it to be masked?"""
        match value:
            case dict():
                return any(self.text(key) != key or self.hides(item) for key, item in value.items())
            case list() | tuple():
                return any(self.hides(item) for item in value)
            case _:
                return self.value(value) is not value

    def quote(self, text: str, longest: int) -> str:
        """The beginning of a text, masked before it is cut: half a secret would not be known again."""
        masked = self.text(text[:LONGEST_QUOTE])
        return masked if len(masked) <= longest else masked[: longest - 1] + "…"

    def _mapping(self, mapping: dict[str, Json]) -> dict[str, Json]:
        made: dict[str, Json] = {}
        for key, item in mapping.items():
            name, n = self.text(key), 2
            while name in made or (name != key and name in mapping):
                name, n = f"{self.text(key)} {n}", n + 1
            made[name] = self.value(item)
        return made

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where something is to be masked; these spans may overlap."""
        for needle in chain(self._needles, *self._learned):
            if len(text) < needle.shortest:
                continue
            found = needle.pattern.search(text)
            while found:
                yield found.span()
                found = needle.pattern.search(text, found.start() + 1)
        # A lone surrogate has no UTF-8; each becomes one character, so that places stay what they are.
        whole = text if text.isascii() else text.encode(errors="replace").decode()
        for pattern in self._patterns:
            yield from (found.span() for found in pattern.finditer(whole))


class _Plain(Masker):
    def learn(self, secret: str) -> None:
        """It is to know none."""


PLAIN = _Plain([], [])
"""Knows no secret."""


def _united(spans: Iterable[tuple[int, int]]) -> list[list[int]]:
    """In order, and none touches another. Empty ones are left out."""
    united: list[list[int]] = []
    for start, stop in sorted(span for span in spans if span[0] < span[1]):
        if united and start <= united[-1][1]:
            united[-1][1] = max(united[-1][1], stop)
        else:
            united.append([start, stop])
    return united


def _parts(value: str) -> Iterator[str]:
    """What is secret about a value: itself, each longer line of it, and the password of an address."""
    whole = value.strip()
    parts = [whole]
    lines = whole.splitlines()
    if len(lines) > 1:
        parts += [
            line.strip() for line in lines if len(line.strip()) >= SHORTEST_LINE and "-----" not in line
        ]
    if "://" in whole:
        parts += _password(whole)
    yield from (part for part in parts if len(part) >= SHORTEST)


def _password(address: str) -> list[str]:
    try:
        return [unquote(urlsplit(address).password or "")]
    except ValueError:
        return []


class _Needle(NamedTuple):
    """How one secret is found in one way of writing.

    It never backtracks far: nothing repeats without bound but what can't be taken for anything else.
    """

    pattern: re.Pattern[str]
    shortest: int
    """Characters of the shortest text that it could be found in."""


def _needles(secret: str) -> Iterator[_Needle]:
    data = secret.encode(errors="surrogatepass")
    yield _Needle(re.compile(_spelled(secret)), len(secret))
    yield _Needle(re.compile(f"{data.hex()}|{data.hex().upper()}"), 2 * len(data))
    for skipped in range(3):
        core, partial = _base64(data, skipped)
        yield _Needle(
            re.compile(_BREAK.join(map(_digit, core)) + (_LAST_DIGIT if partial else "")), len(core)
        )


# Base64

_BREAK = r"(?:\s|\\[rn])*"
"""Where lines of base64 end."""
_LAST_DIGIT = r"(?:[A-Za-z0-9+/_-](?:=|%3[Dd]){0,2})?"


def _base64(data: bytes, skipped: int) -> tuple[str, bool]:
    """The digits that depend on *data* alone when so many bytes of a group of three stand before it.

    True: one more digit follows that is made of its last bits and of what comes after.
    """
    partial = bool((skipped + len(data)) % 3)
    digits = b64encode(bytes(skipped) + data).decode().rstrip("=")
    return digits[(0, 2, 3)[skipped] : -1 if partial else None], partial


def _digit(digit: str) -> str:
    """As the standard and the URL-safe alphabet have it, and as JSON and URLs spell it."""
    special = {"+": r"(?:[+-]|%2[Bb]|\\u002[Bb])", "/": r"(?:\\?[/_]|%2[Ff])"}
    return special.get(digit, digit)


# Escapes

_SHORT = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v", "\0": "0"}
"""After a backslash, in JSON and in the source code of most languages."""
_SLASH = r"(?:\\|%(?:25){0,2}5[Cc])"
_TIMES = (8, 4, 2, 1)
"""So many backslashes become of one that was escaped three times over, twice, once and never."""
_MOST = max(_TIMES) - 1
"""So many then stand before a character."""
_AMPERSAND = rf"(?:&|%26|{_SLASH}{{0,{_MOST}}}+u0026)(?:amp(?:;|%3[Bb])){{0,2}}"


def _spelled(secret: str) -> str:
    """A regular expression for *secret*, each character as itself or in any of its escapes."""
    first = secret[0]
    # What no spelling begins with is passed over quickly.
    guard = "" if _plain(first) else rf"(?=[{re.escape(first)}\\%&+])"
    return guard + "".join(_run(character, len(list(run))) for character, run in groupby(secret))


def _plain(character: str) -> bool:
    """Does nobody escape it?"""
    return character.isascii() and character.isalnum()


def _run(character: str, count: int) -> str:
    """The same character so many times. One by one, backslashes could be told apart in too many ways."""
    if _plain(character):
        return character * count
    coded, escaped = "|".join(_coded(character)), _escaped(character)
    if character == "\\":
        slashes = "|".join(f"{_SLASH}{{{count * times}}}" for times in _TIMES)
        return f"(?:{slashes}|(?:{coded}){{{count}}}|(?:{escaped}){{{count}}})"
    return f"(?:{_SLASH}{{0,{_MOST}}}+(?:{re.escape(character)}|{coded})|{escaped}){{{count}}}"


def _coded(character: str) -> Iterator[str]:
    """In URLs, up to three times over, and in HTML."""
    code = ord(character)
    octets = character.encode(errors="surrogatepass")
    yield "".join(f"%(?:25){{0,2}}{_hex(f'{octet:02x}')}" for octet in octets)
    if character == " ":
        yield r"\+|%(?:25)?2[Bb]"
    names = [codepoint2name[code]] if code in codepoint2name else []
    names += ["apos"] if character == "'" else []
    numbers = rf"(?:\#|%23)(?:0{{0,4}}{code}|[xX]0{{0,4}}{_hex(f'{code:x}')})"
    yield f"{_AMPERSAND}(?:{'|'.join([*names, numbers])})(?:;|%3[Bb])"


def _escaped(character: str) -> str:
    """After backslashes, in JSON and in source code."""
    code, slashes = ord(character), f"{_SLASH}{{1,{_MOST}}}+"
    units = character.encode("utf-16-be", "surrogatepass").hex()
    forms = [f"{slashes}u".join(["", *(_hex(units[at : at + 4]) for at in range(0, len(units), 4))])]
    forms[0] = forms[0].removeprefix(slashes)
    forms += [rf"u\{{0{{0,5}}{_hex(f'{code:x}')}\}}", "U" + _hex(f"{code:08x}")]
    forms += ["x" + _hex(f"{code:02x}")] if code < 256 else []
    forms += [_SHORT[character]] if character in _SHORT else []
    return f"{slashes}(?:{'|'.join(forms)})"


def _hex(digits: str) -> str:
    """In small letters or large ones."""
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
