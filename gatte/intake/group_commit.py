"""Group commit: one thread writes what many requests brought, in one transaction, and each request
waits for its own commit.

While a batch is being committed the next one gathers, and in a busy process a few milliseconds
longer. One statement of the driver carries a whole batch and its commit.

The queue is bounded: when it is full the caller is told at once, so that Meta delivers again later
and the process stays healthy.
"""

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg2
import structlog
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from gatte.intake.webhook_rows import WebhookRows
from gatte.store import inbox

log = structlog.get_logger(__name__)

MAX_PENDING = 512  # bodies that may wait for a commit
MAX_ROWS_PER_COMMIT = 5_000
WRITE_TIMEOUT_SECONDS = 10.0
# between two commits of a busy process: the price of one is shared by more, and nobody waits long
COMMIT_INTERVAL_SECONDS = 0.012

New = Mapping[str, int]
"""How many messages were not there before, by kind."""


class StorageUnavailable(Exception):
    """The rows are not in the database; the sender should try again later."""


class Backpressure(StorageUnavailable):
    """Too many bodies wait for a commit already."""


class RejectedRows(Exception):
    """The database refuses these rows, and will again."""


class _PendingWrite:
    """The rows of one body, and a lock that is given back when what became of them is known."""

    __slots__ = ("error", "known", "rows")

    def __init__(self, rows: WebhookRows) -> None:
        self.rows = rows
        self.error: Exception | None = None
        self.known = threading.Lock()  # an event, at a tenth of its price
        self.known.acquire()

    def end(self, error: Exception | None = None) -> None:
        self.error = error
        self.known.release()


class GroupCommitWriter:
    """Stores rows; safe to use from many threads, and in every process that a server forks.

    `stored` is told the rows of each body of a batch and what of them is new, after those who
    brought them were let go.
    """

    def __init__(
        self, engine: Engine, stored: Callable[[Sequence[WebhookRows], New], None] | None = None
    ) -> None:
        self._engine = engine
        self._stored = stored
        self._start = threading.Lock()
        self._pid = 0
        self._queue: queue.SimpleQueue[_PendingWrite] = queue.SimpleQueue()
        self._connection: Any = None

    def store(self, rows: WebhookRows) -> None:
        """Return when the rows are committed.

        Raises Backpressure, StorageUnavailable or RejectedRows when they are not.
        """
        if not len(rows):
            return
        self._ensure_running()
        if self._queue.qsize() >= MAX_PENDING:
            raise Backpressure("too many bodies are waiting to be stored")
        waiting = _PendingWrite(rows)
        self._queue.put(waiting)
        if not waiting.known.acquire(timeout=WRITE_TIMEOUT_SECONDS):
            raise StorageUnavailable("the database did not commit in time")
        if waiting.error is not None:
            raise waiting.error

    def _ensure_running(self) -> None:
        if self._pid == os.getpid():
            return
        with self._start:
            if self._pid != os.getpid():
                self._queue = queue.SimpleQueue()
                self._connection = None
                threading.Thread(target=self._run, name="inbox-writer", daemon=True).start()
                self._pid = os.getpid()

    def _run(self) -> None:
        ended = 0.0
        while True:
            first = self._queue.get()
            early = ended + COMMIT_INTERVAL_SECONDS - time.monotonic()
            if early > 0:
                time.sleep(early)
            self._write_batch_or_split(self._next_batch(first))
            ended = time.monotonic()

    def _next_batch(self, first: _PendingWrite) -> list[_PendingWrite]:
        batch = [first]
        rows = len(batch[0].rows)
        while rows < MAX_ROWS_PER_COMMIT and not self._queue.empty():
            batch.append(self._queue.get())
            rows += len(batch[-1].rows)
        return batch

    def _write_batch_or_split(self, batch: Sequence[_PendingWrite]) -> None:
        """Write a batch in one transaction; when the data of one body is refused, each body in one
        of its own.
        """
        error, new = self._attempt(batch)
        if isinstance(error, RejectedRows) and len(batch) > 1:
            for waiting in batch:
                self._write_batch_or_split([waiting])
            return
        for waiting in batch:
            waiting.end(error)
        if error is None and self._stored is not None:
            self._stored([waiting.rows for waiting in batch], new)

    def _attempt(self, batch: Sequence[_PendingWrite]) -> tuple[Exception | None, New]:
        try:
            return None, self._write([waiting.rows for waiting in batch])
        except (StorageUnavailable, RejectedRows) as error:
            return error, {}
        except Exception as error:  # the thread must live: whoever waits gets the error
            log.exception("inbox_writer_failed")
            return StorageUnavailable(type(error).__name__), {}

    def _write(self, bodies: Sequence[WebhookRows]) -> New:
        statement, values = inbox.insert_statement(
            [row for body in bodies for row in body.messages],
            [row for body in bodies for row in body.statuses],
            [row for body in bodies for row in body.events],
        )
        known = self._connection is not None
        try:
            return self._execute(statement, values)
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            lost = self._forget_if_lost()
            # a connection that was lost while nobody wrote says nothing of the database now
            if not (known and lost):
                raise _not_stored(error) from error
            return self._write(bodies)
        except (psycopg2.DataError, psycopg2.IntegrityError, ValueError) as error:
            raise RejectedRows(type(error).__name__) from error
        except (psycopg2.Error, SQLAlchemyError) as error:
            raise _not_stored(error) from error

    def _execute(self, statement: str, values: Sequence[object]) -> New:
        if self._connection is None:
            pooled = self._engine.raw_connection()
            pooled.detach()  # it is kept, and the pool is whole again
            self._connection = pooled.dbapi_connection
            self._connection.autocommit = True  # what is sent together is one transaction
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return dict(cursor.fetchall()) if cursor.description else {}

    def _forget_if_lost(self) -> bool:
        if self._connection is None or not self._connection.closed:
            return False
        self._connection = None
        return True


def _not_stored(error: Exception) -> StorageUnavailable:
    log.warning(
        "inbox_write_failed", error=type(error).__name__, sqlstate=getattr(error, "pgcode", None)
    )
    return StorageUnavailable("the database does not take it now")
