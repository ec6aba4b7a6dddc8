"""The one alias for what crosses Slack's wire: JSON objects, typed only where we read them."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
