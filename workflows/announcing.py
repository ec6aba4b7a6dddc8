"""The way back: pushed by the run when its view changes, one announcement at a time, never polled."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from . import attributes, outside, showing, words
from .docket import Docket
from .journal import Journal
from .values.people import Place
from .values.view import Announce, RunState

PATIENCE = timedelta(hours=24)
"""How long an ended run waits for Slack to show how it ended."""


BREATH = timedelta(minutes=1)
"""Between an announcement that failed for good and the next: no Slack call is worth a busy loop."""


class Announcer:
    """Keeps Slack, and Temporal's visibility, in agreement with the view."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._docket = Docket(journal)
        self._memory = journal.memory
        self._leaving = False
        self._published: tuple[RunState, str, Place] | None = None

    def leave(self) -> None:
        """Announce nothing more. One that is cancelled may still report success: it must not begin another."""
        self._leaving = True

    async def announce(self) -> None:
        """Until cancelled. What changes while one announcement runs is shown by the next."""
        while not self._leaving:
            await workflow.wait_condition(lambda: self._memory.revision > self._memory.shown_revision)
            order = Announce(run_id=workflow.info().workflow_id, uncertain=self._memory.announce_uncertain)
            # Until it has reported, nobody knows what it has posted: a cancelled or lost one included.
            self._memory.announce_uncertain = True
            try:
                shown = await outside.announce(order)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                self._journal.audit("announce_failed", str(error.cause or error))
                await workflow.sleep(BREATH)
                continue
            self._memory.announce_uncertain = False
            self._docket.shown(shown)
            if shown.undeliverable:
                self._docket.undeliverable(shown.undeliverable)

    async def publish(self) -> None:
        """Until cancelled. Search attributes and memo follow the state, for lists and for when no worker is up."""
        while True:
            await workflow.wait_condition(lambda: self._facts() != self._published)
            self._published = state, _, place = self._facts()
            updates = [attributes.STATE.value_set(state.value)]
            if place.thread_ts is not None:
                updates.append(attributes.THREAD.value_set(f"{place.channel}/{place.thread_ts}"))
            workflow.upsert_search_attributes(updates)
            workflow.upsert_memo({attributes.MEMO_STATUS: showing.summary(self._journal)})

    def _facts(self) -> tuple[RunState, str, Place]:
        return showing.state(self._journal), showing.waits_for(self._memory), self._journal.place

    async def finish(self) -> None:
        """Wait until the last view was shown, or for as long as is reasonable."""
        try:
            await workflow.wait_condition(
                lambda: self._memory.shown_revision >= self._memory.revision, timeout=PATIENCE
            )
        except TimeoutError:
            self._journal.audit("announce_failed", words.END_NOT_SHOWN)
