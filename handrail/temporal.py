"""Temporal, as this deployment reaches it: the client, the search attributes, the namespace's memory."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

from activities.blobs import BlobStore
from workflows import attributes

from .blobs import converter as blobs_converter
from .trouble import Misused, Trouble

DEFAULT_ADDRESS = "localhost:7233"
DEFAULT_NAMESPACE = "default"
PATIENCE = timedelta(seconds=10)
"""For one question to the server, while a part starts."""
START_PATIENCE = 15
"""Seconds in which a server that starts at the same time has to appear."""
BETWEEN_TRIES = 0.1

log = logging.getLogger(__name__)


class Unreachable(Trouble):
    """Nobody answers at Temporal's address."""


def address_in(environ: Mapping[str, str]) -> tuple[str, str]:
    """(address, namespace) as the SDK's own settings name them. Raises `Misused`."""
    settings = _settings(environ)
    return settings.get("target_host", DEFAULT_ADDRESS), settings.get("namespace", DEFAULT_NAMESPACE)


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    try:
        loaded = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
    except (ValueError, RuntimeError, OSError) as error:
        raise Misused(f"Temporal's settings can't be read: {error}") from None
    return dict(loaded)  # type: ignore[arg-type]  # its values are what Client.connect takes


async def is_polled(client: Client, queue: str) -> bool:
    """Has a worker asked for activities of this task queue in the last minutes? Raises `Trouble`."""
    wanted = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    try:
        answer = await client.workflow_service.describe_task_queue(wanted, timeout=PATIENCE)
    except RPCError as error:
        raise refused(client, error) from None
    return bool(answer.pollers)


async def connect_patiently(environ: Mapping[str, str], blobs: BlobStore | None = None) -> Client:
    """As `connect`, for parts that start side by side with the server. Raises `Trouble`."""
    clock = asyncio.get_running_loop().time
    until = clock() + START_PATIENCE
    told = False
    while True:
        try:
            return await connect(environ, blobs)
        except Unreachable as trouble:
            if clock() > until:
                raise
            if not told:
                log.warning("%s Trying for %d s.", trouble, START_PATIENCE)
                told = True
            await asyncio.sleep(BETWEEN_TRIES)


async def connect(environ: Mapping[str, str], blobs: BlobStore | None = None) -> Client:
    """A client for the server and namespace that the environment names (temporalio.envconfig).

    Without *blobs* it neither reads nor writes large payloads: enough for whoever speaks of no run.

    Raises `Unreachable` where nobody answers, `Misused` where the settings can't be read.
    """
    settings = {"target_host": DEFAULT_ADDRESS, "namespace": DEFAULT_NAMESPACE, **_settings(environ)}
    converter = pydantic_data_converter if blobs is None else blobs_converter(blobs)
    try:
        return await Client.connect(**settings, data_converter=converter)  # type: ignore[arg-type]
    except RuntimeError as error:
        address = settings["target_host"]
        raise Unreachable(
            f"Temporal does not answer at {address} ({_short(error)}). Is it running there? "
            "TEMPORAL_ADDRESS names another address; `handrail demo` brings its own."
        ) from None


def _short(error: RuntimeError) -> str:
    """The SDK's error without the layers around it."""
    text = str(error)
    for known in ("Connection refused", "dns error", "deadline", "certificate", "Unauthorized", "permission"):
        if known.lower() in text.lower():
            return known.lower()
    return text.removeprefix("Failed client connect: ")[:200]


async def register_search_attributes(client: Client) -> None:
    """Make sure that the namespace knows ours. Raises `Trouble` with the commands to run where that is refused."""
    missing = await missing_search_attributes(client)
    if not missing:
        return
    request = AddSearchAttributesRequest(
        namespace=client.namespace,
        search_attributes=dict.fromkeys(missing, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD),
    )
    try:
        await client.operator_service.add_search_attributes(request, timeout=PATIENCE)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return
        raise Trouble(
            f"Temporal refuses to register search attributes ({error.message}). Run this once:\n"
            + commands_for(client, missing)
        ) from None


async def missing_search_attributes(client: Client) -> list[str]:
    """Those of ours that the namespace lacks. Where the server does not tell, all of them may."""
    wanted = [key.name for key in attributes.ALL]
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        known = await client.operator_service.list_search_attributes(request, timeout=PATIENCE)
    except RPCError as error:
        if error.status in (RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED):
            return wanted
        raise refused(client, error) from None
    return [name for name in wanted if name not in known.custom_attributes]


def commands_for(client: Client, names: list[str]) -> str:
    """What to type where only an operator may register search attributes (Temporal Cloud)."""
    return "\n".join(
        f"  temporal operator search-attribute create --namespace {client.namespace} --name {name} --type Keyword"
        for name in names
    )


async def retention(client: Client) -> timedelta:
    """How long the namespace remembers a closed workflow: the ledger's memory."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        described = await client.workflow_service.describe_namespace(request, timeout=PATIENCE)
    except RPCError as error:
        raise refused(client, error) from None
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def set_retention(client: Client, keep: timedelta) -> None:
    """Raises `Trouble` where this client may not."""
    wanted = Duration()
    wanted.FromTimedelta(keep)
    config = NamespaceConfig(workflow_execution_retention_ttl=wanted)
    request = UpdateNamespaceRequest(namespace=client.namespace, config=config)
    try:
        await client.workflow_service.update_namespace(request, timeout=PATIENCE)
    except RPCError as error:
        raise refused(client, error) from None


def refused(client: Client, error: RPCError) -> Trouble:
    """An answer of the server that is a no, in a sentence."""
    address = client.service_client.config.target_host
    if error.status is RPCStatusCode.NOT_FOUND:
        return Trouble(
            f"There is no namespace {client.namespace!r} at {address}. TEMPORAL_NAMESPACE names another."
        )
    if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED):
        return Trouble(
            f"Temporal at {address} does not let us in ({error.message}). TEMPORAL_API_KEY or the TLS settings."
        )
    return Unreachable(f"Temporal at {address} did not answer as it should: {error.message}")
