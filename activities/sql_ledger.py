"""The table in which a change's key is kept, in the same transaction as the change: so it is made exactly once."""

from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from workflows.rules.canonical import canonical, parse
from workflows.values.base import Json

NAME = "handrail_effects"
_METADATA = MetaData()
LEDGER = Table(
    NAME,
    _METADATA,
    Column("key", String(255), primary_key=True),
    Column("tool", String(255), nullable=False),
    Column("request", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("result", Text, nullable=False),
)
"""`request` is a digest of the tool and its arguments."""


def exists(database: Engine | Connection) -> bool:
    return inspect(database).has_table(NAME)


def create(engine: Engine) -> None:
    """Does nothing where it is there already."""
    _METADATA.create_all(engine)


def take(connection: Connection, key: str, tool: str, request: str) -> bool:
    """Write the key down; False where it stands there already, and then this transaction is of no more use.

    Where another transaction is about to write the same key, this waits for its end.
    """
    now = datetime.now(UTC)
    try:
        connection.execute(insert(LEDGER).values(key=key, tool=tool, request=request, at=now, result=""))
    except IntegrityError:
        return False
    return True


def keep(connection: Connection, key: str, result: Json) -> None:
    connection.execute(update(LEDGER).where(LEDGER.c.key == key).values(result=canonical(result)))


def find(connection: Connection, key: str) -> dict[str, Json] | None:
    row = connection.execute(select(LEDGER).where(LEDGER.c.key == key)).mappings().one_or_none()
    return _read(row) if row is not None else None


def _read(row: RowMapping) -> dict[str, Json]:
    at = row["at"]
    assert isinstance(at, datetime)
    return {
        "key": str(row["key"]),
        "tool": str(row["tool"]),
        "request": str(row["request"]),
        "at": at.isoformat(),
        "result": parse(str(row["result"])),
    }
