"""A thought of a language model: what it is told, whom it is asked of, and what it took."""

from datetime import UTC, datetime
from typing import NoReturn

from pydantic_ai.models import ModelRequestParameters
from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.outside import MODEL_UNAVAILABLE, TOO_LONG
from workflows.rules import own_tools
from workflows.rules.outputs import READ_OUTPUT
from workflows.values.calls import Thought, Transcript
from workflows.values.spec import ModelPlanner
from workflows.values.steps import CompactOrder, Summary, ThinkOrder
from workflows.values.usage import Usage

from . import pinning
from .conversation import Offer, instructions, messages
from .model_replies import thought
from .models import ModelError, Models
from .own_tools import OUTPUT_SCHEMA, READS_OUTPUT
from .patience import beating, try_again
from .summing_up import question, summary
from .tool_replies import NotSent
from .tool_servers import ToolServers

LEFT_ALONE = 30.0
"""Seconds: where a provider wants more, the run waits, and says so."""
ROOM = (1.5, 0.4)
"""Characters for each token of the context that are told to whoever sums up; fewer, where those were too many."""


class Thinking:
    """Asks models on behalf of runs. Nothing in it tries twice: Temporal does, and knows for how long."""

    def __init__(self, models: Models, servers: ToolServers) -> None:
        self._models = models
        self._servers = servers

    async def think(self, order: ThinkOrder, planner: ModelPlanner, transcript: Transcript) -> Thought:
        """Raises ApplicationError `ModelUnavailable`, to be tried again; `ContextExceeded` or `Permanent`, not to be."""
        # A server may have to be started for it.
        async with beating(*activity.info().heartbeat_details):
            offer = await self._offer(order)
        for name in order.own_tools:
            own = own_tools.ALL[name]
            offer.add_own(own.name, own.description, own.schema)
        said = instructions(order.agent, planner, offer.away, datetime.now(UTC), plan_only=order.plan_only)
        lost = _lost_so_far(order.lost)
        try:
            async with beating(lost + 1):
                reply, usage = await self._models.ask(
                    planner.models,
                    messages(said, transcript, offer),
                    ModelRequestParameters(function_tools=offer.tools),
                )
        except ModelError as error:
            _give_up(error, lost)
        size = reply.usage.input_tokens + reply.usage.output_tokens
        return thought(reply, offer).model_copy(update={"usage": _with_lost(usage, lost), "size": size})

    async def sum_up(self, order: CompactOrder, transcript: Transcript) -> Summary:
        """The beginning of a conversation, in the words of whoever has it. Raises ApplicationError, as `think` does."""
        entries, lost = transcript.entries[: order.entries], _lost_so_far()
        for room in ROOM:
            told = question(entries, int(room * order.planner.context))
            try:
                async with beating(lost + 1):
                    reply, usage = await self._models.ask(
                        order.planner.models, told, ModelRequestParameters()
                    )
            except ModelError as error:
                if error.too_long and room != ROOM[-1]:
                    continue
                _give_up(error, lost)
            return Summary(text=summary(reply), usage=_with_lost(usage, lost))
        raise AssertionError("the last room either does or raises")

    async def _offer(self, order: ThinkOrder) -> Offer:
        """A server that is down fails only the calls to it: its tools are not offered, and that is said."""
        offer = Offer()
        offer.add_own(READ_OUTPUT, READS_OUTPUT, OUTPUT_SCHEMA)
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


def _give_up(error: ModelError, lost: int) -> NoReturn:
    if error.answered:
        activity.heartbeat(lost)
    if error.permanent:
        kind = TOO_LONG if error.too_long else "Permanent"
        raise ApplicationError(f"{error}", type=kind, non_retryable=True) from error
    _away(error, lost if error.answered else lost + 1)


def _away(error: ModelError, lost: int) -> NoReturn:
    """*lost* requests were answered by nobody."""
    after = error.after or 0.0
    if after <= LEFT_ALONE:
        try_again(f"{error}", MODEL_UNAVAILABLE, error, lost, after, after=error.after)
    raise ApplicationError(f"{error}", lost, after, type=MODEL_UNAVAILABLE, non_retryable=True) from error


def _lost_so_far(before: int = 0) -> int:
    """Requests of earlier attempts that nobody answered: they may have been worked on, and are counted."""
    known = activity.info().heartbeat_details
    return int(known[0]) if known else before


def _with_lost(usage: Usage, lost: int) -> Usage:
    failed = activity.info().attempt - 1
    counted = sum([usage] * lost, usage)
    return counted.model_copy(update={"requests": usage.requests + failed})
