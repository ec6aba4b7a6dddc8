"""One effect, once. The id of this workflow is the idempotency key, so Temporal itself is the ledger."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, FailureError, WorkflowAlreadyStartedError

from . import outside, words
from .lease import Lease
from .rules.digests import lease_id
from .sending import outcome, send
from .values.effect import EffectOrder, Holder, Outcome, OutcomeState, Resolution
from .values.signals import EFFECT_RESOLVED, EFFECT_UNKNOWN, EffectNews

RELEASED = timedelta(seconds=10)
"""In which a lease that was let go of has ended."""


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
        first = workflow.info().first_execution_run_id
        became = await self._carry_out(order.model_copy(update={"first_execution": first}))
        return became.model_copy(update={"edited": bool(order.effect.call.edited_by)})

    async def _carry_out(self, order: EffectOrder) -> Outcome:
        if order.admission.effect != order.effect.digest:
            return outcome(OutcomeState.NOT_APPLIED, words.NOT_AS_ORDERED)
        try:
            async with _lease(order):
                sent = await send(order)
                return await self._ask(order, sent) if sent.state is OutcomeState.UNKNOWN else sent
        except Held as held:
            by = held.holder.run_name or words.ANOTHER_RUN
            taken = words.TARGET_TAKEN.format(run=by, target=order.effect.target)
            return outcome(OutcomeState.NOT_APPLIED, taken)

    async def _ask(self, order: EffectOrder, unknown: Outcome) -> Outcome:
        """Nobody can know what became of it: tell the run, and wait for a person's word."""
        sent_at, shown = order.admission.admitted_at, order.shown
        self._outcome = unknown.model_copy(update={"at": sent_at, "arguments": shown})
        news = EffectNews(effect=order.effect.key, text=unknown.text, at=sent_at, arguments=shown)
        # A run that has ended can't be told; its operator finds this workflow open, and can resolve it.
        with suppress(FailureError):
            await workflow.get_external_workflow_handle(order.run_id).signal(EFFECT_UNKNOWN, news)
        await workflow.wait_condition(lambda: self._resolution is not None)
        said = self._resolution
        assert said is not None
        return Outcome(state=said.state, text=said.reason or unknown.text, at=said.at, by=said.by)

    @workflow.signal(dynamic=True)
    def hear(self, name: str, args: Sequence[RawValue]) -> None:
        """Only a resolution, and only while the outcome is unknown. Never raises."""
        if name != EFFECT_RESOLVED or self._outcome is None or self._resolution is not None or len(args) != 1:
            return
        with suppress(Exception):
            self._resolution = workflow.payload_converter().from_payload(args[0].payload, Resolution)

    @workflow.query
    def state(self) -> Outcome | None:
        """UNKNOWN while a person is asked; None before, and once somebody gave their word."""
        return None if self._resolution else self._outcome


@asynccontextmanager
async def _lease(order: EffectOrder) -> AsyncIterator[None]:
    """Hold the target. Raises `Held`. Should this workflow be ended from outside, the server ends the lease.

    An earlier execution of this effect, before an operator reset it, may have left us its lease: then it is not told
    to us that it ends, nor may we speak to it as to a child.
    """
    name, lease = lease_id(order.effect.target), None
    try:
        lease = await workflow.start_child_workflow(
            Lease.run,
            id=name,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.TERMINATE,
            memo=Lease.memo(Holder(run_name=order.run_name, run_id=order.run_id, effect=order.effect.key)),
        )
    except WorkflowAlreadyStartedError:
        held = await _holder(name)
        if held.effect != order.effect.key:
            raise Held(held) from None
    yield
    with suppress(FailureError):
        await workflow.get_external_workflow_handle(name).signal(Lease.RELEASE)
    if lease is not None:
        # Ended before we close, so that the next effect on this target finds it free.
        with suppress(TimeoutError):
            await workflow.wait_condition(lease.done, timeout=RELEASED)


async def _holder(lease: str) -> Holder:
    try:
        return await outside.who_holds(lease)
    except ActivityError:
        # That it is held is known; by whom is a courtesy.
        return Holder(run_name="", run_id="")
