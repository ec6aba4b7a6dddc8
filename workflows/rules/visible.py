"""Whatever a person, a model or a tool wrote may hide: what the eye can't see is written out."""

import re

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Blank or invisible characters that Unicode files among letters, marks and symbols."""


def visible(text: str) -> str:
    r"""*text* with everything that hides, reorders or passes for a space written out as `\u{…}`."""
    # Most texts hide nothing, and are long.
    return text if text.isprintable() and not _INVISIBLE.search(text) else text.translate(_SHOWN)


class _Shown(dict[int, str]):
    """How each character is shown; found out when it is first seen."""

    def __missing__(self, code_point: int) -> str:
        character = chr(code_point)
        # Control, format (bidi, zero width), surrogate, private and unassigned characters are not printable.
        shows = character in "\n\t" or (character.isprintable() and not _INVISIBLE.match(character))
        self[code_point] = character if shows else f"\\u{{{code_point:x}}}"
        return self[code_point]


_SHOWN = _Shown()
