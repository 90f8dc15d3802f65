"""Is this database behind its erasure ledger? Asked at every start, before anything is served.

A database that lacks an entry of the ledger (an older backup was restored, whatever tool did it, or
an erasure died half-way) carries it out first. One that knows more than the ledger, or another
ledger, must not be served: somebody has to put the right file in its place.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from gatte import services
from gatte.data_rights import erasure_ledger
from gatte.data_rights.erasure_ledger import ErasureLedger, LedgerEntry, LedgerUnusable
from gatte.extensions import db
from gatte.infra.schema import PreflightFailed
from gatte.infra.schema.runner import connected
from gatte.settings import EX_CONFIG, Settings

if TYPE_CHECKING:
    from gatte.data_rights.erasure import ErasedContact

log = structlog.get_logger(__name__)

REPLAY_COMMAND = (sys.executable, "-m", "flask", "erasures", "replay")


class LedgerMismatch(Exception):
    """The ledger is not that of this database; the message says what to do."""


class Applied(NamedTuple):
    """An entry that the database carried out."""

    ledger_id: UUID
    sequence: int
    digest: bytes


class _Check:
    """Whether the database of this process was compared with its ledger."""

    is_pending = False


def missing_entries(
    written: ErasureLedger | None, applied: Sequence[Applied]
) -> tuple[LedgerEntry, ...]:
    """The entries of the ledger that the database lacks; LedgerMismatch when the two do not belong
    together.
    """
    if written is None and not applied:
        return ()
    if written is None:
        raise LedgerMismatch(
            f"the database has carried out {len(applied)} erasures, and there is no erasure ledger"
            " at GATTE_ERASURE_LEDGER: put the file back"
        )
    digests = {entry.sequence: entry.digest for entry in written.entries}
    for row in applied:
        if row.ledger_id != written.id:
            raise LedgerMismatch(
                "the erasure ledger at GATTE_ERASURE_LEDGER belongs to another database:"
                " all hosts must use the one file of this installation"
            )
        if digests.get(row.sequence) != row.digest:
            raise LedgerMismatch(
                f"the erasure ledger lacks entry {row.sequence}, which the database has carried"
                " out: put the newest copy of the file back"
            )
    done = {row.sequence for row in applied}
    return tuple(entry for entry in written.entries if entry.sequence not in done)


def replay_missing() -> "Iterator[ErasedContact]":
    """Carry out what this database lacks, one erasure after the other; the caller commits each.
    LedgerUnusable or LedgerMismatch before anything is changed.
    """
    # here, since the start of the web server needs the rest of this module alone
    from gatte.data_rights import erasure
    from gatte.store import erasures

    written = erasure_ledger.read(services.settings().erasure_ledger)
    applied = [
        Applied(row.ledger_id, row.sequence, bytes(row.digest)) for row in erasures.list_applied()
    ]
    for entry in missing_entries(written, applied):
        if written is not None:
            yield erasure.replay(written, entry)


def require_applied_ledger(settings: Settings) -> None:
    """End the process with exit code 78 and one clear line when its database is behind the ledger
    and cannot be brought up to it. A database that is away now is compared at its first answer.
    """
    try:
        is_behind = bool(_missing_in(settings))
    except (PreflightFailed, OperationalError, InterfaceError):
        log.warning("ledger_check_waits_for_database")
        _Check.is_pending = True
        return
    except (LedgerUnusable, LedgerMismatch) as problem:
        _refuse(str(problem))
    if is_behind:
        log.warning("database_behind_erasure_ledger")
        if subprocess.run(REPLAY_COMMAND, check=False).returncode != 0:  # noqa: S603 - our own command
            _refuse("the erasures that this database lacks could not be carried out")


def _missing_in(settings: Settings) -> tuple[LedgerEntry, ...]:
    with connected(settings.database_url.get_secret_value()) as connection:
        rows = connection.execute(
            text("SELECT ledger_id, sequence, digest FROM applied_erasure ORDER BY sequence")
        )
        applied = [Applied(row.ledger_id, row.sequence, bytes(row.digest)) for row in rows]
    return missing_entries(erasure_ledger.read(settings.erasure_ledger), applied)


def _refuse(problem: str) -> NoReturn:
    log.error("erasure_ledger_refused", problem=problem)
    sys.stderr.write(f"gatte: {problem}\n")
    raise SystemExit(EX_CONFIG)


def guard_first_connection(app: Flask, settings: Settings) -> None:
    """Compare database and ledger with the first connection of a process that started while the
    database was away. One that is behind ends the process, whose next start brings it up.
    """
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "first_connect")
    def _connected(*_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's arguments
        if not _Check.is_pending:
            return
        _Check.is_pending = False
        try:
            is_behind = bool(_missing_in(settings))
        except (LedgerUnusable, LedgerMismatch) as problem:
            log.critical("erasure_ledger_refused", problem=str(problem))
            is_behind = True
        except (PreflightFailed, DBAPIError):
            _Check.is_pending = True
            return
        if is_behind:
            os._exit(EX_CONFIG)
