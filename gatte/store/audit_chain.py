"""The audit trail as a chain: an entry that was changed, taken out or put in by hand is found.

Each entry has the next number, and a MAC (HMAC-SHA256) over itself and the MAC of the entry before.
Its key is derived from the look-up key, so who can write to the database but has no master key can
forge none. Subject and details have a MAC of their own, which the entry's MAC covers: an erasure
may empty them, and the chain still fits.

Entries get their place when the transaction commits, under an advisory lock that is held for that
moment alone: it is the last lock that a transaction takes. What the bot does in a turn is noted
outside the chain, so no turn waits for it. A chain cannot tell that its newest entries are missing:
`log_chained` notes each of them in the log.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import event, func, select, text, update
from sqlalchemy.orm import Session

from gatte.extensions import db
from gatte.models import AuditEntry
from gatte.models import keyring as opened_keys
from gatte.privacy import crypto

log = structlog.get_logger(__name__)

LOCK = 4_170_017  # of pg_advisory_xact_lock: one for each purpose in this database
FIRST = b"\0" * 32
ERASED = "erased:"
"""How the subject of an entry begins whose person was erased."""
BOT_ACTIONS = frozenset({"muted", "data_corrected", "memory.forget", "identity_code_sent"})
BATCH = 1000
NOTED_DIGITS = 16
LOGGED_DIGITS = 24
"""Hex digits of a MAC in the log: of so many none are taken for a phone and masked."""
PENDING = "unchained_audit_entries"
LAST_SQL = text("""
    SELECT clock_timestamp() AS now, coalesce(last.number, 0) AS number, last.mac
    FROM (SELECT 1) AS always
    LEFT JOIN LATERAL (
        SELECT number, mac FROM audit_entry WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1
    ) AS last ON true
