"""Starts an effect, or finds the one that was started before: the ledger is asked first."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

from . import outside, words
from .effect import Effect as EffectWorkflow
from .journal import Journal, UnderWay
from .rules.digests import effect_key, effect_workflow_id
from .values.approval import Admission, Effect, Shown
from .values.base import EffectKey
from .values.calls import Call
from .values.effect import EffectOrder, Outcome, OutcomeState, RecallOrder
from .values.tools import ToolContract
from .values.view import StepState

LEDGER_PAGE = 8
"""How many keys of one call are looked up at once."""


class Applying:
    """All effects of one call: at most one of them is ever not *not applied*."""

    def __init__(self, journal: Journal, call: Call, contract: ToolContract, target: str) -> None:
        self._journal = journal
        self._call = call
        self._contract = contract
        self._target = target
        self._run_id = workflow.info().workflow_id

    async def recall(self, n: int) -> tuple[int, Outcome | None]:
        """What this call already did, from its effect *n* on; None with the n whose effect was never started.

        Asked also on the way out of a run that was stopped, so nothing stops this.
        """
        while True:
            keys = tuple(
                effect_key(self._run_id, self._call, self._contract, n + i) for i in range(LEDGER_PAGE)
            )
            with self._journal.working():
                found = await outside.recall(RecallOrder(keys=keys))
            n += found.index
            if found.index < len(keys):
                key = keys[found.index]
                if not found.working:
                    return n, found.outcome
                with self._journal.applies(self._under_way(key, n)):
                    return n, await self._await_recalled(key)

    async def apply(self, effect: Effect, admission: Admission, shown: Shown) -> Outcome:
        """Start it, with nothing awaited before, and stay with it until its outcome is known."""
        order = EffectOrder(
            effect=effect,
            admission=admission,
            run_id=self._run_id,
            run_name=self._journal.ask.name,
            shown=shown.arguments,
            pins=self._journal.pins_of(self._contract),
        )
        with self._journal.applies(self._under_way(effect.key, effect.n)):
            try:
                child = await self._start(order)
            except WorkflowAlreadyStartedError:
                return await self._await_recalled(effect.key)
            with self._journal.awaiting():
                await workflow.wait_condition(lambda: child.done() or self._journal.is_unknown(effect.key))
            if not child.done():
                self._journal.step(self._call, StepState.WAITING, words.MAYBE_HAPPENED)
            try:
                return await child
            except ChildWorkflowError:
                return _unknown(words.CHANGE_ENDED_FROM_OUTSIDE)

    async def _start(self, order: EffectOrder) -> workflow.ChildWorkflowHandle[EffectWorkflow, Outcome]:
        """Raises WorkflowAlreadyStartedError."""
        with self._journal.working():
            return await workflow.start_child_workflow(
                EffectWorkflow.run,
                order,
                id=effect_workflow_id(order.effect.key),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                task_timeout=outside.TASK,
            )

    async def _await_recalled(self, key: EffectKey) -> Outcome:
        """The result of an effect that was started before: by an earlier execution of this run."""
        while True:
            with self._journal.awaiting():
                found = await outside.recall(RecallOrder(keys=(key,), await_result=True))
            known = found.outcome
            if not found.working:
                return known or _unknown(words.NO_RECORD)
            if known is not None:
                self._journal.learn(key, known.text, known.at or workflow.now(), known.arguments)
                await workflow.wait_condition(lambda: not self._journal.is_unknown(key))

    def _under_way(self, key: EffectKey, n: int) -> UnderWay:
        return UnderWay(key, self._call, n, self._contract, self._target)


def _unknown(text: str) -> Outcome:
    return Outcome(state=OutcomeState.UNKNOWN, text=text, at=workflow.now())
