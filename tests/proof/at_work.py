"""The workers as they are deployed, with every neighbour replaced at the far end of its wire."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client

from activities.ledger import Ledger
from handrail.queues import runs_worker, slack_worker
from tests.workflows.far_end import FarEnd


@asynccontextmanager
async def at_work(client: Client, far_end: FarEnd) -> AsyncIterator[None]:
    carriers = [far_end, Ledger(client)]
    async with runs_worker(client, carriers, [], os.environ), slack_worker(client, carriers):
        yield
