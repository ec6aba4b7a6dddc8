"""Files that a preview made and its change takes, such as a saved plan: kept in the blob store by what is in them."""

import re

from .blobs import BlobLost, BlobStore, BlobTrouble

DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
LARGEST = 64 * 1024 * 1024
"""Bytes of one file."""


class NoArtifact(Exception):
    """It is not there, or can't be kept; the text says why."""


class Artifacts:
    """Every worker that may apply has to see the same store. A plan may hold secrets: nobody else should."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def put(self, content: bytes) -> str:
        """Keep it. Its digest, `sha256:…`, is what gets it back. Raises NoArtifact."""
        try:
            return f"sha256:{await self._blobs.put(content)}"
        except BlobTrouble as error:
            raise NoArtifact(f"the file could not be kept: {error}") from None

    async def get(self, digest: str) -> bytes:
        """The very bytes with this digest. Raises NoArtifact."""
        known = DIGEST.fullmatch(digest)
        if known is None:
            raise NoArtifact(f"{digest} is no digest of a file")
        try:
            return await self._blobs.get(known[1])
        except BlobLost:
            raise NoArtifact(f"the file {digest} is not kept here any more, or not as it was") from None
        except BlobTrouble as error:
            raise NoArtifact(f"the file {digest} can't be fetched: {error}") from None
