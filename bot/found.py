"""A run as Temporal's own record knows it, worker or no worker."""

from datetime import datetime

from workflows.values.base import Value
from workflows.values.run import RunSummary


class Found(Value):
    run_id: str
    """Workflow id."""
    open: bool
    closed_as: str = ""
    """How Temporal says it closed: `completed`, `terminated`, `failed`, `timed out`, `canceled`."""
    started_at: datetime
    closed_at: datetime | None = None
    summary: RunSummary | None = None
    """Its memo; None for one that never wrote any."""
