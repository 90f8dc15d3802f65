"""A door in front of a store that counts what passes: round trips, and for Postgres the statements.

It counts outside the code that is measured, so that it serves every version of it.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.process_system import free_port

CHUNK = 65_536
HEAD = 5  # a message of Postgres: a letter, and four bytes of length that count themselves
COMPLETED = ord("C")  # CommandComplete, sent once a statement


@dataclass
class Counts:
    """What passed so far: requests that waited for an answer, and statements that Postgres
    completed.
    """

    trips: int = 0
    statements: int = 0


class Statements:
    """Counts the statements that Postgres completed, in the bytes that it sends on a connection."""

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False

    def completed_in(self, data: bytes) -> int:
        """How many statements are reported as completed by messages that end in these bytes."""
        if not self._begun:
            data = data.lstrip(
                b"N"
            )  # "no" to TLS and to GSSAPI: bare letters before the first message
            self._begun = bool(data)
        self._rest += data
        place, found = 0, 0
        while len(self._rest) - place >= HEAD:
            end = place + 1 + int.from_bytes(self._rest[place + 1 : place + HEAD], "big")
            if end > len(self._rest):
                break
            found += self._rest[place] == COMPLETED
            place = end
        self._rest = self._rest[place:]
        return found


class Proxy:
    """Passes connections on to the server of a URL; `url` is the same with the proxy's port."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.counts = Counts()
        self.port = free_port()
        self.url = url.replace(f":{parts.port}", f":{self.port}", 1)
        self._server = (parts.hostname or "", parts.port or 0)
        self._speaks_sql = parts.scheme.startswith("postgres")

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._connect, "127.0.0.1", self.port)

    async def _connect(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        server, forth = await asyncio.open_connection(*self._server)
        line = _ProxyConnection(self.counts, Statements() if self._speaks_sql else None)
        try:
            await asyncio.gather(line.pass_requests(client, forth), line.pass_answers(server, back))
        finally:
            forth.close()
            back.close()


class _ProxyConnection:
    """One connection through a proxy."""

    def __init__(self, counts: Counts, statements: Statements | None) -> None:
        self._counts = counts
        self._statements = statements
        self._asked = False

    async def pass_requests(
        self, client: asyncio.StreamReader, forth: asyncio.StreamWriter
    ) -> None:
        async for data in _chunks(client, forth):
            self._asked = True
            forth.write(data)

    async def pass_answers(self, server: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        async for data in _chunks(server, back):
            self._counts.trips += self._asked
            self._asked = False
            if self._statements:
                self._counts.statements += self._statements.completed_in(data)
            back.write(data)


async def _chunks(
    source: asyncio.StreamReader, target: asyncio.StreamWriter
) -> AsyncIterator[bytes]:
    """What comes until the connection ends; then the other side ends, too."""
    with suppress(ConnectionError):
        while data := await source.read(CHUNK):
            yield data
    target.close()


@contextmanager
def proxies(*urls: str) -> Iterator[list[Proxy]]:
    """A proxy for each URL, all on a thread of their own."""
    made = [Proxy(url) for url in urls]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[asyncio.Server] = []
    try:
        servers = [asyncio.run_coroutine_threadsafe(one.serve(), loop).result(10) for one in made]
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(servers), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end_all(servers: list[asyncio.Server]) -> None:
    """End the connections that are still open."""
    for server in servers:
        server.close()
    open_ones = asyncio.all_tasks() - {asyncio.current_task()}
    for task in open_ones:
        task.cancel()
    await asyncio.gather(*open_ones, return_exceptions=True)
    await asyncio.sleep(0)  # what was closed lets its socket go in the loop's next round
