"""Group commit: one thread writes what many requests brought, in one transaction, and each request waits for its own commit.

One commit a request stored a third of what this stores on the same machine. The queue is bounded: when it is full the caller
is told at once, so that Meta delivers again later and the process stays healthy.
"""

import os
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import structlog
from psycopg2.extras import execute_values, register_uuid
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from gatte.intake.rows import EventRow, MessageRow, Rows, StatusRow

log = structlog.get_logger(__name__)
register_uuid()  # type: ignore[no-untyped-call]

WAITING_LIMIT = 512  # bodies that may wait for a commit
ROWS_A_COMMIT = 5_000
PATIENCE_SECONDS = 10.0

INSERTS: dict[type, str] = {
    MessageRow: """INSERT INTO inbox_message
        (phone_number_id, wamid_hash, sender_hash, kind, immediate, payload, request_id, sent_at)
        VALUES %s ON CONFLICT (phone_number_id, wamid_hash) DO NOTHING""",
    StatusRow: """INSERT INTO status_event
        (phone_number_id, wamid_hash, outbox_id, status, error_code, error_details, billable, category, at) VALUES %s""",
    EventRow: "INSERT INTO webhook_event (field, phone_number_id, payload) VALUES %s",
}


class NotStored(Exception):
    """The rows are not in the database; the sender should try again later."""


class Overloaded(NotStored):
    """Too many bodies wait for a commit already."""


class Unstorable(Exception):
    """The database refuses these rows, and will again."""


@dataclass
class _Waiting:
    rows: Rows
    done: "Future[None]" = field(default_factory=Future)


class Writer:
    """Stores rows; safe to use from many threads, and in every process that a server forks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._start = threading.Lock()
        self._pid = 0
        self._queue: queue.Queue[_Waiting] = queue.Queue(WAITING_LIMIT)

    def store(self, rows: Rows) -> None:
        """Return when the rows are committed; Overloaded, NotStored or Unstorable when they are not."""
        if not len(rows):
            return
        self._ensure_running()
        waiting = _Waiting(rows)
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise Overloaded("too many bodies are waiting to be stored") from None
        try:
            waiting.done.result(PATIENCE_SECONDS)
        except FutureTimeoutError:
            raise NotStored("the database did not commit in time") from None

    def _ensure_running(self) -> None:
        if self._pid == os.getpid():
            return
        with self._start:
            if self._pid != os.getpid():
                self._queue = queue.Queue(WAITING_LIMIT)
                threading.Thread(target=self._run, name="inbox-writer", daemon=True).start()
                self._pid = os.getpid()

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            try:
                self._write_together(batch)
            except Exception as error:  # noqa: BLE001 - the thread must live: whoever waits gets the error
                for waiting in batch:
                    if not waiting.done.done():
                        waiting.done.set_exception(NotStored(type(error).__name__))

    def _next_batch(self) -> list[_Waiting]:
        batch = [self._queue.get()]
        rows = len(batch[0].rows)
        while rows < ROWS_A_COMMIT:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
            rows += len(batch[-1].rows)
        return batch

    def _write_together(self, batch: list[_Waiting]) -> None:
        """Write a batch in one transaction; when the data of one body is refused, each body in one of its own."""
        together = Rows()
        for waiting in batch:
            together.extend(waiting.rows)
        try:
            self._write(together)
        except Unstorable:
            for waiting in batch:
                self._write_alone(waiting)
            return
        for waiting in batch:
            waiting.done.set_result(None)

    def _write_alone(self, waiting: _Waiting) -> None:
        try:
            self._write(waiting.rows)
        except (Unstorable, NotStored) as error:
            waiting.done.set_exception(error)
        else:
            waiting.done.set_result(None)

    def _write(self, rows: Rows) -> None:
        try:
            connection = self._engine.raw_connection()
        except DBAPIError as error:
            raise NotStored("no connection to the database") from error
        try:
            _insert_all(connection, rows)
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            connection.invalidate()
            log.warning("inbox_not_stored", error=type(error).__name__, sqlstate=getattr(error, "pgcode", None))
            raise NotStored("the database went away") from error
        except (psycopg2.DataError, psycopg2.IntegrityError, ValueError) as error:
            connection.rollback()
            raise Unstorable(type(error).__name__) from error
        except psycopg2.Error as error:
            connection.rollback()
            log.warning("inbox_not_stored", error=type(error).__name__, sqlstate=getattr(error, "pgcode", None))
            raise NotStored("the database refused") from error
        finally:
            connection.close()


def _insert_all(connection: Any, rows: Rows) -> None:  # noqa: ANN401 - a pooled psycopg2 connection
    with connection.cursor() as cursor:
        # sorted, so that two processes that store the same messages meet in the same order and cannot deadlock
        ordered: list[MessageRow] = sorted(rows.messages, key=lambda row: (row.phone_number_id, row.wamid_hash))
        _insert(cursor, MessageRow, ordered)
        _insert(cursor, StatusRow, rows.statuses)
        _insert(cursor, EventRow, rows.events)
    connection.commit()


def _insert(cursor: Any, kind: type, rows: Sequence[MessageRow] | list[StatusRow] | list[EventRow]) -> None:  # noqa: ANN401 - psycopg2's cursor
    if rows:
        execute_values(cursor, INSERTS[kind], rows, page_size=1000)
