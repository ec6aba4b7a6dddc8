"""Workflows that stand at the far end of activities: they answer as the core's do."""

from pathlib import Path
from tempfile import gettempdir

from temporalio import workflow

from activities.blobs import Folder
from activities.outputs import Outputs
from workflows.values.calls import Transcript
from workflows.values.effect import Outcome
from workflows.values.signals import EFFECT_UNKNOWN, EffectNews

BLOBS = Folder(Path(gettempdir()) / "handrail-test-blobs")
"""For tests that look at no blob: they are named by what is in them, so nobody is in anybody's way."""
NONE_KEPT = Outputs(Folder(Path("nowhere")))
"""For runs whose answers are all short."""


@workflow.defn
class AnEffect:
    """Ends with the outcome it is told, or waits for a person with it."""

    def __init__(self) -> None:
        self._waiting: Outcome | None = None
        self._result: Outcome | None = None

    @workflow.run
    async def run(self) -> Outcome:
        await workflow.wait_condition(lambda: self._result is not None)
        assert self._result is not None
        return self._result

    @workflow.signal
    def end(self, outcome: Outcome) -> None:
        self._result = outcome

    @workflow.signal
    def wait_for_a_person(self, outcome: Outcome) -> None:
        self._waiting = outcome

    @workflow.query
    def state(self) -> Outcome | None:
        return self._waiting


@workflow.defn
class ARun:
    """Has a transcript."""

    def __init__(self) -> None:
        self._transcript = Transcript()

    @workflow.run
    async def run(self, transcript: Transcript) -> None:
        self._transcript = transcript
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def transcript(self) -> Transcript:
        return self._transcript


@workflow.defn
class ALease:
    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


@workflow.defn
class Told:
    """Stands in for a run: ends once it is told that an effect's outcome is unknown."""

    def __init__(self) -> None:
        self._news: EffectNews | None = None

    @workflow.run
    async def run(self) -> EffectNews:
        await workflow.wait_condition(lambda: self._news is not None)
        assert self._news is not None
        return self._news

    @workflow.signal(name=EFFECT_UNKNOWN)
    def hear(self, news: EffectNews) -> None:
        self._news = news
