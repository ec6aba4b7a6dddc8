"""What a view needs to know beside its value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True)
class Look:
    """How this deployment's cards look."""

    plan: bool = True
    """The server draws `plan` blocks."""
    temporal_ui: str = ""
    """Up to and with the namespace: `https://temporal.example/namespaces/default`."""
    command: str = "/handrail"
    feedback: bool = True
    """The server draws `context_actions` blocks."""
    undone: Mapping[int, str] = field(default_factory=dict)
    """Changes of the run that were undone since, by the number of the call: the name of the run that did."""

    def temporal_link(self, run_id: str) -> str:
        return (
            f"{self.temporal_ui.rstrip('/')}/workflows/{quote(run_id, safe='')}" if self.temporal_ui else ""
        )
