"""Whatever a person, a model or a tool wrote may hide: what the eye can't see is written out."""

_INVISIBLE = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
"""Blank or invisible characters that Unicode files among letters, marks and symbols."""


def visible(text: str) -> str:
    r"""*text* with everything that hides, reorders or passes for a space written out as `\u{…}`."""
    return text.translate(_SHOWN)


class _Shown(dict[int, str]):
    """How each character is shown; found out when it is first seen."""

    def __missing__(self, code_point: int) -> str:
        character = chr(code_point)
        # Control, format (bidi, zero width), surrogate, private and unassigned characters are not printable.
        shows = character in "\n\t" or (character.isprintable() and code_point not in _INVISIBLE)
        self[code_point] = character if shows else f"\\u{{{code_point:x}}}"
        return self[code_point]


_SHOWN = _Shown()
