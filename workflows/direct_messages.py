"""Who wants cards in direct messages too."""

from temporalio import workflow


@workflow.defn(name="DirectMessages")
class DirectMessages:
    """While it is open, one person wants them: its id says who, and there is nothing else to know.

    It is terminated when they want them no more: that needs no worker, and loses nothing.
    """

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)
