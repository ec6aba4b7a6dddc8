"""The steps that ask planners: `think`, what the run does next, and `compact`, what it did before."""

from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from workflows import outside
from workflows.outside import carries_out
from workflows.rules import own_tools
from workflows.rules.canonical import canonical, parse
from workflows.values.calls import ProposedCall, Thought, Transcript
from workflows.values.spec import ModelPlanner, Runbook, UndoPlanner
from workflows.values.steps import CompactOrder, Summary, ThinkOrder

from . import runbook, undoing
from .masked_errors import masked_errors
from .masking import Masker
from .outputs import Outputs
from .patience import beating

if TYPE_CHECKING:
    # What speaks to models takes seconds to import: only a worker that has an agent with one does.
    from .thinking import Thinking

PATIENCE = timedelta(seconds=20)
"""For the query: the run answers it from memory, or after a replay."""


class Planning:
    """Planners, asked on behalf of a run. The transcript is fetched by a query: it does not travel with each turn."""

    def __init__(
        self, client: Client, masker: Masker, outputs: Outputs, thinking: "Thinking | None" = None
    ) -> None:
        """Without *thinking* this worker asks no language model."""
        self._client = client
        self._masker = masker
        self._outputs = outputs
        self._thinking = thinking

    @carries_out(outside.think)
    async def think(self, order: ThinkOrder) -> Thought:
        """Raises ApplicationError `ModelUnavailable`, to be tried again, or `Permanent`."""
        transcript = await self._transcript(order.run_id)
        match order.planner:
            case Runbook() as planner:
                async with beating():
                    whole = await self._outputs.whole(transcript)
                thought = runbook.propose(planner, whole)
            case UndoPlanner() as planner:
                thought = undoing.propose(await self._undo(planner), transcript)
            case ModelPlanner() as planner:
                activity.logger.info("%s turn %d: asking a model", order.run_id, order.turn)
                with masked_errors(self._masker):
                    thought = await self._models().think(order, planner, transcript)
        return _masked(thought, self._masker)

    @carries_out(outside.compact)
    async def compact(self, order: CompactOrder) -> Summary:
        """Raises ApplicationError, as `think` does."""
        transcript = await self._transcript(order.run_id)
        activity.logger.info("%s: asking a model to sum up %d entries", order.run_id, order.entries)
        with masked_errors(self._masker):
            summary = await self._models().sum_up(order, transcript)
        return summary.model_copy(update={"text": self._masker.text(summary.text)})

    async def _transcript(self, run_id: str) -> Transcript:
        run = self._client.get_workflow_handle(run_id)
        # With what an earlier attempt has said of itself: a beat without it would erase that.
        async with beating(*activity.info().heartbeat_details):
            transcript: Transcript = await run.query(
                "transcript", result_type=Transcript, rpc_timeout=PATIENCE
            )
        return transcript

    async def _undo(self, planner: UndoPlanner) -> ProposedCall | None:
        """Asked of the run whose change it is: the bot never holds true arguments. None: it does not know."""
        run = self._client.get_workflow_handle(planner.run)
        async with beating():
            try:
                known = await run.query("undo", planner.call, rpc_timeout=PATIENCE)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                raise
        return ProposedCall.model_validate(known) if known else None

    def _models(self) -> "Thinking":
        if self._thinking is None:
            text = "This worker asks no models: no agent of its config has one any more."
            raise ApplicationError(text, type="Permanent", non_retryable=True)
        return self._thinking


def _masked(thought: Thought, masker: Masker) -> Thought:
    """All that people will read."""
    calls = [_masked_call(call, masker) for call in thought.calls]
    plan = [step.model_copy(update={"title": masker.text(step.title)}) for step in thought.plan]
    return thought.model_copy(
        update={"calls": tuple(calls), "plan": tuple(plan), "text": masker.text(thought.text)}
    )


def _masked_call(call: ProposedCall, masker: Masker) -> ProposedCall:
    """The arguments of a tool are what is sent: they are masked where they are shown. Those of our own are only shown."""
    update = {part: masker.text(getattr(call, part)) for part in ("tool", "title", "reason", "problem")}
    if call.tool in own_tools.ALL:
        update["arguments"] = canonical(masker.value(parse(call.arguments)))
    return call.model_copy(update=update)
