"""What Slack's errors mean: wait, look before repeating, or have somebody mend it."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from .errors import RateLimited, Refused, SlackError, Uncertain

MAYBE_DONE = frozenset(
    {
        "fatal_error",
        "internal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "accesslimited",
    }
)


def named_error(method: str, error: SlackApiError) -> SlackError:
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    code = data.get("error", "") if isinstance(data, dict) else ""
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        return RateLimited(method, _retry_after(getattr(response, "headers", {})))
    if status >= 500 or code in MAYBE_DONE or not code:
        return Uncertain(method, code or f"http_{status}")
    return Refused(method, code)


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds; Slack sends a whole number."""
    value = next((headers[name] for name in headers if name.lower() == "retry-after"), "")
    try:
        return min(max(float(value), 1.0), 3600.0)
    except (TypeError, ValueError):
        return 30.0
