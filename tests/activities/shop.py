"""A shop's database, as an operator declares it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from activities.sql_dialects import engine_of
from activities.sql_server import SqlServer
from activities.sql_tools import SqlSettings, SqlTool

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
ORDER = "select id, state from orders where id = :id"
TOOLS = {
    "find_orders": SqlTool(
        "Orders of a customer.",
        {"customer": TEXT, "state": TEXT},
        optional=("state",),
        query="select id, state from orders where customer = :customer"
        " and state = coalesce(:state, state) order by id",
        max_rows=2,
    ),
    "cancel": SqlTool(
        "Cancels an open order.",
        {"id": NUMBER},
        statements=("update orders set state = 'cancelled' where id = :id and state = 'open'",),
        shows=ORDER,
        expect_rows=1,
    ),
    "cancel_all": SqlTool(
        "Cancels all open orders of a customer.",
        {"customer": TEXT},
        statements=("update orders set state = 'cancelled' where customer = :customer returning id",),
        max_rows=2,
    ),
    "twice": SqlTool(
        "Opens an order that is there already.",
        {"id": NUMBER},
        statements=(
            "update orders set state = 'seen'",
            "insert into orders (id, customer, state) values (:id, 'ann', 'open')",
        ),
    ),
}


@dataclass
class Shop:
    """Its books, and a way to them."""

    url: str
    tools: dict[str, SqlTool]

    @property
    def settings(self) -> SqlSettings:
        return SqlSettings("shop", self.url, {**TOOLS, **self.tools})

    @property
    def engine(self) -> Engine:
        return engine_of(self.settings)

    def through(self, address: str) -> "Shop":
        """The same database, by another way."""
        host = self.url.partition("@")[2].partition("/")[0]
        return Shop(self.url.replace(host, address), self.tools)

    def open(self) -> None:
        with self.engine.begin() as books:
            for table in ("orders", "handrail_effects"):
                books.execute(text(f"drop table if exists {table}"))
            books.execute(text("create table orders (id int primary key, customer text, state text)"))
            for number in (1, 2, 3):
                row = {"id": number, "customer": "ann" if number < 3 else "o'bob"}
                books.execute(text("insert into orders values (:id, :customer, 'open')"), row)

    def states(self) -> list[str]:
        return self.ask("select state from orders order by id")

    def keys(self) -> list[str]:
        return self.ask("select key from handrail_effects")

    def ask(self, sql: str) -> list[Any]:
        with self.engine.connect() as books:
            return [row[0] for row in books.execute(text(sql))]


class LosesTheCommit:
    """A wire to a database that breaks just when the answer to the first COMMIT would come back."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self.lost = 0

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        committing = False

        async def there() -> None:
            nonlocal committing
            while data := await reader.read(65536):
                committing = committing or (b"COMMIT" in data and not self.lost)
                far_writer.write(data)
            far_writer.close()

        async def back() -> None:
            while data := await far_reader.read(65536):
                if committing:
                    self.lost += 1
                    break
                writer.write(data)
            writer.close()
            far_writer.close()

        await asyncio.gather(there(), back(), return_exceptions=True)


async def opened(shop: Shop) -> SqlServer:
    """With its ledger."""
    server = SqlServer(shop.settings)
    await server.create_ledger()
    return server
