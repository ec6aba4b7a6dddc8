"""Recorded histories: what a later version of the workflows must be able to replay."""

import json
import re
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHistory

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "histories"
"""A folder for each version, named as the changelog names it. What a version was released with stays as it is."""


def of_this_version() -> Path:
    """Where histories are recorded now. Raises ValueError for a version that is released."""
    [version] = re.findall(
        r'^version = "(\d+\.\d+\.\d+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    if f"## v{version} (" in (ROOT / "CHANGELOG.md").read_text():
        raise ValueError(
            f"{version} is released, and its histories are frozen: raise the version in pyproject.toml"
        )
    folder = FOLDER / version
    folder.mkdir(exist_ok=True)
    return folder


async def record(client: Client, story: str, runs: list[str]) -> None:
    """Keep every execution of the *runs* of a story, and the effects and leases that they started."""
    folder = of_this_version()
    for run in runs:
        for number, history in enumerate(await _all_of(client, run)):
            name = re.sub(r"[^\w.-]+", "-", run.removeprefix("run/"))
            file = folder / f"{story.removeprefix('test_')}.{name}.{number}.json"
            file.write_text(json.dumps(_impersonal(json.loads(history.to_json())), indent=2) + "\n")


async def _all_of(client: Client, name: str) -> list[WorkflowHistory]:
    """The chain of a workflow from its first execution, each followed by those of its children."""
    found: list[WorkflowHistory] = []
    run_id: str | None = (
        await client.get_workflow_handle(name).describe()
    ).raw_description.workflow_execution_info.first_run_id
    while run_id:
        history = await client.get_workflow_handle(name, run_id=run_id).fetch_history()
        found.append(history)
        for event in history.events:
            child = event.child_workflow_execution_started_event_attributes.workflow_execution
            if child.workflow_id:
                found += await _all_of(client, child.workflow_id)
        last = history.events[-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found


def _impersonal(value: Any) -> Any:
    """Without what only tells of the machine it was recorded on."""
    if isinstance(value, dict):
        return {
            name: _impersonal(inner)
            for name, inner in value.items()
            if name not in {"stackTrace", "identity"}
        }
    if isinstance(value, str):
        return re.sub(r"^\d+@\S+$", "a worker", value)
    return [_impersonal(inner) for inner in value] if isinstance(value, list) else value


def recorded() -> list[Path]:
    return sorted(FOLDER.glob("*/*.json"))


def load(file: Path) -> WorkflowHistory:
    text = file.read_text()
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    # The key of an effect is derived from the id of its run: replayed under another one it would be another effect.
    return WorkflowHistory.from_json(started["workflowId"], text)
