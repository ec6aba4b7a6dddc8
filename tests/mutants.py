"""`make mutants`: what mutmut found, module by module, and every mutant that no test noticed (docs/mutants.md)."""

import sys
from collections import Counter

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from rich.console import Console
from rich.table import Table

ENOUGH = 0.95
"""Of all mutants, noticed by a test."""


def main() -> int:
    table = Table("module", "mutants", "killed", "survived", "timeout", "no tests", "other")
    total: Counter[str] = Counter()
    alive: list[str] = []
    for path in sorted(walk_mutatable_files()):
        found = SourceFileMutationData(path=path)
        found.load()
        states = {name: status_by_exit_code[code] for name, code in found.exit_code_by_key.items()}
        table.add_row(path.name, *columns(Counter(states.values())))
        total.update(states.values())
        alive += [name for name, state in states.items() if state != "killed"]
    table.add_row("all", *columns(total))
    console = Console(soft_wrap=True)
    for name in alive:
        console.print(f"{name}\n{get_diff_for_mutant(name)}\n", markup=False, highlight=False)
    console.print(table)
    killed = total["killed"] / max(total.total(), 1)
    console.print(f"{killed:.1%} killed, {ENOUGH:.0%} wanted")
    return 0 if killed >= ENOUGH else 1


def columns(states: Counter[str]) -> list[str]:
    named = [states[state] for state in ("killed", "survived", "timeout", "no tests")]
    return [str(number) for number in (states.total(), *named, states.total() - sum(named))]


if __name__ == "__main__":
    sys.exit(main())
