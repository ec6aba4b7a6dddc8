"""The model of the approval protocol holds, and taking out any one check breaks what it should."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

MODEL = Path(__file__).with_name("approval.pml")
NUMBERS = dict(re.findall(r"^#define (\w+) +(\d+)\b", MODEL.read_text(), re.MULTILINE))
"""Of the model's parts, and of the checks that can be taken out of it."""
STUCK = "Z"
"""Somebody waits, and nothing can end that: Spin's `invalid end state`."""

CONFIGURATIONS = {
    "people": "EDIT CANCEL DRIFT LEAVE LATE",
    "emergency": "LEAVE LATE FREEZE GLASS",
    "reset": "EDIT CANCEL RESET",
    "reset in a changed world": "DRIFT RESET",
}
"""Parts that are on together. Each is searched in full; all parts at once are too many."""

CAUGHT = {
    "M_NOGEN": ("EDIT", "D"),
    "M_SELF": ("CANCEL", "Q"),
    "M_EDITOR": ("EDIT", "Q"),
    "M_COUNTCLICKS": ("CANCEL", "Q"),
    "M_KEEPVOTES": ("EDIT DRIFT", "D"),
    "M_PROCTIME": ("LATE", "P"),
    "M_NORECHECK": ("LEAVE", "M"),
    "M_NODRIFT": ("DRIFT", "F"),
    "M_STALE": ("DRIFT LEAVE FREEZE", "FHM"),
    "M_NOCANCEL2": ("CANCEL", "C"),
    "M_NOFREEZE": ("FREEZE", "H"),
    "M_UNHEARD": ("FREEZE GLASS", "B"),
    "M_SILENT": ("GLASS", "B"),
    "M_TOLDONCE": ("LEAVE GLASS", "B"),
    "M_FELLBACK": ("LEAVE FREEZE GLASS", "R"),
    "M_UNARMED": ("LEAVE", "Z"),
    "M_NOTHAW": ("FREEZE", "Z"),
    "M_NONEWGATE": ("CANCEL", "CG"),
    "M_TRYCANCEL": ("CANCEL", "L"),
    "M_DUPLICATE": ("RESET", "GLX"),
    "M_SPEAKFIRST": ("RESET", "L"),
    "M_NONONCE": ("RESET", "D"),
    "M_KEYBYRUN": ("RESET", "GLX"),
    "M_KEYEDITED": ("EDIT RESET", "LX"),
    "M_RETRYC": ("CANCEL", "X"),
    "M_BLINDRETRY": ("CANCEL", "X"),
    "M_NEWKEY": ("CANCEL", "X"),
    "M_LOSTISNOT": ("CANCEL", "L"),
    "M_REFUSEDISNOT": ("CANCEL", "L"),
    "M_NOPRECOND": ("DRIFT", "V"),
    "M_INTENTISDONE": ("CANCEL", "N"),
    "M_WORDANY": ("CANCEL", "L"),
}
"""Without this check, with these parts on: what is violated (of the first `ENOUGH` violations)."""

HARMLESS = {
    "M_EXPIRY": "LATE",
    "M_NOEXP2": "LATE",
    "M_SELF_VOTE": "EDIT",
    "M_SELF_ADMIT": "EDIT",
    "M_MEMBER": "LEAVE",
    "M_NORECALL": "RESET",
}
"""Without this check alone, with these parts on: nothing is violated. It is courtesy, or the second of two locks."""

PAIRS = {
    ("M_EXPIRY", "M_NOEXP2"): ("LATE", "E"),
    ("M_SELF_VOTE", "M_SELF_ADMIT"): ("EDIT", "Q"),
    # The second of these is caught alone too: there the first is courtesy to people, no lock.
    ("M_MEMBER", "M_NORECHECK"): ("LEAVE", "M"),
}

ENOUGH = 5000
"""Violations, after which a search may end."""


class Found(NamedTuple):
    violated: str
    """The letters of the invariants; `STUCK` is one too."""
    states: int
    unreached: frozenset[str] | None
    """Steps of the model that were never taken; None of a search that ended early, which does not say."""
    report: str


Check = Callable[..., Found]


