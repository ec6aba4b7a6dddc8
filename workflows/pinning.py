"""What a run's tools are is what they were when it first saw them: one that becomes another is not called."""

from temporalio.exceptions import ActivityError

from . import outside
from .journal import Journal
from .values.steps import PinOrder
from .values.tools import Pins, ToolContract


async def pin(journal: Journal, tools: tuple[ToolContract, ...]) -> None:
    """Look at those that were not seen yet. Raises Stopped.

    A server that is away is no reason to wait: its tools are looked at when they are called for.
    """
    memory = journal.memory
    unseen = tuple(each for each in tools if len(journal.pins_of(each)) < len({*each.names}))
    if not unseen:
        return
    try:
        seen = await journal.unless_stopped(outside.pin(PinOrder(tools=unseen)))
    except ActivityError as error:
        journal.audit("not_pinned", str(error.cause or error))
    else:
        # What another call saw meanwhile came first, and counts.
        memory.pins = {**seen.pins, **memory.pins}


async def pinned(journal: Journal, contract: ToolContract) -> Pins:
    """What its tools were when this run first saw them, which may be now. Raises Stopped."""
    await pin(journal, (contract,))
    return journal.pins_of(contract)


def changed(journal: Journal, contract: ToolContract, why: str) -> None:
    """People are told, once for each tool."""
    if contract.name not in journal.memory.changed_tools:
        journal.memory.changed_tools.append(contract.name)
        journal.audit("tool_changed", why, tool=contract.name)
        for person in journal.memory.requesters:
            journal.tell(person, why)
