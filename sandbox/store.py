"""The workspace on disk: one SQLite file that a restarted sandbox reads back."""

import json
import sqlite3
from pathlib import Path
from typing import Literal

from sandbox.json_types import Json

Kind = Literal["message", "channel", "session", "home"]


class Store:
    """Records of a few kinds, each a JSON object under a key; every change is written through at once."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A laptop's power cut may cost the last message of a stand-in; an fsync per message is not worth it.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS record (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key))"
        )

    def all(self, kind: Kind) -> dict[str, Json]:
        rows = self._db.execute("SELECT key, body FROM record WHERE kind = ? ORDER BY key", (kind,))
        return {key: json.loads(body) for key, body in rows}

    def put(self, kind: Kind, key: str, body: Json) -> None:
        self._db.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (kind, key, json.dumps(body)))

    def drop(self, kind: Kind, key: str) -> None:
        self._db.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))

    def close(self) -> None:
        self._db.close()
