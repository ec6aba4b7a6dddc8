"""What a view needs to know beside its value."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Look:
    """How this deployment's cards look."""

    plan: bool = True
    """The server draws `plan` blocks."""
    temporal_ui: str = ""
    """Up to and with the namespace: `https://temporal.example/namespaces/default`."""
    command: str = "/handrail"

    def temporal_link(self, run_id: str) -> str:
        return (
            f"{self.temporal_ui.rstrip('/')}/workflows/{quote(run_id, safe='')}" if self.temporal_ui else ""
        )
