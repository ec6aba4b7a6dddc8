"""Calls that only read: carried out at once, and left when the run changes course."""

from collections.abc import Coroutine
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from . import outside
from .journal import Journal, Stopped
from .rules.outputs import NoSuchPart, wanted
from .values.calls import Call, CallResult, Ended
from .values.steps import PermittedRead, ReadResult


async def read(journal: Journal, permitted: PermittedRead) -> CallResult:
    call = permitted.call
    return await _looked(journal, call, outside.read(permitted, summary=call.tool))


async def read_output(journal: Journal, call: Call) -> CallResult:
    """No rule is asked: it reads nothing but what this run was told already."""
    try:
        part = wanted(call.arguments, journal.transcript())
    except NoSuchPart as problem:
        return ended(call, Ended.FAILED, f"{call.tool} can't be called like that: {problem}.")
    return await _looked(journal, call, outside.read_output(part, summary=call.tool))


def ended(call: Call, how: Ended, text: str) -> CallResult:
    return CallResult(call=call.number, ended=how, text=text, at=workflow.now())


async def _looked(journal: Journal, call: Call, step: Coroutine[Any, Any, ReadResult]) -> CallResult:
    """What came of a step that only reads."""
    journal.memory.doing = call.title or call.tool
    try:
        got = await journal.unless_stopped(step)
    except Stopped:
        return ended(call, Ended.WITHDRAWN, "The run changed course before this was read.")
    except ActivityError as error:
        return ended(call, Ended.FAILED, str(getattr(error.cause, "message", None) or error.cause or error))
    result = ended(call, Ended.OK if got.ok else Ended.FAILED, got.text)
    return result.model_copy(update={"structured": got.structured, "output": got.output})
