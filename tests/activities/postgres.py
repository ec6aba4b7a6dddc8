"""A real PostgreSQL: Debian's package, in a folder of its own, as somebody who is not root."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/no-postgresql"))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def postgres() -> Iterator[str]:
    """Its address: host, port and database."""
    if not (BIN / "postgres").exists():
        pytest.skip("there is no PostgreSQL here: Debian's package `postgresql` has it")
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    folder, port = Path(tempfile.mkdtemp(prefix="postgres-")), _free_port()
    try:
        if user:
            shutil.chown(folder, user)
        data = str(folder / "data")
        initdb = [str(BIN / "initdb"), "-D", data, "-A", "trust", "-U", "handrail", "--no-sync", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=folder)
        control = [str(BIN / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log")]
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        subprocess.run(
            [*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder
        )
        try:
            yield f"127.0.0.1:{port}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, user=user)
    finally:
        shutil.rmtree(folder)
