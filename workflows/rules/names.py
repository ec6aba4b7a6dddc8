"""Identities are derived, not stored: the same thing twice is then the same run."""

import hashlib
import re

LONGEST = 40


def run_id(team: str, occasion: str) -> str:
    """The workflow id of the run that *occasion* (a trigger id or event id: what Slack repeats) starts."""
    return f"run/{team}/{hashlib.sha256(f'{team}/{occasion}'.encode()).hexdigest()[:24]}"


def slug(goal: str, agent: str) -> str:
    """What a run is called, without its number: `deploy-checkout`."""
    words = re.findall(r"[a-z0-9]+", goal.lower().replace("'", ""))
    kept = [word for word in words if word not in {"the", "a", "an", "to", "in", "is", "of", "please"}][:2]
    return "-".join(kept)[:LONGEST].strip("-") or agent


def fallback_number(workflow_id: str) -> str:
    """In place of a number when nobody can count: short, and the same for the same run."""
    return hashlib.sha256(workflow_id.encode()).hexdigest()[:4]
