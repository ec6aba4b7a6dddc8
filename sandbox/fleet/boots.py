"""Which server processes are alive: each holds a lock on a file beside the database for as long as it lives.

The system lets go of the lock however the process ends, kill -9 included, so this can't be wrong the way a heartbeat
or a remembered process id can.
"""

import fcntl
import os
import time
import uuid
from pathlib import Path
from typing import Self

SWEPT_AFTER = 60.0  # seconds: a younger file may belong to a process that is about to lock it


def _lock_file(database: Path, boot: str) -> Path:
    return database.with_name(f"{database.name}-boot-{boot}")


class Boot:
    """The life of one server process."""

    def __init__(self, database: Path) -> None:
        """Raises OSError where the database's folder can't be written."""
        self.id = uuid.uuid4().hex
        self._file = _lock_file(database, self.id)
        self._lock = os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600)
        # Nobody else knows this name yet, so this never waits.
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._lock, f"{os.getpid()}\n".encode())  # for a person who wonders

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.unlink(missing_ok=True)
        os.close(self._lock)


def alive(database: Path, boot: str) -> bool:
    try:
        lock = os.open(_lock_file(database, boot), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def bury(database: Path, boot: str) -> None:
    """Clear away what a dead process left."""
    _lock_file(database, boot).unlink(missing_ok=True)


def sweep(database: Path) -> None:
    """Clear away what dead processes left that had nothing unfinished."""
    for lock in database.parent.glob(f"{database.name}-boot-*"):
        boot = lock.name.removeprefix(f"{database.name}-boot-")
        if time.time() - lock.stat().st_mtime > SWEPT_AFTER and not alive(database, boot):
            bury(database, boot)
