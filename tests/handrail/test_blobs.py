"""Big values: in the store that the config names, and out of the history."""

import uuid
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.blobs import BlobStore, Bucket, Folder
from handrail import blobs
from handrail.check import look
from handrail.config import load
from tests.activities.s3 import KEYS, s3_server

CONFIG = """\
agents: {look: {description: Looks., runbook: {phrases: [look], steps: [{id: a, title: A, call: b.c}], answer: done}}}
servers: {b: {command: nobody}}
tools: {b.c: {reads: true}}
"""
BUCKET = 'blobs: {bucket: blobs, endpoint: "%s", prefix: handrail}\n'


@workflow.defn
class Carries:
    """Ends with what it was given, and tells it when it is asked."""

    @workflow.init
    def __init__(self, given: list[str]) -> None:
        self._given = given

    @workflow.run
    async def run(self, given: list[str]) -> list[str]:
        return given

    @workflow.query
    def told(self) -> list[str]:
        return self._given


def kept_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def connect(temporal: WorkflowEnvironment, store: BlobStore) -> Client:
    address = temporal.client.service_client.config.target_host
    return await Client.connect(address, data_converter=blobs.converter(store))


def config_of(folder: Path, text: str, **environ: str) -> tuple[object, dict[str, str]]:
    (folder / "handrail.yaml").write_text(text)
    environ |= {"HANDRAIL_CONFIG": str(folder / "handrail.yaml"), "HANDRAIL_HOME": str(folder)}
    return load(environ), environ


@pytest.mark.parametrize("kind", ["folder", "bucket"])
async def test_what_is_too_large_for_temporal_travels_through_the_store(
    temporal: WorkflowEnvironment, tmp_path: Path, kind: str
):
    """More than the 2 MiB of a payload and the 4 MiB of a query's answer."""
    with s3_server() as address:
        text = CONFIG + (BUCKET % address if kind == "bucket" else "")
        config, environ = config_of(tmp_path, text, **KEYS)
        store = blobs.store(config, environ)
        assert isinstance(store, Bucket if kind == "bucket" else Folder)
        client, queue = await connect(temporal, store), uuid.uuid4().hex
        given = ["x" * 1_000_000] * 6
        runner = UnsandboxedWorkflowRunner()
        async with Worker(client, task_queue=queue, workflows=[Carries], workflow_runner=runner):
            run = await client.start_workflow(Carries.run, given, id=f"carries/{queue}", task_queue=queue)

            assert await run.result() == given
            assert await run.query(Carries.told) == given
            described = await run.describe()
        assert described.raw_description.workflow_execution_info.history_size_bytes < 10_000


async def test_what_is_small_stays_in_the_history(temporal: WorkflowEnvironment, tmp_path: Path):
    client, queue = await connect(temporal, Folder(tmp_path)), uuid.uuid4().hex
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=queue, workflows=[Carries], workflow_runner=runner):
        await client.execute_workflow(Carries.run, ["x" * 100_000], id=f"carries/{queue}", task_queue=queue)

    assert kept_in(tmp_path) == []


async def test_a_store_that_is_away_is_an_outage_and_not_a_result(
    temporal: WorkflowEnvironment, tmp_path: Path
):
    (tmp_path / "taken").write_text("")
    client = await connect(temporal, Folder(tmp_path / "taken"))

    with pytest.raises(Exception, match="Nothing can be written to the folder") as caught:
        await client.start_workflow(Carries.run, ["x" * 1_000_000], id=uuid.uuid4().hex, task_queue="none")

    assert not isinstance(caught.value, WorkflowFailureError)


async def test_check_asks_the_store_and_doubts_a_folder_beside_a_temporal_elsewhere(
    temporal: WorkflowEnvironment, tmp_path: Path
):
    port = temporal.client.service_client.config.target_host.rpartition(":")[2]
    with s3_server() as address:
        for here, text, expected in (
            (f"127.0.0.1:{port}", CONFIG, ["the folder"]),
            # The same machine by another name: only loopback is known to be it.
            (f"0.0.0.0:{port}", CONFIG, ["big values are kept in a folder of this machine", "the folder"]),
            (f"0.0.0.0:{port}", CONFIG + BUCKET % address, ["the bucket blobs takes what is put there"]),
            (
                f"0.0.0.0:{port}",
                CONFIG + BUCKET % "http://127.0.0.1:1",
                ["Nothing can be written to the bucket"],
            ),
        ):
            _, environ = config_of(tmp_path, text, TEMPORAL_ADDRESS=here, **KEYS)
            lines = [line async for line in look(environ) if line.name == "blobs"]
            assert [line.text.startswith(start) for line, start in zip(lines, expected, strict=True)] == [
                True for _ in expected
            ]
            assert not any(KEYS["AWS_SECRET_ACCESS_KEY"] in line.text for line in lines)
