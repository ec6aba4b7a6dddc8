"""A thought of a language model: what it is told, whom it is asked of, and what it took."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic_ai.models import ModelRequestParameters
from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.rules import own_tools
from workflows.values.calls import Thought, Transcript
from workflows.values.spec import ModelPlanner
from workflows.values.steps import ThinkOrder
from workflows.values.tools import ToolContract
from workflows.values.usage import Usage

from .conversation import Offer, instructions, messages
from .mcp_servers import McpServers, NotSent
from .model_replies import thought
from .models import ModelError, Models
from .patience import beating, try_again

MODEL_UNAVAILABLE = "ModelUnavailable"


class Thinking:
    """Asks models on behalf of runs. Nothing in it tries twice: Temporal does, and knows for how long."""

    def __init__(self, models: Models, servers: McpServers) -> None:
        self._models = models
        self._servers = servers

    async def think(self, order: ThinkOrder, planner: ModelPlanner, transcript: Transcript) -> Thought:
        """Raises ApplicationError `ModelUnavailable`, to be tried again, or `Permanent`."""
        # A server may have to be started for it.
        async with beating(*activity.info().heartbeat_details):
            offer = await self._offer(order.tools)
        for name in order.own_tools:
            offer.add_own(own_tools.ALL[name])
        said = instructions(order.agent, planner, offer.away, datetime.now(UTC))
        lost = _lost_so_far()
        try:
            async with beating(lost + 1):
                reply, usage = await self._models.ask(
                    planner.models,
                    messages(said, transcript, offer),
                    ModelRequestParameters(function_tools=offer.tools),
                )
        except ModelError as error:
            if error.answered:
                activity.heartbeat(lost)
            if error.permanent:
                raise ApplicationError(f"{error}", type="Permanent", non_retryable=True) from error
            try_again(f"{error}", MODEL_UNAVAILABLE, error, after=error.after)
        return thought(reply, offer).model_copy(update={"usage": _with_lost(usage, lost)})

    async def _offer(self, contracts: Iterable[ToolContract]) -> Offer:
        """A server that is down fails only the calls to it: its tools are not offered, and that is said."""
        offer = Offer()
        for contract in contracts:
            try:
                tools = await self._servers.tools(contract.server)
            except NotSent as error:
                offer.away.append(f"{contract.name} ({error})")
                continue
            if contract.tool in tools:
                offer.add(contract, tools[contract.tool])
            else:
                offer.away.append(f"{contract.name} (its server offers no such tool)")
        return offer


def _lost_so_far() -> int:
    """Requests of earlier attempts that nobody answered: they may have been worked on, and are counted."""
    known = activity.info().heartbeat_details
    return int(known[0]) if known else 0


def _with_lost(usage: Usage, lost: int) -> Usage:
    failed = activity.info().attempt - 1
    counted = sum([usage] * lost, usage)
    return counted.model_copy(update={"requests": usage.requests + failed})
