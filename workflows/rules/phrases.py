"""Goals that a runbook understands: `deploy <service> <version> [to <environment>]`."""

import re
from collections.abc import Mapping

from ..values.spec import Planner, Runbook

WORD = r"[A-Za-z0-9][A-Za-z0-9._/-]*"
_NAME = re.compile(r"<([a-z_]+)>")
_PARTS = re.compile(r"(\[[^\]]*\])")
_TOKEN = re.compile(r"<(?P<name>[a-z_]+)>|(?P<open>\[)|(?P<close>\])|(?P<text>[^<>\[\]]+)")


class BadPhrase(ValueError):
    """A phrase that can't be read; the text says where."""


def match(phrase: str, goal: str) -> dict[str, str] | None:
    """The parameters of *goal* under *phrase*, or None. Case, spacing and closing punctuation don't matter."""
    found = pattern(phrase).fullmatch(" ".join(goal.split()).rstrip("?!. "))
    return (
        None
        if found is None
        else {name: value for name, value in found.groupdict().items() if value is not None}
    )


def first_match(phrases: tuple[str, ...], goal: str, defaults: Mapping[str, str]) -> dict[str, str] | None:
    """The parameters under the first phrase that fits: what was said first, then the defaults for what was left out."""
    for phrase in phrases:
        found = match(phrase, goal)
        if found is not None:
            return found | {name: value for name, value in defaults.items() if name not in found}
    return None


def places(phrase: str) -> tuple[str, ...]:
    """The parameters of *phrase*, in order."""
    return tuple(_NAME.findall(phrase))


def said(phrase: str, values: Mapping[str, str]) -> str:
    """*phrase* with *values* in it: an optional part is said where each of its parameters has one."""
    made = ""
    for part in _PARTS.split(" ".join(phrase.split())):
        optional = part.startswith("[")
        if optional and not (all(map(values.get, places(part))) and places(part)):
            continue
        filled = _NAME.sub(lambda name: values.get(name[1], ""), part.strip("[]"))
        made = f"{made} {filled}" if optional else made + filled
    return " ".join(made.split())


def understood(planner: Planner, goal: str) -> dict[str, str] | None:
    """The parameters of *goal* where one of the planner's phrases fits it. A language model has none."""
    return first_match(planner.phrases, goal, planner.defaults) if isinstance(planner, Runbook) else None


def pattern(phrase: str) -> re.Pattern[str]:
    """Raises `BadPhrase`. A literal word stands for itself, `<name>` for one word, `[…]` may be left out."""
    made, depth, names = "", 0, set[str]()
    for token in _TOKEN.finditer(" ".join(phrase.split())):
        if name := token["name"]:
            if name in names:
                raise BadPhrase(f"<{name}> stands twice in “{phrase}”")
            names.add(name)
            made += f"(?P<{name}>{WORD})"
        elif token["open"]:
            depth += 1
            # The blank before an optional part belongs to it.
            made = made.removesuffix(r"\ ") + r"(?:\ "
        elif token["close"]:
            depth -= 1
            made += ")?"
        else:
            made += re.escape(token["text"])
        if depth not in (0, 1):
            raise BadPhrase(f"the brackets of “{phrase}” do not match")
    if depth or not made or re.search(r"[<>]", _TOKEN.sub("", " ".join(phrase.split()))):
        raise BadPhrase(f"“{phrase}” can't be read: <name> and [optional part] need both their ends")
    return re.compile(made.replace(r"(?:\ \ ", r"(?:\ "), re.IGNORECASE)