""")


@dataclass(frozen=True)
class ChainReport:
    """What a check of the whole chain found: how many entries fit, how many were emptied by an
    erasure, the numbers of the first and the last, the MAC of the last, and a line a problem.
    """

    entries: int
    erased: int
    outside: int
    first: int | None
    last: int | None
    mac: str
    problems: list[str]


def chain_at_commit(entry: AuditEntry) -> None:
    """Let an entry be stored as the next of the chain when the session commits."""
    db.session().info.setdefault(PENDING, []).append(entry)


@event.listens_for(db.session, "before_commit")
def _chain_pending(session: Session) -> None:
    entries: list[AuditEntry] = session.info.pop(PENDING, [])
    if not entries:
        return
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    last = session.execute(LAST_SQL).one()
    number = last.number
    mac = bytes(last.mac) if number else FIRST
    for entry in entries:
        number += 1
        entry.number = number
        entry.created_at = last.now
        entry.previous_mac = mac
        entry.content_mac = _content_mac(entry)
        mac = entry.mac = _entry_mac(entry)
        session.add(entry)
    session.flush()
    for entry in entries:
        log_chained(entry)


@event.listens_for(db.session, "after_rollback")
def _forget_pending(session: Session) -> None:
    session.info.pop(PENDING, None)


def log_chained(entry: AuditEntry) -> None:
    """Note an entry's number and MAC in the log, where whoever changes the database cannot reach
    them.
    """
    shortened = (entry.mac or b"").hex()[:LOGGED_DIGITS]
    log.info("audit_entry_chained", number=entry.number, mac=shortened, action=entry.action)


def verify() -> ChainReport:
    """Check every entry of the chain in its order, and those that claim to be outside it."""
    problems: list[str] = []
    first: AuditEntry | None = None
    before: AuditEntry | None = None
    count = erased = 0
    for entry in _in_order():
        first = first or entry
        count += 1
        problems += _problems_of(entry, before)
        if entry.subject.startswith(ERASED):
            erased += 1
        before = entry
    outside, foreign = _count_outside()
    if foreign:
        problems.append(f"{foreign} entries stand outside the chain and are none of the bot's")
    return ChainReport(
        entries=count,
        erased=erased,
        outside=outside,
        first=first.number if first else None,
        last=before.number if before else None,
        mac=before.mac.hex() if before and before.mac else "",
        problems=problems,
    )


class BrokenChain(Exception):
    """The chain does not fit under the key before: it is not made anew over a change by hand."""


def renew(former: bytes, following: bytes) -> int:
    """Make every MAC anew under the look-up key that follows, in this transaction; how many there
    were, 0 when that was done before. BrokenChain when an entry does not fit under the former one.
    """
    db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    changed = 0
    before: AuditEntry | None = None
    mac = FIRST
    for entries in _batches():
        if before is None and entries[0].mac == _entry_mac(entries[0], following):
            return 0
        values = []
        for entry in entries:
            if problems := _problems_of(entry, before, former):
                raise BrokenChain(problems[0])
            fresh = _renewed(entry, mac if before else entry.previous_mac or FIRST, following)
            values.append(fresh)
            mac = fresh["mac"]
            before = entry
        db.session.execute(update(AuditEntry), values)
        changed += len(values)
    log.info("audit_chain_renewed", entries=changed, mac=mac.hex()[:LOGGED_DIGITS])
    return changed


def _renewed(entry: AuditEntry, previous: bytes, key: bytes) -> dict[str, Any]:
    """The MACs of an entry under another key; that of a content which an erasure emptied stays."""
    content = entry.content_mac if _is_emptied(entry) else _content_mac(entry, key)
    copied = AuditEntry(
        number=entry.number,
        previous_mac=previous,
        content_mac=content,
        user_id=entry.user_id,
        action=entry.action,
        created_at=entry.created_at,
    )
    mac = _entry_mac(copied, key)
    return {"id": entry.id, "previous_mac": previous, "content_mac": content, "mac": mac}


def has_entry(number: int, mac: str) -> bool:
    """Whether the chain has an entry of that number whose MAC begins with these hex digits."""
    found = db.session.scalar(select(AuditEntry.mac).where(AuditEntry.number == number))
    return found is not None and len(mac) >= NOTED_DIGITS and found.hex().startswith(mac.lower())


def _problems_of(
    entry: AuditEntry, before: AuditEntry | None, key: bytes | None = None
) -> list[str]:
    problems = []
    expected = before.number + 1 if before and before.number else entry.number
    if entry.number != expected:
        problems.append(f"entry {expected}: is missing (the next one is {entry.number})")
    elif before is not None and entry.previous_mac != before.mac:
        problems.append(f"entry {entry.number}: does not follow entry {before.number}")
    if before is None and entry.number == 1 and entry.previous_mac != FIRST:
        problems.append("entry 1: is not the beginning")
    if entry.mac != _entry_mac(entry, key):
        problems.append(f"entry {entry.number}: was changed")
    if not _is_emptied(entry) and entry.content_mac != _content_mac(entry, key):
        problems.append(f"entry {entry.number}: its subject or details were changed")
    return problems


def _is_emptied(entry: AuditEntry) -> bool:
    return entry.subject.startswith(ERASED) and not entry.details


def _in_order() -> Iterator[AuditEntry]:
    """All entries of the chain by number."""
    for entries in _batches():
        yield from entries


def _batches() -> Iterator[Sequence[AuditEntry]]:
    """The entries of the chain by number, read in batches that are forgotten again."""
    after = 0
    while True:
        query = select(AuditEntry).where(AuditEntry.number > after)
        entries = db.session.scalars(query.order_by(AuditEntry.number).limit(BATCH)).all()
        if not entries:
            return
        after = entries[-1].number or 0
        yield entries
        db.session.expunge_all()


def _count_outside() -> tuple[int, int]:
    """Entries outside the chain: all of them, and those that were added since there is a chain and
    are not the bot's.
    """
    begin = select(func.min(AuditEntry.id)).where(AuditEntry.number.is_not(None))
    outside = select(func.count()).where(AuditEntry.number.is_(None))
    by_person = AuditEntry.user_id.is_not(None) | AuditEntry.action.not_in(BOT_ACTIONS)
    foreign = outside.where(AuditEntry.id > begin.scalar_subquery(), by_person)
    return db.session.scalar(outside) or 0, db.session.scalar(foreign) or 0


def _content_mac(entry: AuditEntry, key: bytes | None = None) -> bytes:
    return _mac("content", [entry.subject, entry.details], key)


def _entry_mac(entry: AuditEntry, key: bytes | None = None) -> bytes:
    covered = [
        entry.number,
        (entry.previous_mac or b"").hex(),
        (entry.content_mac or b"").hex(),
        entry.user_id,
        entry.action,
        entry.created_at.timestamp(),
    ]
    return _mac("entry", covered, key)


def _mac(kind: str, values: list[Any], lookup_key: bytes | None = None) -> bytes:
    """A MAC under the present look-up key, or the one that is given."""
    chosen = lookup_key or opened_keys().lookup_key
    key = crypto.derived_key(chosen.hex(), "audit chain")
    spelled = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return crypto.keyed_hash(key, kind, spelled)
