"""The blob store: a folder that survives a crash, and a real server that speaks S3."""

import os
import signal
import sys
from asyncio import create_subprocess_exec
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from activities.blobs import BlobLost, BlobStore, BlobTrouble, Bucket, BucketSettings, Folder
from tests.activities.s3 import KEYS, s3_server

DATA = b"what a tool answered\n" * 300_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with s3_server() as at:
        yield at


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return Folder(tmp_path / "blobs")
    return Bucket(BucketSettings("blobs", request.getfixturevalue("address"), prefix="handrail"), KEYS)


async def test_what_is_put_comes_back_by_its_own_digest(store: BlobStore):
    digest = await store.put(DATA)

    assert digest == sha256(DATA).hexdigest()
    assert await store.get(digest) == DATA


async def test_the_same_bytes_are_put_twice_and_are_one(store: BlobStore):
    assert await store.put(DATA) == await store.put(DATA)


async def test_what_was_never_put_is_said_to_be_lost(store: BlobStore):
    with pytest.raises(BlobLost, match=f"There is no blob {'0' * 64} in the (folder|bucket)"):
        await store.get("0" * 64)


# A folder


def place(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest[2:4] / digest


async def test_a_file_that_was_changed_or_cut_is_never_handed_out(tmp_path: Path):
    store = Folder(tmp_path)
    digest = await store.put(DATA)
    place(tmp_path, digest).write_bytes(DATA[:-1])

    with pytest.raises(BlobLost, match="is not what was put there"):
        await store.get(digest)

    await store.put(DATA)
    assert await store.get(digest) == DATA


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from activities.blobs import Folder
from tests.activities.test_blobs import DATA

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

# The bytes are written, and not yet on the disk.
os.fsync = kill
asyncio.run(Folder(Path(sys.argv[1])).put(DATA))
"""


async def test_a_process_that_is_killed_while_it_writes_leaves_nothing_that_could_be_read(tmp_path: Path):
    died = await create_subprocess_exec(
        sys.executable, "-c", DIES, str(tmp_path), cwd=Path(__file__).parents[2]
    )

    assert await died.wait() == -signal.SIGKILL
    assert [path.name[:11] for path in files(tmp_path)] == ["unfinished-"]
    store, digest = Folder(tmp_path), sha256(DATA).hexdigest()
    with pytest.raises(BlobLost):
        await store.get(digest)
    await store.put(DATA)
    assert await store.get(digest) == DATA


async def test_what_is_put_again_is_young_again(tmp_path: Path):
    store = Folder(tmp_path)
    file = place(tmp_path, await store.put(DATA))
    os.utime(file, (1, 1))

    await store.put(DATA)

    assert file.stat().st_mtime > 1


async def test_a_folder_that_can_not_be_written_says_so(tmp_path: Path):
    (tmp_path / "blobs").write_text("a file")

    with pytest.raises(BlobTrouble, match=r"Nothing can be written to the folder .*: Not a directory"):
        await Folder(tmp_path / "blobs").put(DATA)


# A bucket


async def test_an_object_that_was_overwritten_is_never_handed_out(address: str):
    store = Bucket(BucketSettings("blobs", address), KEYS)
    digest = await store.put(DATA)
    key = f"{digest[:2]}/{digest[2:4]}/{digest}"
    await store._store.put_async(key, b"other bytes")

    with pytest.raises(BlobLost, match="is not what was put there"):
        await store.get(digest)


async def test_a_bucket_that_is_not_there_and_a_server_that_is_away_are_trouble(address: str):
    for settings in (BucketSettings("nowhere", address), BucketSettings("blobs", "http://127.0.0.1:1")):
        with pytest.raises(BlobTrouble, match="Nothing can be written to the bucket") as caught:
            await Bucket(settings, KEYS).put(DATA)
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in str(caught.value)
