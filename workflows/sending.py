"""Sends one effect as its class allows. What can't be told from an error is asked of the tool, or is unknown."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, TimeoutType
from temporalio.exceptions import TimeoutError as TimeoutFailure

from . import outside, words
from .values.effect import EffectOrder, Outcome, OutcomeState, Verified
from .values.tools import EffectClass

LOOKS = (timedelta(0), timedelta(seconds=5), timedelta(seconds=15))
"""Between the looks for an effect: absent in all of them is absent."""
MOST_RESENDS = 2
CANT_TELL = timedelta(minutes=30)
"""For how long a tool that can't tell is asked again."""
LONGEST_PAUSE = timedelta(minutes=5)


async def send(order: EffectOrder) -> Outcome:
    """One effect to its outcome. UNKNOWN when only people can tell."""
    match order.effect.contract.effect_class:
        case EffectClass.IDEMPOTENT:
            return await _attempt(outside.apply_with_key, order)
        case EffectClass.VERIFIABLE:
            return await _send_and_verify(order)
        case EffectClass.AT_MOST_ONCE:
            return await _attempt(outside.apply_once, order)


async def _attempt(step: outside.Step[EffectOrder, Outcome], order: EffectOrder) -> Outcome:
    try:
        summary = words.ON.format(tool=order.effect.call.tool, target=order.effect.target)
        return await step(order, summary=summary, team=order.effect.contract.queue)
    except ActivityError as error:
        cause = error.cause
        if isinstance(cause, TimeoutFailure) and cause.type is TimeoutType.SCHEDULE_TO_START:
            return outcome(OutcomeState.NOT_APPLIED, words.NO_WORKER)
        return outcome(OutcomeState.UNKNOWN, _why_unknown(cause))


async def _send_and_verify(order: EffectOrder) -> Outcome:
    """Sent again only when the tool itself says, more than once, that our key's effect is not there."""
    for resent in range(MOST_RESENDS + 1):
        sent = await _attempt(outside.apply_once, order)
        if sent.state is not OutcomeState.UNKNOWN and not resent:
            return sent
        # That this sending was refused, or went well, says nothing of an earlier one that came in late.
        found = await _found(order, absences=len(LOOKS) if sent.state is OutcomeState.UNKNOWN else 1)
        if found.count is None or found.count > 1:
            times = words.THERE_MORE_THAN_ONCE.format(count=found.count) if found.count else found.text
            return outcome(OutcomeState.UNKNOWN, f"{sent.text} {times}")
        if sent.state is OutcomeState.APPLIED:
            return sent
        if found.count == 1:
            return outcome(OutcomeState.APPLIED, words.IT_IS_THERE.format(text=found.text))
        if sent.state is OutcomeState.NOT_APPLIED:
            return sent
    return outcome(OutcomeState.UNKNOWN, words.IT_IS_NOT_THERE.format(times=MOST_RESENDS + 1))


async def _found(order: EffectOrder, absences: int) -> Verified:
    """Ask until it is there, or was absent as often as *absences*; a count of None when the tool can't tell."""
    contract = order.effect.contract.verify
    assert contract is not None
    await workflow.sleep(contract.settle_seconds)
    give_up = workflow.now() + CANT_TELL
    absent, pause = 0, LOOKS[-1]
    while True:
        await workflow.sleep(LOOKS[min(absent, len(LOOKS) - 1)])
        found = await _look(order)
        if found.count:
            return found
        if found.count is None:
            if workflow.now() >= give_up:
                return found
            await workflow.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        absent += 1
        if absent >= absences:
            return found


async def _look(order: EffectOrder) -> Verified:
    try:
        summary = words.LOOK_FOR.format(tool=order.effect.call.tool)
        return await outside.verify(order, summary=summary, team=order.effect.contract.queue)
    except ActivityError as error:
        why = str(getattr(error.cause, "message", None) or error.cause or error)
        return Verified(count=None, text=words.NOT_VERIFIED.format(why=why))


def _why_unknown(cause: BaseException | None) -> str:
    if isinstance(cause, TimeoutFailure):
        return words.WORKER_LOST
    return str(getattr(cause, "message", None) or cause or words.REPLY_LOST)


def outcome(state: OutcomeState, text: str) -> Outcome:
    """One that was learned just now."""
    return Outcome(state=state, text=text, at=workflow.now())
