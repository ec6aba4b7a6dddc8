"""Where the demo keeps its state: one folder, used by one demo at a time."""

import fcntl
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from pydantic import BaseModel, ValidationError

from .config import home_named_by
from .trouble import Trouble

LOOPBACK = "127.0.0.1"
TEMPORAL, SANDBOX, BOT, WORKER = "Temporal", "Slack", "bot", "worker"
"""The parts, by the names that people see."""


class Ports(BaseModel):
    """Where the parts listen; the same again at the next start, as far as they are free."""

    page: int = 8410
    temporal: int = 7243
    temporal_ui: int = 8243


class Home:
    """`.handrail/`: databases, logs, process ids, ports."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    @classmethod
    def named_by(cls, environ: Mapping[str, str]) -> Self:
        return cls(home_named_by(environ))

    @property
    def temporal_database(self) -> Path:
        return self.path / "temporal.sqlite"

    @property
    def workspace(self) -> Path:
        return self.path / "workspace.sqlite"

    @property
    def fleet(self) -> Path:
        """Named in `handrail.yaml` too."""
        return self.path / "fleet.sqlite"

    def log(self, part: str) -> Path:
        return self.path / "logs" / f"{part}.log"

    def pid_file(self, part: str) -> Path:
        """Holds the process id of a part for as long as it runs."""
        return self.path / "pids" / part

    def open(self) -> None:
        """Make it, and take it. Raises `Trouble` where another demo has it, or it can't be written."""
        try:
            for folder in (self.path / "logs", self.path / "pids"):
                folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / "lock").open("w", encoding="utf-8")
        except OSError as error:
            raise Trouble(f"The folder {self.path} can't be used: {error.strerror}.") from None
        if not _try_lock(self._lock):
            raise Trouble(f"A demo already runs in {self.path}: its page is at {self.page_url()}")

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def in_use(self) -> bool:
        """Does a demo run here now?"""
        try:
            with (self.path / "lock").open("r+", encoding="utf-8") as lock:
                return not _try_lock(lock)
        except OSError:
            return False

    def page_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports().page}/"

    def ports(self) -> Ports:
        """As written down last, or the usual ones."""
        try:
            return Ports.model_validate_json((self.path / "ports.json").read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return Ports()

    def choose_ports(self, page: int | None = None) -> Ports:
        """The ports for this start, written down. A taken one is replaced, but never one that somebody asked for.

        Raises `Trouble` where the *page* port asked for is taken.
        """
        if page is not None and not is_free(page):
            raise Trouble(f"Port {page} is taken: stop what listens there, or choose another with --port.")
        wanted = self.ports().model_dump() | ({} if page is None else {"page": page})
        chosen = Ports(**{name: port if is_free(port) else free_port() for name, port in wanted.items()})
        self.write_ports(chosen)
        return chosen

    def write_ports(self, ports: Ports) -> None:
        (self.path / "ports.json").write_text(ports.model_dump_json(), encoding="utf-8")


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def free_ports() -> Ports:
    """Others than the usual ones."""
    return Ports(page=free_port(), temporal=free_port(), temporal_ui=free_port())


def read_pid(file: Path) -> int | None:
    """The process id in *file*, if that process is there."""
    try:
        pid = int(file.read_text(encoding="utf-8"))
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid
