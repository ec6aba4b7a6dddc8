"""The `think` step: what the run does next."""

from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from workflows import outside
from workflows.outside import carries_out
from workflows.rules import own_tools
from workflows.rules.canonical import canonical, parse
from workflows.values.calls import ProposedCall, Thought, Transcript
from workflows.values.spec import ModelPlanner, Runbook
from workflows.values.steps import ThinkOrder

from . import runbook
from .masked_errors import masked_errors
from .masking import Masker
from .patience import beating

if TYPE_CHECKING:
    # What speaks to models takes seconds to import: only a worker that has an agent with one does.
    from .thinking import Thinking

PATIENCE = timedelta(seconds=20)
"""For the query: the run answers it from memory, or after a replay."""


class Planning:
    """Planners, asked on behalf of a run. The transcript is fetched by a query: it does not travel with each turn."""

    def __init__(self, client: Client, masker: Masker, thinking: "Thinking | None" = None) -> None:
        """Without *thinking* this worker asks no language model."""
        self._client = client
        self._masker = masker
        self._thinking = thinking

    @carries_out(outside.think)
    async def think(self, order: ThinkOrder) -> Thought:
        """Raises ApplicationError `ModelUnavailable`, to be tried again, or `Permanent`."""
        run = self._client.get_workflow_handle(order.run_id)
        # With what an earlier attempt has said of itself: a beat without it would erase that.
        async with beating(*activity.info().heartbeat_details):
            transcript = await run.query("transcript", result_type=Transcript, rpc_timeout=PATIENCE)
        match order.planner:
            case Runbook() as planner:
                thought = runbook.propose(planner, transcript)
            case ModelPlanner() as planner:
                activity.logger.info("%s turn %d: asking a model", order.run_id, order.turn)
                with masked_errors(self._masker):
                    thought = await self._asked(order, planner, transcript)
        return _masked(thought, self._masker)

    async def _asked(self, order: ThinkOrder, planner: ModelPlanner, transcript: Transcript) -> Thought:
        if self._thinking is None:
            text = "This worker asks no models: no agent of its config has one any more."
            raise ApplicationError(text, type="Permanent", non_retryable=True)
        return await self._thinking.think(order, planner, transcript)


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
