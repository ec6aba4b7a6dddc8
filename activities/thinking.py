"""A thought of a language model: what it is told, whom it is asked of, and what it took."""

from datetime import UTC, datetime
from typing import NoReturn

from pydantic_ai.models import ModelRequestParameters
from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.outside import MODEL_UNAVAILABLE
from workflows.rules import own_tools
from workflows.values.calls import Thought, Transcript
from workflows.values.spec import ModelPlanner
from workflows.values.steps import ThinkOrder
from workflows.values.usage import Usage

from . import pinning
from .conversation import Offer, instructions, messages
from .model_replies import thought
from .models import ModelError, Models
from .patience import beating, try_again
from .tool_replies import NotSent
from .tool_servers import ToolServers

LEFT_ALONE = 30.0
"""Seconds: where a provider wants more, the run waits, and says so."""


class Thinking:
    """Asks models on behalf of runs. Nothing in it tries twice: Temporal does, and knows for how long."""

    def __init__(self, models: Models, servers: ToolServers) -> None:
        self._models = models
        self._servers = servers

    async def think(self, order: ThinkOrder, planner: ModelPlanner, transcript: Transcript) -> Thought:
        """Raises ApplicationError `ModelUnavailable`, to be tried again, or `Permanent`."""
        # A server may have to be started for it.
        async with beating(*activity.info().heartbeat_details):
            offer = await self._offer(order)
        for name in order.own_tools:
            offer.add_own(own_tools.ALL[name])
        said = instructions(order.agent, planner, offer.away, datetime.now(UTC), plan_only=order.plan_only)
        lost = _lost_so_far(order)
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
            _away(error, lost if error.answered else lost + 1)
        return thought(reply, offer).model_copy(update={"usage": _with_lost(usage, lost)})

    async def _offer(self, order: ThinkOrder) -> Offer:
        """A server that is down fails only the calls to it: its tools are not offered, and that is said."""
        offer = Offer()
        for contract in order.tools:
            try:
                tools = await self._servers.tools(contract.server)
            except NotSent:
                # Not why: that may quote the server, and this stands among our own words.
                offer.away.append(f"{contract.name} (its server can't be asked)")
                continue
            tool = tools.get(contract.tool)
            if tool is None:
                offer.away.append(f"{contract.name} (its server offers no such tool)")
            elif pinning.changed(order.pins, contract.server, tool):
                offer.away.append(f"{contract.name} (its definition changed since this run began)")
            else:
                offer.add(contract, tool)
        return offer


def _away(error: ModelError, lost: int) -> NoReturn:
    """*lost* requests were answered by nobody."""
    after = error.after or 0.0
    if after <= LEFT_ALONE:
        try_again(f"{error}", MODEL_UNAVAILABLE, error, lost, after, after=error.after)
    raise ApplicationError(f"{error}", lost, after, type=MODEL_UNAVAILABLE, non_retryable=True) from error


def _lost_so_far(order: ThinkOrder) -> int:
    """Requests of earlier attempts that nobody answered: they may have been worked on, and are counted."""
    known = activity.info().heartbeat_details
    return int(known[0]) if known else order.lost


def _with_lost(usage: Usage, lost: int) -> Usage:
    failed = activity.info().attempt - 1
    counted = sum([usage] * lost, usage)
    return counted.model_copy(update={"requests": usage.requests + failed})
