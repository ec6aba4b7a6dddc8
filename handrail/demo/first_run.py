"""So that the page is not empty: somebody asks for a report, as anybody could."""

from contextlib import suppress

from sandbox.client import Person, PersonError

WHO, WHERE, WHAT = "U0CAROL", "C0OPS", "report on staging"
PATIENCE = 10.0
"""Seconds. It is a nicety: the demo goes on without it."""


async def is_fresh(page: str) -> bool:
    """Has nobody said anything in this workspace yet?"""
    async with Person(page, WHO) as person:
        return not await person.messages(WHERE)


async def first_run(page: str, command: str) -> None:
    """Type a command, and wait until it is answered."""
    async with Person(page, WHO) as person:
        with suppress(PersonError, TimeoutError):
            await person.say(WHERE, f"{command} {WHAT}")
            await person.sees(WHERE, "healthy", PATIENCE)
