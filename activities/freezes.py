"""What is frozen now. Temporal itself knows what people declared: a freeze is an open workflow, its memo says why."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from workflows import outside
from workflows.freeze import Freeze
from workflows.outside import carries_out
from workflows.rules.digests import freeze_id
from workflows.values.freeze import FreezeAnswer, FreezeOrder, FreezeQuestion, Frozen
from workflows.values.spec import FreezeWindow

from .windows import BadWindow, on_the_clock, opening

PATIENCE = timedelta(seconds=5)
"""For one question to Temporal."""
UNEXPLAINED = "nobody said why"


def _now() -> datetime:
    return datetime.now(UTC)


class Freezes:
    """A failure raises: then the answer is *not now*, never *it is not frozen*."""

    def __init__(self, client: Client, now: Callable[[], datetime] = _now) -> None:
        self._client = client
        self._now = now

    @carries_out(outside.frozen)
    async def frozen(self, question: FreezeQuestion) -> FreezeAnswer:
        """All that holds changes to this environment: of everything, of itself, and windows."""
        names = dict.fromkeys(("", question.environment))
        declared = await asyncio.gather(*(self._declared(name) for name in names))
        now = self._now()
        by_the_clock = [self._window(window, question.environment, now) for window in question.windows]
        found = tuple(each for each in (*declared, *by_the_clock) if each is not None)
        return FreezeAnswer(freezes=found, asked_at=now)

    async def _declared(self, environment: str) -> Frozen | None:
        workflow_id = freeze_id(environment)
        try:
            described = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        if described.status is not WorkflowExecutionStatus.RUNNING:
            return None
        unexplained = FreezeOrder(environment=environment, reason=UNEXPLAINED)
        order = await described.memo_value(Freeze.MEMO, unexplained, type_hint=FreezeOrder)
        return Frozen.declared(workflow_id, order, described.start_time)

    def _window(self, window: FreezeWindow, environment: str, now: datetime) -> Frozen | None:
        if window.environments and not any(fnmatchcase(environment, each) for each in window.environments):
            return None
        try:
            found = opening(window, now)
        except BadWindow as error:
            # `handrail check` refuses it; a run that was pinned to it elsewhere must not slip through.
            raise ApplicationError(f"the freeze window {window.name!r}: {error}", type="Permanent") from None
        if found is None:
            return None
        return Frozen(
            environment=environment if window.environments else "",
            reason=f"the window “{window.name}” until {on_the_clock(window, found.until)}",
            since=found.since,
            until=found.until,
        )
