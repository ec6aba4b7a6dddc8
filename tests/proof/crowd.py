"""Many signals at once, as fast as the server takes them, from a process of their own: it takes no time of the workers."""

import asyncio
import json
import os
import pickle
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

Raw = tuple[str, Sequence[Payload]]
"""A signal's name and its arguments, as they go over the wire."""
AT_ONCE = 64


class Sent(NamedTuple):
    seconds: float
    refused: dict[str, int]
    """How many, by what the server said."""


def request(client: Client, run: str, raw: Raw) -> SignalWorkflowExecutionRequest:
    name, payloads = raw
    return SignalWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=run),
        signal_name=name,
        input=Payloads(payloads=payloads),
    )


async def crowd(client: Client, run: str, signals: Iterable[Raw]) -> Sent:
    """Send each of them once."""
    packed = pickle.dumps([request(client, run, raw).SerializeToString() for raw in signals])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.proof.crowd", client.service_client.config.target_host,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate(packed)
    return Sent(*json.loads(said))


async def _send_all(target: str, requests: list[bytes]) -> None:
    client, refused, began = await Client.connect(target), Counter[str](), asyncio.get_running_loop().time()
    shared = iter(requests)

    async def send_each() -> None:
        for each in shared:
            try:
                # As the SDK's own client does: a run that is continued as new just then asks to come again.
                await client.workflow_service.signal_workflow_execution(
                    SignalWorkflowExecutionRequest.FromString(each), retry=True
                )
            except RPCError as error:
                refused[error.message] += 1

    await asyncio.gather(*(send_each() for _ in range(AT_ONCE)))
    sys.stdout.write(json.dumps([asyncio.get_running_loop().time() - began, refused]))
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_send_all(sys.argv[1], pickle.load(sys.stdin.buffer)))
    # The SDK's threads may still be at it when the interpreter tears itself down: sdk-python issue 300.
    os._exit(0)
