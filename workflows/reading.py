"""Calls that only read: carried out at once, and left when the run changes course."""

from collections.abc import Coroutine
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from . import outside, pinning, words
from .journal import Journal, Stopped
from .rules.outputs import NoSuchPart, wanted
from .rules.policy import Allowed, permit_read
from .values.calls import Call, CallResult, Ended
from .values.steps import ReadResult
from .values.tools import ToolContract


async def read(journal: Journal, call: Call, contract: ToolContract, verdict: Allowed) -> CallResult:
    return await _looked(journal, call, _pinned_read(journal, call, contract, verdict), contract)


async def _pinned_read(journal: Journal, call: Call, contract: ToolContract, verdict: Allowed) -> ReadResult:
    permitted = permit_read(call, contract, verdict, await pinning.pinned(journal, contract))
    step = outside.read(permitted, summary=call.tool, team=contract.queue)
    return await journal.unless_stopped(step)


async def read_output(journal: Journal, call: Call) -> CallResult:
    """No rule is asked: it reads nothing but what this run was told already."""
    try:
        part = wanted(call.arguments, journal.transcript())
    except NoSuchPart as problem:
        return ended(call, Ended.FAILED, words.CALLED_WRONGLY.format(tool=call.tool, problem=problem))
    step = outside.read_output(part, summary=call.tool)
    return await _looked(journal, call, journal.unless_stopped(step))


def ended(call: Call, how: Ended, text: str) -> CallResult:
    return CallResult(call=call.number, ended=how, text=text, at=workflow.now())


async def _looked(
    journal: Journal,
    call: Call,
    looking: Coroutine[Any, Any, ReadResult],
    contract: ToolContract | None = None,
) -> CallResult:
    """What came of a step that only reads."""
    journal.memory.doing = call.title or call.tool
    try:
        got = await looking
    except Stopped:
        return ended(call, Ended.WITHDRAWN, words.CHANGED_COURSE_READ)
    except ActivityError as error:
        return ended(call, Ended.FAILED, str(getattr(error.cause, "message", None) or error.cause or error))
    if got.changed and contract is not None:
        pinning.changed(journal, contract, got.text)
        return ended(call, Ended.REFUSED, got.text)
    result = ended(call, Ended.OK if got.ok else Ended.FAILED, got.text)
    return result.model_copy(update={"structured": got.structured, "output": got.output})
