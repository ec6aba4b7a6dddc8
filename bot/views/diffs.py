"""What differs between two versions: field by field, and line by line where a value is longer than a line."""

import difflib
import re
from collections.abc import Sequence

from .blocks import ELEMENT_LIMIT

LINES = 400
"""Of each version: comparing more takes longer than people wait."""
LONGEST_LINE = ELEMENT_LIMIT // 2 - 100
"""Characters: `chunks` cuts no shorter line, and none may begin a block without our sign before it."""
PAIRS = (("before", "after"), ("from", "to"), ("old", "new"))
"""Names of fields that say what was and what will be: alone, before a name, or behind it."""
HUNK = re.compile(r"^@@ -\d+(,\d+)? \+\d+(,\d+)? @@", re.MULTILINE)


def partner(name: str, names: Sequence[str]) -> str:
    """The field that says what *name* becomes, such as `to_version` of `from_version`; empty when there is none."""
    for was, will in PAIRS:
        for old, new in ((was, will), (was.capitalize(), will.capitalize())):
            made = [new + name.removeprefix(old)] if re.match(rf"{old}($|[_A-Z-])", name) else []
            made += (
                [name.removesuffix(old) + new] if re.search(rf"(^|[_-]|[a-z](?=[A-Z])){old}$", name) else []
            )
            for each in made:
                if each != name and each in names:
                    return each
    return ""


def is_diff(text: str) -> bool:
    """Is it a unified diff, as a tool's own preview may be?"""
    return HUNK.search(text) is not None


def lines_changed(old: str, new: str, around: int | None = None) -> str:
    """Both versions line by line, `-` before what was and `+` before what is now; empty where that can't be said.

    *around*: so many lines beside each change; all of them when None.
    """
    before, now = (text.split("\n") if text else [] for text in (old, new))
    if max(len(before), len(now)) > LINES or any(len(each) > LONGEST_LINE for each in (*before, *now)):
        return ""
    context = LINES if around is None else around
    compared = list(difflib.unified_diff(before, now, n=context, lineterm=""))[2:]
    return "\n".join(line for line in compared if around is not None or not line.startswith("@@"))
