"""A tool server that another worker starts. This one only knows what it offers: for a model, and to see whether it changed."""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError

from workflows.listing import Listing
from workflows.outside import Queue
from workflows.values.steps import Listed, ListOrder

from .tool_replies import NotSent, ToolDefinition, ToolReply

PATIENCE = timedelta(seconds=20)
REMEMBERED = 60.0
"""Seconds in which it is not asked again. Who calls a tool looks for itself."""

_DEFINITIONS = TypeAdapter(list[ToolDefinition])


class ElsewhereServer:
    """A `ToolServer` that lists, and never calls."""

    def __init__(self, name: str, team: str, client: Client) -> None:
        self.name = name
        self._team = team
        self._client = client
        self._asking = asyncio.Lock()
        self._listed: dict[str, ToolDefinition] | NotSent | None = None
        self._asked_at = 0.0

    async def start(self) -> None:
        """The team's worker does."""

    async def tools(self) -> Mapping[str, ToolDefinition]:
        async with self._asking:
            if self._listed is None or time.monotonic() - self._asked_at > REMEMBERED:
                self._listed = await self._ask()
                self._asked_at = time.monotonic()
        if isinstance(self._listed, NotSent):
            raise NotSent(str(self._listed))
        return self._listed

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],  # noqa: ARG002 - as in ToolServer
        timeout: float,  # noqa: ARG002, ASYNC109 - as in ToolServer
        *,
        as_listed: ToolDefinition | None = None,  # noqa: ARG002 - as in ToolServer
    ) -> ToolReply:
        raise NotSent(f"{self.name}.{tool} is called by the worker of the queue {self._team} alone")

    async def aclose(self) -> None:
        """There is nothing to stop."""

    async def _ask(self) -> dict[str, ToolDefinition] | NotSent:
        try:
            listed: Listed = await self._client.execute_workflow(
                Listing.run,
                ListOrder(server=self.name, team=self._team),
                id=f"listing/{self.name}/{uuid4()}",
                task_queue=Queue.RUNS.value,
                execution_timeout=PATIENCE,
            )
            return {tool.name: tool for tool in _DEFINITIONS.validate_python(listed.tools)}
        except (WorkflowFailureError, RPCError, ValidationError):
            return NotSent(f"the worker of the queue {self._team} does not say what {self.name} offers")
