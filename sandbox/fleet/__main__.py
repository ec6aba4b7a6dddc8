"""`python -m sandbox.fleet --database PATH`: serve the demo fleet over stdio."""

import argparse
import asyncio
import os
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


class UsageError(Exception):
    """The settings are wrong. The text is one line, for a person."""


@dataclass(frozen=True)
class Settings:
    database: Path
    actor: str
    roll_seconds: float

    @classmethod
    def read(cls, arguments: list[str], environment: Mapping[str, str]) -> Self:
        """Raises UsageError."""
        parser = argparse.ArgumentParser(prog="python -m sandbox.fleet", description=__doc__)
        parser.add_argument(
            "--database", help="the SQLite file (or FLEET_DATABASE); made where there is none"
        )
        given = parser.parse_args(arguments).database or environment.get("FLEET_DATABASE")
        if not given:
            raise UsageError("which database? Give --database PATH or set FLEET_DATABASE")
        database = Path(given)
        if not database.parent.is_dir():
            raise UsageError(f"the folder of {database} does not exist")
        return cls(
            database=database,
            actor=environment.get("FLEET_ACTOR") or "handrail",
            roll_seconds=_seconds(environment.get("FLEET_ROLL_SECONDS") or "0.4"),
        )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 60:
        raise UsageError(f"FLEET_ROLL_SECONDS is {text!r}, not a number of seconds from 0 to 60")
    return seconds


def serve(settings: Settings) -> None:
    """Raises UsageError where the database can't be used."""
    # Only now: the protocol's library takes most of the start, and a wrong setting should be told at once.
    from sandbox.fleet import server  # noqa: PLC0415
    from sandbox.fleet.boots import Boot  # noqa: PLC0415
    from sandbox.fleet.database import Author, Database  # noqa: PLC0415
    from sandbox.fleet.schema import NotAFleetError  # noqa: PLC0415

    try:
        with Database.open(settings.database) as database, Boot(settings.database) as boot:
            fleet = server.Fleet(database, Author(settings.actor, boot.id), settings.roll_seconds)
            asyncio.run(server.serve(fleet))
    except (NotAFleetError, sqlite3.OperationalError, PermissionError) as error:
        raise UsageError(f"can't use {settings.database}: {error}") from error


def main() -> None:
    try:
        serve(Settings.read(sys.argv[1:], os.environ))
    except UsageError as error:
        print(f"demo fleet: {error}", file=sys.stderr)  # noqa: T201 - this is what stderr is for
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
