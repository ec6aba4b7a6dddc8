"""Tools as a package of somebody's own would have them."""

import asyncio
import sys
import threading
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from handrail.tools import NothingDone, tool

scaled: dict[str, tuple[str, int]] = {}
"""By key: the far end of `scale`."""
hang = threading.Event()


@tool
async def scale(service: str, replicas: Annotated[int, Field(ge=0, le=9)], key: str) -> dict[str, int]:
    """Scales a service."""
    if service == "absent":
        raise NothingDone("there is no service absent")
    scaled[key] = (service, replicas)
    if service == "flaky":
        raise ConnectionError("the reply was lost")
    return {"replicas": replicas}


@scale.preview
async def _(service: str, replicas: int) -> dict[str, object]:
    return {"service": service, "to": replicas}


@scale.verify
def _(key: str) -> dict[str, bool]:
    return {"found": key in scaled}


@tool
def where(since: date, tags: list[str] | None = None) -> list[str]:
    """In a thread."""
    return [threading.current_thread().name, since.isoformat(), *(tags or ())]


@tool
async def odd(how: str) -> Any:
    match how:
        case "exit":
            sys.exit("bye")
        case "hang":
            await asyncio.Event().wait()
        case "text":
            return "\ud800 said"
        case "thing":
            return object()
    return None


@tool
def stuck() -> None:
    hang.wait(30)
