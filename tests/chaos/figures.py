"""The table that a chaos run prints."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from tests.chaos.evidence import Evidence
from tests.chaos.oracle import DUPLICATES, LOST, UNKNOWN
from tests.chaos.truth import BOT, CLASSES, SERVER, STOPPED, WORKER, Kill

Verdict = Mapping[str, Sequence[str]]


class Figures:
    """Counts of one run."""

    def __init__(
        self,
        evidence: Evidence,
        verdict: Verdict,
        kills: Sequence[Kill],
        clicks: Counter[str],
        seconds: float,
    ) -> None:
        self._evidence = evidence
        self._verdict = verdict
        self.kills = [kill for kill in kills if kill.point != STOPPED]
        self.stops = [kill for kill in kills if kill.point == STOPPED]
        self._clicks = clicks
        self._seconds = seconds

    def in_flight(self, effect_class: str) -> int:
        """Operations of a class that were truly in flight when something was killed or stopped."""
        return sum(kill.in_flight.get(effect_class, 0) for kill in (*self.kills, *self.stops))

    def untouched(self) -> list[str]:
        """Classes that no kill ever hit: then the figures say nothing of them."""
        return [each for each in CLASSES if not self.in_flight(each)]

    def count(self, names: Sequence[str]) -> int:
        return sum(len(self._verdict[name]) for name in names)

    def lines(self) -> list[str]:
        return [*self._runs(), *self._kills(), *self._points(), *self._outcomes()]

    def _runs(self) -> list[str]:
        runs = self._evidence.runs.values()
        ended = Counter((run.result or {}).get("state", "") for run in runs if run.closed is not None)
        ends = ", ".join(f"{count} {state}" for state, count in sorted(ended.items()))
        waiting = sum(run.closed is None for run in runs)
        lasted = [run.closed - run.started for run in runs if run.closed is not None]
        middle = f"; one took {median(lasted):.1f} s in the median" if lasted else ""
        return [
            f"{len(runs)} runs in {self._seconds:.0f} s: {sum(ended.values())} ended ({ends}), {waiting} wait for people{middle}",
            f"{len(self._evidence.rows)} effects happened; {len(self._evidence.effects)} were admitted",
        ]

    def _kills(self) -> list[str]:
        made = []
        for part in (WORKER, BOT, SERVER):
            kills = [kill for kill in self.kills if kill.part == part]
            busy = sum(bool(kill.in_flight) for kill in kills)
            made.append(f"{part} {len(kills)} ({busy} with work in flight)")
        stops = f"{len(self.stops)} workers stopped and continued"
        return [f"{len(self.kills)} times kill -9: {', '.join(made)}; {stops}"]

    def _points(self) -> list[str]:
        """Operations in flight at the kills, by class and crash point."""
        points = Counter((kill.part, kill.point) for kill in (*self.kills, *self.stops))
        made = [_row("operations in flight at a kill", "kills", *CLASSES)]
        for (part, point), count in sorted(points.items()):
            hits = [kill for kill in (*self.kills, *self.stops) if (kill.part, kill.point) == (part, point)]
            sums = [sum(kill.in_flight.get(each, 0) for kill in hits) for each in CLASSES]
            made.append(_row(f"  {part}: {point}", count, *sums))
        all_in_flight = [self.in_flight(each) for each in CLASSES]
        return [*made, _row("  together", sum(points.values()), *all_in_flight)]

    def _outcomes(self) -> list[str]:
        effects = self._evidence.effects.values()
        happened = {row.item for row in self._evidence.rows}
        unknown = [effect for effect in effects if effect.told]
        truly = sum(self._evidence.runs[effect.run].item in happened for effect in unknown)
        stayed = sum(bool(effect.outcome) and effect.outcome["state"] == UNKNOWN for effect in effects)
        clicks, others = self._clicks, self.count([*set(self._verdict) - {*DUPLICATES, *LOST}])
        heard = sum(len(run.signals) for run in self._evidence.runs.values())
        return [
            f"unknown {len(unknown)}, of which {truly} had happened; {stayed} stayed unknown in people's word too",
            f"clicks: {clicks['sent']} sent, {clicks['acknowledged']} acknowledged, {heard} in a history",
            f"duplicates {self.count(DUPLICATES)}, lost {self.count(LOST)}, other contradictions {others}",
        ]


def _row(name: str, *values: object) -> str:
    return f"{name:<52}" + "".join(f"{value!s:>14}" for value in values)
