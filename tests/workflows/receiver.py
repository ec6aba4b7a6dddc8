"""A stand-in for a run: it keeps what a mailbox sends to it."""

from temporalio import workflow

from workflows.values.signals import Event


@workflow.defn
class Receiver:
    def __init__(self) -> None:
        self._had: list[str] = []

    @workflow.run
    async def run(self, enough: int | str) -> list[str]:
        """So many, or that one."""
        await workflow.wait_condition(lambda: enough in (len(self._had), *self._had))
        return self._had

    @workflow.signal
    def event(self, event: Event) -> None:
        self._had.append(event.delivery)

    @workflow.update
    async def has(self, number: int) -> None:
        await workflow.wait_condition(lambda: len(self._had) >= number)
