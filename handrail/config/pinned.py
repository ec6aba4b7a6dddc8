"""A package that is fetched when a server starts may be another one tomorrow, under the rights of today's approval."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

NPM = re.compile(r"(?P<name>(@[^@/\s]+/)?[^@/\s]+)@\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?")
PYPI = re.compile(r"[^@=<>~!\s]+(==|@)\d+(\.[0-9A-Za-z]+)*|.*git\+\S+@[0-9a-f]{40}(#\S+)?")
RUNNERS: dict[tuple[str, ...], tuple[re.Pattern[str], str]] = {
    ("npx",): (NPM, "@1.2.3"),
    ("bunx",): (NPM, "@1.2.3"),
    ("npm", "exec"): (NPM, "@1.2.3"),
    ("pnpm", "dlx"): (NPM, "@1.2.3"),
    ("yarn", "dlx"): (NPM, "@1.2.3"),
    ("uvx",): (PYPI, "==1.2.3"),
    ("uv", "tool", "run"): (PYPI, "==1.2.3"),
    ("pipx", "run"): (PYPI, "==1.2.3"),
}
"""Commands that fetch what they run: how a version of it is written, and an example."""
NAMING = ("-p", "--package", "--from", "--spec", "--with")
"""Their options that name a package."""
TAKING = ("-c", "--call", "--python", "--index-url", "--registry", "-w", "--workspace", "--directory")
"""Their options that take a word more."""


def unpinned(command: str, args: Sequence[str]) -> str:
    """What to write instead, where the command fetches something that has no version; empty where it does not."""
    words = (PurePath(command).name.removesuffix(".cmd").removesuffix(".exe"), *args)
    for runner, (version, example) in RUNNERS.items():
        if words[: len(runner)] == runner:
            for package in _packages(words[len(runner) :]):
                if not (version.fullmatch(package) or "${" in package or package.startswith((".", "/"))):
                    name = re.split(r"(?<=.)[@=<>~!]", package)[0]
                    return (
                        f"expected an exact version, such as {name}{example}, found {package}: "
                        "what is fetched may be another package tomorrow"
                    )
    return ""


def _packages(words: Sequence[str]) -> Iterator[str]:
    """Those that the options name; else the first word that is no option."""
    named, rest = [], iter(words)
    for word in rest:
        option, is_given, value = word.partition("=")
        if option in NAMING and word.startswith("-"):
            named.append(value if is_given else next(rest, ""))
        elif word in TAKING:
            next(rest, "")
        elif word == "--" or word.startswith("-"):
            continue
        else:
            yield from named or [word]
            return
    yield from named
