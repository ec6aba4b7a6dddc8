"""A wire that a test can cut."""

import asyncio
from types import TracebackType
from typing import Self


class Proxy:
    """Carries bytes to *host:port*. While `cut`, nobody gets through and no connection lives."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._wires: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.mend(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def mend(self, port: int | None = None) -> None:
        self._server = await asyncio.start_server(
            self._carry, "127.0.0.1", self.port if port is None else port
        )
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        self._server.close()
        for wire in list(self._wires):
            wire.cancel()
        await asyncio.gather(*self._wires, return_exceptions=True)
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._wires.add(task)
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self._wires.discard(task)
            for each in (writer, far_writer):
                each.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
