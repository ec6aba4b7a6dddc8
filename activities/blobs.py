"""The one blob store: bytes by their own SHA-256, in a folder or in any store that speaks S3.

What is asked for is what comes back, or an error: the digest is compared at each read. To put the same bytes again is
no mistake, and makes them young again, so that a rule that deletes old ones leaves them.
"""

import asyncio
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config

PATIENCE = timedelta(seconds=20)
"""For one question to the store."""


class BlobTrouble(Exception):
    """The store could not be asked. The text is fit for people."""


class BlobLost(BlobTrouble):
    """The store was asked, and does not have these bytes as they were put. To ask again is no use."""


class BlobStore(ABC):
    """Bytes by their digest: 64 hex digits of SHA-256."""

    async def put(self, data: bytes) -> str:
        """The digest, once the bytes are there to stay. Raises BlobTrouble."""
        digest = sha256(data).hexdigest()
        await self._write(digest, data)
        return digest

    async def get(self, digest: str) -> bytes:
        """Raises BlobTrouble; BlobLost where they are not there, or not what was put."""
        data = await self._read(digest)
        if sha256(data).hexdigest() != digest:
            raise BlobLost(f"The blob {digest} in {self} is not what was put there: it was changed or cut.")
        return data

    @abstractmethod
    async def _write(self, digest: str, data: bytes) -> None: ...

    @abstractmethod
    async def _read(self, digest: str) -> bytes: ...


class Folder(BlobStore):
    """`ab/cd/abcd…` below a folder. A process that dies while it writes leaves nothing that could be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return f"the folder {self._path}"

    async def _write(self, digest: str, data: bytes) -> None:
        try:
            await asyncio.to_thread(_write_whole, self._place(digest), data)
        except OSError as error:
            raise BlobTrouble(f"Nothing can be written to {self}: {error.strerror}.") from error

    async def _read(self, digest: str) -> bytes:
        try:
            return await asyncio.to_thread(self._place(digest).read_bytes)
        except FileNotFoundError:
            raise BlobLost(f"There is no blob {digest} in {self}.") from None
        except OSError as error:
            raise BlobTrouble(f"Nothing can be read from {self}: {error.strerror}.") from error

    def _place(self, digest: str) -> Path:
        return self._path / digest[:2] / digest[2:4] / digest


def _write_whole(place: Path, data: bytes) -> None:
    """Under another name first, and on the disk before it gets its own."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=place.parent, prefix="unfinished-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(place)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    # A name is on the disk once its folder is; and so is that of a new folder.
    for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class BucketSettings:
    """A bucket of a store that speaks S3."""

    bucket: str
    endpoint: str | None = None
    """None: Amazon's own."""
    prefix: str | None = None
    region: str | None = None


class Bucket(BlobStore):
    """`<prefix>/ab/cd/abcd…` in a bucket."""

    def __init__(self, settings: BucketSettings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._store = S3Store(
            settings.bucket,
            prefix=settings.prefix,
            config=_config(settings, environ),
            client_options={"allow_http": True, "timeout": PATIENCE},
            # Who asks owns the retries: Temporal.
            retry_config={"max_retries": 0, "retry_timeout": PATIENCE},
        )

    def __str__(self) -> str:
        return f"the bucket {self._settings.bucket}"

    async def _write(self, digest: str, data: bytes) -> None:
        try:
            await self._store.put_async(_key(digest), data)
        except (BaseError, OSError, ValueError) as error:
            raise BlobTrouble(f"Nothing can be written to {self}: {_short(error)}.") from error

    async def _read(self, digest: str) -> bytes:
        try:
            found = await self._store.get_async(_key(digest))
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise BlobLost(f"There is no blob {digest} in {self}.") from None
        except (BaseError, OSError, ValueError) as error:
            raise BlobTrouble(f"Nothing can be read from {self}: {_short(error)}.") from error


def _config(settings: BucketSettings, environ: Mapping[str, str]) -> "S3Config":
    """Where the environment names no key, the machine's own is used: an instance's or a pod's role."""
    region = settings.region or environ.get("AWS_REGION") or "us-east-1"
    # Many servers that speak S3 know no bucket by a host's name.
    config: S3Config = {"region": region, "virtual_hosted_style_request": settings.endpoint is None}
    if settings.endpoint is not None:
        config["endpoint"] = settings.endpoint
    if key := environ.get("AWS_ACCESS_KEY_ID"):
        config["access_key_id"] = key
        config["secret_access_key"] = environ.get("AWS_SECRET_ACCESS_KEY", "")
    if token := environ.get("AWS_SESSION_TOKEN"):
        config["session_token"] = token
    return config


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _short(error: Exception) -> str:
    """What happened, without the library's own debugging notes."""
    return str(error).partition("\n")[0].strip().rstrip(".")[:300] or type(error).__name__
