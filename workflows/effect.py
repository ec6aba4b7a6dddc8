"""One effect, once. The id of this workflow is the idempotency key, so Temporal itself is the ledger."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from temporalio import workflow
from temporalio.common import RawValue, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, FailureError, TimeoutType, WorkflowAlreadyStartedError
from temporalio.exceptions import TimeoutError as TimeoutFailure

from . import outside
from .lease import Lease
from .rules.digests import lease_id
from .values.effect import EffectOrder, Holder, Outcome, OutcomeState, Resolution
from .values.signals import EFFECT_RESOLVED, EFFECT_UNKNOWN, EffectNews
from .values.tools import EffectClass


class Held(Exception):
    """Another run works on the target."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(holder.run_name)
        self.holder = holder


@workflow.defn(name="Effect")
class Effect:
    """Takes the target's lease, applies, and stays open until the outcome is known or a person gave their word."""

    def __init__(self) -> None:
        self._outcome: Outcome | None = None
        self._resolution: Resolution | None = None

    @workflow.run
    async def run(self, order: EffectOrder) -> Outcome:
        if order.admission.effect != order.effect.digest:
            return _outcome(
                OutcomeState.NOT_APPLIED, "What was admitted is not what was ordered. Nothing was sent."
            )
        try:
            async with _lease(order):
                outcome = await _send(order)
                if outcome.state is OutcomeState.UNKNOWN:
                    outcome = await self._ask(order, outcome)
                return outcome
        except Held as held:
            return _outcome(
                OutcomeState.NOT_APPLIED,
                f"{held.holder.run_name or 'Another run'} is working on {order.effect.target} now. Nothing was sent.",
            )

    async def _ask(self, order: EffectOrder, outcome: Outcome) -> Outcome:
        """Nobody can know what became of it: tell the run, and wait for a person's word."""
        self._outcome = outcome
        news = EffectNews(effect=order.effect.key, text=outcome.text, at=workflow.now())
        # A run that has ended can't be told; its operator finds this workflow open, and can resolve it.
        with suppress(FailureError):
            await workflow.get_external_workflow_handle(order.run_id).signal(EFFECT_UNKNOWN, news)
        await workflow.wait_condition(lambda: self._resolution is not None)
        said = self._resolution
        assert said is not None
        return Outcome(state=said.state, text=said.reason or outcome.text, at=said.at, by=said.by)

    @workflow.signal(dynamic=True)
    def hear(self, name: str, args: Sequence[RawValue]) -> None:
        """Only a resolution, and only while the outcome is unknown. Never raises."""
        if name != EFFECT_RESOLVED or self._outcome is None or self._resolution is not None or len(args) != 1:
            return
        with suppress(Exception):
            self._resolution = workflow.payload_converter().from_payload(args[0].payload, Resolution)

    @workflow.query
    def state(self) -> Outcome | None:
        """UNKNOWN while a person is asked; None before."""
        return self._outcome


@asynccontextmanager
async def _lease(order: EffectOrder) -> AsyncIterator[None]:
    """Hold the target. Raises `Held`. Should this workflow be ended from outside, the server ends the lease."""
    holder = Holder(run_name=order.run_name, run_id=order.run_id)
    name = lease_id(order.effect.target)
    try:
        lease = await workflow.start_child_workflow(
            Lease.run,
            id=name,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.TERMINATE,
            memo=Lease.memo(holder),
        )
    except WorkflowAlreadyStartedError:
        raise Held(await outside.who_holds(name)) from None
    yield
    # Released before we close, so that the next effect on this target finds it free.
    with suppress(FailureError):
        await lease.signal(Lease.RELEASE)
        await lease


async def _send(order: EffectOrder) -> Outcome:
    """Carry it out as its class allows. What can't be told from the error is unknown."""
    keyed = order.effect.contract.effect_class is EffectClass.IDEMPOTENT
    step = outside.apply_with_key if keyed else outside.apply_once
    try:
        return await step(order, summary=f"{order.effect.call.tool} on {order.effect.target}")
    except ActivityError as error:
        cause = error.cause
        if isinstance(cause, TimeoutFailure) and cause.type is TimeoutType.SCHEDULE_TO_START:
            return _outcome(OutcomeState.NOT_APPLIED, "No worker took it up in time. Nothing was sent.")
        return _outcome(OutcomeState.UNKNOWN, _why_unknown(cause))


def _why_unknown(cause: BaseException | None) -> str:
    if isinstance(cause, TimeoutFailure):
        return "The worker that sent it was lost before it could report, or the reply took too long."
    return str(getattr(cause, "message", None) or cause or "The reply was lost.")


def _outcome(state: OutcomeState, text: str) -> Outcome:
    return Outcome(state=state, text=text, at=workflow.now())
