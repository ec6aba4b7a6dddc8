"""For packages of Python tools (docs/python-tools.md).

@tool
async def scale(service: str, replicas: int, key: str) -> dict[str, int]: ...
"""

from activities.python_tools import NothingDone, tool

__all__ = ["NothingDone", "tool"]