@pytest.fixture(scope="session")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The model, compiled once: which of its parts are on, and which checks are out, is told when it runs."""
    missing = [tool for tool in ("spin", "gcc") if not shutil.which(tool)]
    if missing:
        why = f"{' and '.join(missing)} not installed: apt-get install spin gcc libc6-dev"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    place = tmp_path_factory.mktemp("model")
    shutil.copy(MODEL, place)
    _run(place, "spin", "-a", "-DFROM_ENVIRONMENT", MODEL.name)
    # Not -O2: see the head of the model.
    _run(place, "gcc", "-O1", "-w", "-DSAFETY", "-DPRINTF", "-o", "pan", "pan.c")

    @cache
    def found(parts: str, *broken: str) -> Found:
        settings = {
            "WITH": sum(int(NUMBERS[part]) for part in parts.split()),
            "BREAK": NUMBERS[broken[0]] if broken else 0,
            "ALSO": NUMBERS[broken[1]] if broken[1:] else 0,
        }
        report = _run(place, "./pan", "-w20", f"-c{ENOUGH}", **{k: str(v) for k, v in settings.items()})
        return _read(report)

    return found


def _run(place: Path, *command: str, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=place,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=80,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def _tell(row: str) -> None:
    print(row)  # noqa: T201 - `pytest -rP tests/model` shows the table


def _read(report: str) -> Found:
    errors, states = re.search(r"errors: (\d+)\s+(\d+) states, stored", report).groups()
    assert not re.search(r"max search depth too small|out of memory|VECTORSZ", report), report
    violated = set(re.findall(r"^ *([A-Z]): ", report, re.MULTILINE))
    if "pan:1: invalid end state" in report:
        violated.add(STUCK)
    assert bool(violated) == (errors != "0"), report
    steps = re.findall(rf"^\t{re.escape(MODEL.name)}:(\d+, state \d+, .*)$", report, re.MULTILINE)
    unreached = frozenset(steps) if "unreached in proctype Run" in report else None
    return Found("".join(sorted(violated)), int(states), unreached, report[-3000:])


@pytest.mark.parametrize("parts", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_whatever_happens_the_protocol_holds_and_never_gets_stuck(check, parts, record_property):
    found = check(parts)

    assert found.violated == "", found.report
    assert found.unreached is not None
    record_property("states", found.states)
    _tell(f"{parts}: {found.states:,} states, 0 errors")


@pytest.mark.parametrize("check_taken_out", CAUGHT)
def test_without_one_check_something_is_violated(check, check_taken_out, record_property):
    parts, violated = CAUGHT[check_taken_out]

    found = check(parts, check_taken_out)

    assert found.violated == violated, found.report
    record_property("states", found.states)
    _tell(f"{check_taken_out}: {violated}, {found.states:,} states")


@pytest.mark.parametrize("check_taken_out", HARMLESS)
def test_without_a_courtesy_nothing_is_violated(check, check_taken_out):
    found = check(HARMLESS[check_taken_out], check_taken_out)

    assert found.violated == "", found.report
    _tell(f"{check_taken_out}: nothing, {found.states:,} states")


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_without_either_of_two_locks_something_is_violated(check, pair):
    parts, violated = PAIRS[pair]

    assert check(parts, *pair).violated == violated
    _tell(f"{' and '.join(pair)}: {violated}")


def test_each_check_of_the_model_is_taken_out_here():
    assert {name for name in NUMBERS if name.startswith("M_")} == CAUGHT.keys() | HARMLESS.keys()


def test_each_step_of_the_model_is_taken_and_each_invariant_violated_somewhere(check):
    """A search that finds nothing because it went nowhere proves nothing."""
    searches = [(parts,) for parts in CONFIGURATIONS.values()]
    searches += [(parts, name) for name, (parts, _) in CAUGHT.items()]
    searches += [(parts, name) for name, parts in HARMLESS.items()]
    searches += [(parts, *pair) for pair, (parts, _) in PAIRS.items()]
    unreached = [found.unreached for search in searches if (found := check(*search)).unreached is not None]

    assert len(unreached) > len(searches) / 2
    assert frozenset.intersection(*unreached) == frozenset()
