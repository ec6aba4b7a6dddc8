"""What a run makes of an event: it ends one wait, or came in vain."""

from . import revising
from .journal import Journal
from .rules import own_tools
from .values.run import OpenCall
from .values.signals import Event
from .values.view import WaitKind
from .values.waits import WaitForEvent


def hear(journal: Journal, event: Event) -> None:
    """Judged as it comes in, for it asks nobody anything. Never raises.

    Only what was waited for is remembered as had: the mailbox sends the rest once more to whoever subscribes again.
    """
    memory = journal.memory
    if event.delivery in memory.seen:
        return
    at = next((at for at, known in enumerate(memory.open) if _waits_for(known, event)), None)
    if at is None:
        if event.revises:
            # The mailbox sends it once more to whoever subscribes again.
            journal.inbox.remember(event.delivery)
        revising.by_event(journal, event)
        return
    known = memory.open[at]
    assert known.wait is not None
    memory.open[at] = known.model_copy(update={"wait": known.wait.model_copy(update={"event": event})})
    journal.inbox.remember(event.delivery)
    call = str(known.call.number)
    journal.audit("happened", f"{event.source}: {event.key}", call=call, delivery=event.delivery)
    journal.touch()


def _waits_for(known: OpenCall, event: Event) -> bool:
    wait = known.wait
    if wait is None or wait.kind is not WaitKind.EVENT or wait.event is not None:
        return False
    wanted = own_tools.wish(known.call.tool, known.call.arguments)
    return isinstance(wanted, WaitForEvent) and own_tools.fits(wanted, event)
