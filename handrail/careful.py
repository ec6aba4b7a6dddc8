"""A worker that no query leads astray.

The server hands a query out beside workflow tasks. When it reaches a worker that has to load the run first, the
history it comes with may go on behind the last workflow task; the SDK's core applies that too, and keeps the run in
its cache (sdk-core, history_update.rs: a query-only task takes an incomplete sequence of events for a whole one). The
next workflow task then goes on from a state that no history leads to, and what it records can't be replayed by
anybody: the run is wedged for good. Seen under kill -9, and made to happen at will in tests/proof/test_careful.py.

Whether what was new to a run belonged to a task or to a query, nobody tells this side. So a run is forgotten as soon
as a query was answered after something new; its next task loads it anew, which costs milliseconds for every hundred
events. A run that nothing happens to is loaded once, however often it is asked.
"""

from collections.abc import Callable
from typing import Any, cast

from temporalio import workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import Worker, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

Forget = Callable[[str], None]
"""Takes a Temporal run id."""


class CarefulRunner(WorkflowRunner):
    """Runs workflows as *runner* does. Tell it its worker, with `belongs_to`, before that runs."""

    def __init__(self, runner: WorkflowRunner) -> None:
        self._runner = runner
        self._forget: Forget | None = None

    def belongs_to(self, worker: Worker) -> None:
        # There is no public way yet.
        self._forget = worker._bridge_worker.request_workflow_eviction  # noqa: SLF001

    def prepare_workflow(self, defn: workflow._Definition) -> None:
        self._runner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(self, types: Any) -> None:
        self._runner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        assert self._forget is not None
        return cast("WorkflowInstance", _Watched(self._runner.create_instance(det), self._forget))


class _Watched:
    """One run in the cache. All but `activate` is the instance's own."""

    def __init__(self, instance: WorkflowInstance, forget: Forget) -> None:
        self._instance = instance
        self._forget = forget
        self._has_news = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        jobs = {job.WhichOneof("variant") for job in act.jobs}
        if jobs & {"query_workflow", "remove_from_cache"}:
            done = self._instance.activate(act)
            if self._has_news and "query_workflow" in jobs:
                self._forget(act.run_id)
            return done
        self._has_news = not act.is_replaying
        return self._instance.activate(act)
