"""What an approval waits for: people, its deadline, a channel that has to be told, the end of a freeze."""

from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from . import words
from .docket import Docket, alert_slot
from .freeze import Freeze
from .journal import Journal
from .rules.approval import emergencies
from .values.approval import Approval, ApprovalState
from .values.freeze import Frozen
from .values.view import AlertKind

GRACE = timedelta(seconds=30)
"""How long after the deadline a click made before it may still arrive."""
TOGETHER = timedelta(minutes=1)
"""What falls due within this time is told in one message."""
LOOK_AGAIN = timedelta(hours=1)
"""A freeze tells the runs it holds when it ends; one that was ended from outside can't."""


async def decided(journal: Journal, name: str) -> Approval:
    """Wait, for as long as it takes, for the quorum or for an end. Times are compared, not raced."""
    approvals = journal.memory.approvals
    while (approval := approvals[name]).state is ApprovalState.OPEN:
        await _until_it_differs(journal, approval)
    return approval


async def _until_it_differs(journal: Journal, approval: Approval) -> None:
    """Until it was decided on, or its deadline was set, or the next thing is due."""
    approvals, deadline = journal.memory.approvals, approval.deadline
    due = _next(journal, approval)
    patience = None if due is None else max(due[0] - workflow.now(), timedelta(0))

    def differs() -> bool:
        now = approvals[approval.id]
        return now.state is not ApprovalState.OPEN or now.deadline != deadline

    what = "" if due is None else due[1].value if due[1] else "expires"
    try:
        summary = words.WAIT_OF_APPROVAL.format(id=approval.id, due=what)
        await workflow.wait_condition(differs, timeout=patience, timeout_summary=summary)
    except TimeoutError:
        # What was clicked in time may have come in together with the timer: it is judged first.
        await journal.inbox.judged_so_far()
        late = approvals[approval.id]
        if late.state is not ApprovalState.OPEN or due is None:
            return
        _come_due(journal, late, due[1])


def _next(journal: Journal, approval: Approval) -> tuple[datetime, AlertKind | None] | None:
    """What comes due next, and when; no kind for the expiry. None before its card was posted."""
    if approval.deadline is None:
        return None
    to_come = _to_come(journal, approval)
    return min(to_come) if to_come else (approval.deadline + GRACE, None)


def _to_come(journal: Journal, approval: Approval) -> list[tuple[datetime, AlertKind]]:
    """When people are to be told again of what still waits for them, as far as they were not."""
    rule = approval.rule
    if approval.deadline is None or approval.state is not ApprovalState.OPEN:
        return []
    posted = approval.deadline - rule.expires_after
    alerts = [(posted + (rule.remind_after or rule.expires_after / 2), AlertKind.REMINDER)]
    if rule.escalation is not None:
        alerts.append((posted + rule.escalation.after, AlertKind.ESCALATION))
    told = journal.memory.alerts
    return [
        (at, kind)
        for at, kind in alerts
        if at < approval.deadline and alert_slot(kind, approval.id) not in told
    ]


def _come_due(journal: Journal, approval: Approval, kind: AlertKind | None) -> None:
    if kind is None:
        Docket(journal).end(approval, ApprovalState.EXPIRED, words.NOBODY_DECIDED)
        return
    # Each change has a timer of its own, and those of one card may have been shown a moment apart.
    for each in list(journal.memory.approvals.values()):
        for at, due in _to_come(journal, each):
            if at <= workflow.now() + TOGETHER:
                _tell(journal, each, due)


def _tell(journal: Journal, approval: Approval, kind: AlertKind) -> None:
    rule = approval.rule
    if kind is AlertKind.ESCALATION and rule.escalation is not None:
        Docket(journal).alert(kind, approval, tell=rule.escalation.tell, channel=rule.escalation.channel)
    else:
        Docket(journal).alert(kind, approval, tell=rule.approvers)


async def told(journal: Journal, name: str) -> Approval:
    """As it is once nobody approves alone in silence: each emergency's channel was told, or that vote fell away."""
    memory = journal.memory

    def silent() -> bool:
        approval = memory.approvals[name]
        slots = [alert_slot(AlertKind.BREAK_GLASS, name, vote) for vote in emergencies(approval)]
        return not approval.state.ended and any(slot not in memory.cards for slot in slots)

    await workflow.wait_condition(lambda: not silent())
    return memory.approvals[name]


async def thawed(journal: Journal, frozen: tuple[Frozen, ...], approval: Approval | None = None) -> None:
    """Until a freeze has ended, people said otherwise, or it is time to look again."""
    memory, before = journal.memory, journal.memory.thaws
    known = approval and memory.approvals[approval.id]
    until = workflow.now() + LOOK_AGAIN
    if known and known.deadline is not None and known.deadline > workflow.now():
        until = min(until, known.deadline)
    for each in frozen:
        if each.until is not None:
            until = min(until, each.until)
        if each.id and not await _hold(each.id):
            return
    with suppress(TimeoutError):
        await workflow.wait_condition(
            lambda: (
                memory.thaws != before
                or journal.stopped
                or (approval is not None and memory.approvals[approval.id] != known)
            ),
            timeout=max(until - workflow.now(), timedelta(0)),
            timeout_summary=words.STILL_FROZEN,
        )


async def _hold(freeze: str) -> bool:
    """Ask to be told of its end. False: it has ended."""
    try:
        handle = workflow.get_external_workflow_handle(freeze)
        await handle.signal(Freeze.HOLD, workflow.info().workflow_id)
    except FailureError:
        return False
    return True
