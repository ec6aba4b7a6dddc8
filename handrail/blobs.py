"""Where big values are kept: the store that the config names, and Temporal's `ExternalStorage` over it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    ExternalStorage,
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)

from activities.blobs import BlobStore, Bucket, BucketSettings, Folder

from .config import Config, home_named_by

LARGE = 512 * 1024
"""Bytes of a payload that is kept in the store instead of in the history. Temporal warns from there on, and refuses
2 MiB (limit.blobSize.warn and limit.blobSize.error of its dynamic configuration)."""


def store(config: Config, environ: Mapping[str, str]) -> BlobStore:
    """The one of this deployment: the same for the bot and for each worker."""
    said = config.blobs
    if said is None:
        return Folder(home_named_by(environ) / "blobs")
    settings = BucketSettings(said.bucket, said.endpoint, said.prefix, said.region)
    return Bucket(settings, environ)


def converter(blobs: BlobStore, large: int = LARGE) -> DataConverter:
    """As all of Handrail writes and reads payloads."""
    external = ExternalStorage(drivers=[PayloadDriver(blobs)], payload_size_threshold=large)
    return replace(pydantic_data_converter, external_storage=external)


class PayloadDriver(StorageDriver):
    """A claim is a digest, and nothing of where the store is: it may move."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def name(self) -> str:
        """It stands in histories."""
        return "handrail.blobs"

    async def store(
        self,
        context: StorageDriverStoreContext,  # noqa: ARG002 - whose payload it is does not matter: equal ones are one
        payloads: Sequence[Payload],
    ) -> list[StorageDriverClaim]:
        """Raises BlobTrouble: Temporal tries the task again."""
        # A protobuf message with a map has no one form; a deterministic one dedupes what is equal.
        data = [payload.SerializeToString(deterministic=True) for payload in payloads]
        digests = await asyncio.gather(*map(self._blobs.put, data))
        return [StorageDriverClaim(claim_data={"sha256": digest}) for digest in digests]

    async def retrieve(
        self,
        context: StorageDriverRetrieveContext,  # noqa: ARG002
        claims: Sequence[StorageDriverClaim],
    ) -> list[Payload]:
        """Raises BlobTrouble."""
        kept = await asyncio.gather(*(self._blobs.get(claim.claim_data["sha256"]) for claim in claims))
        return [Payload.FromString(data) for data in kept]
