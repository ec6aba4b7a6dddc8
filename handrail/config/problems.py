"""What is wrong with a configuration: where, what was found, what was expected; never a secret."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handrail.trouble import Misused

KeyPath = tuple[str | int, ...]
"""From the top of the file: `("rules", 0, "approvers")`."""


def spell(path: KeyPath) -> str:
    """A path as people write it: `rules[0].approvers`."""
    spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return spelled.removeprefix(".")


def within(path: KeyPath, places: Iterable[KeyPath]) -> bool:
    """Is it in one of these parts of the file? `*` in a place is any name."""
    return any(_begins(path, place) for place in places)


def _begins(path: KeyPath, place: KeyPath) -> bool:
    return len(path) >= len(place) and all(
        want in ("*", part) for want, part in zip(place, path, strict=False)
    )


@dataclass(frozen=True)
class Problem:
    path: KeyPath
    text: str
    line: int | None = None


class BadConfig(Misused):
    """The configuration can't be used as it stands: one line per problem, in the order of the file."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = sorted(problems, key=lambda problem: problem.line or 0)
        super().__init__("\n".join(self._line(problem) for problem in self.problems))

    def _line(self, problem: Problem) -> str:
        place = self.file if problem.line is None else f"{self.file}:{problem.line}"
        return ": ".join(part for part in (place, spell(problem.path), problem.text) if part)
