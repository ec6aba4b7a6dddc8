"""A deploy never breaks a run under way: every recorded history replays with today's code."""

import re

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from handrail.queues import WORKFLOWS, runner
from tests.workflows.histories import ROOT, load, recorded


def test_there_are_histories_of_every_workflow():
    kinds = {
        load(file).events[0].workflow_execution_started_event_attributes.workflow_type.name
        for file in recorded()
    }
    assert kinds >= {workflow.__name__ for workflow in WORKFLOWS}


def test_each_version_that_is_released_left_its_histories():
    released = re.findall(r"^## v(\S+) \(", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert {file.parent.name for file in recorded()} >= set(released)


@pytest.mark.parametrize("file", recorded(), ids=lambda file: file.stem)
async def test_a_recorded_history_replays(file):
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter, workflow_runner=runner())

    replayed = await replayer.replay_workflow(load(file), raise_on_replay_failure=False)

    assert replayed.replay_failure is None
