"""Every recorded history, from every point at which another worker could take its run over."""

from collections.abc import AsyncIterator

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from handrail.queues import WORKFLOWS, runner
from tests.workflows.histories import load, recorded


async def every_beginning(history: WorkflowHistory) -> AsyncIterator[WorkflowHistory]:
    """Up to each workflow task that was begun: what a worker is given that has nothing of the run in memory."""
    begun = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
    for end in [number for number, event in enumerate(history.events, 1) if event.event_type == begun]:
        yield WorkflowHistory(history.workflow_id, history.events[:end])


@pytest.mark.parametrize("file", recorded(), ids=lambda file: file.stem)
async def test_a_recorded_history_replays_from_every_workflow_task(file):
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter, workflow_runner=runner())

    async with replayer.workflow_replay_iterator(every_beginning(load(file))) as replays:
        failures = [replay.replay_failure async for replay in replays]

    assert failures
    assert set(failures) == {None}
