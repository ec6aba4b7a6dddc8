"""Files that a preview made and its change takes, such as a saved plan: kept by what is in them."""

import asyncio
import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
LARGEST = 64 * 1024 * 1024
"""Bytes of one file."""


class NoArtifact(Exception):
    """It is not there, or can't be kept; the text says why."""


class Artifacts(Protocol):
    async def put(self, content: bytes) -> str:
        """Keep it. Its digest, `sha256:…`, is what gets it back. Raises NoArtifact."""

    async def get(self, digest: str) -> bytes:
        """The very bytes with this digest. Raises NoArtifact."""


class FolderArtifacts:
    """In a folder. Every worker that may apply has to see the same one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, content: bytes) -> str:
        digest = f"sha256:{sha256(content).hexdigest()}"
        try:
            await asyncio.to_thread(self._write, self._named(digest), content)
        except OSError as error:
            raise NoArtifact(f"the file could not be kept: {error.strerror}") from None
        return digest

    async def get(self, digest: str) -> bytes:
        try:
            content = await asyncio.to_thread(self._named(digest).read_bytes)
        except OSError:
            raise NoArtifact(f"the file {digest} is not kept here any more") from None
        if f"sha256:{sha256(content).hexdigest()}" != digest:
            raise NoArtifact(f"the file {digest} is not what it was")
        return content

    def _named(self, digest: str) -> Path:
        known = DIGEST.fullmatch(digest)
        if known is None:
            raise NoArtifact(f"{digest} is no digest of a file")
        return self._folder / known[1]

    def _write(self, path: Path, content: bytes) -> None:
        # A plan may hold secrets: only this user reads it.
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=self._folder, delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                with suppress(OSError):
                    Path(file.name).unlink()
                raise
