"""Look-up hashes made anew, table by table: each from the sealed value beside it.

A hash that is of the key that follows already is left as it is, so a pass may be broken off and
begun again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gatte import services
from gatte.extensions import db
from gatte.intake import contact_identity, receive
from gatte.media import sealed_files
from gatte.media.sealed_files import MediaUnreadable
from gatte.models import Certificate, Contact, IdentityKind, MediaFile, Message, Outbox
from gatte.models.name_words import name_words
from gatte.privacy import crypto
from gatte.store import lookup_hashes
from gatte.store.lookup_hashes import NO_ID, HashMove
from gatte.whatsapp.events import Sender
from gatte.whatsapp.simulator import SIMULATOR_NUMBER

BATCH = 500
NUMBERS = ("", SIMULATOR_NUMBER)


class UnknownHashes(Exception):
    """Contacts are found by hashes whose value is stored nowhere; the message says what to do."""


@dataclass(frozen=True)
class LookupKey:
    """One look-up key, in place of the keyring's."""

    key: bytes

    def lookup_hash(self, kind: str, value: str) -> bytes:
        """The hash of a value of a kind under this key."""
        return crypto.keyed_hash(self.key, kind, value)


@dataclass
class RotationReport:
    """What a pass over all tables did: hashes made anew by table, and those that cannot be, since
    their value is stored nowhere.
    """

    changed: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)

    def count(self, table: str, *, changed: bool, unknown: bool) -> None:
        """Count a hash that was looked at."""
        self.changed[table] = self.changed.get(table, 0) + changed
        self.unknown[table] = self.unknown.get(table, 0) + unknown


@dataclass(frozen=True)
class LookupRotation:
    """The look-up key before and the one that follows, and what was done so far."""

    former: LookupKey
    following: LookupKey
    report: RotationReport = field(default_factory=RotationReport)

    def move(self, kind: str, value: str) -> HashMove:
        """The hashes of a value under both keys."""
        return HashMove(
            self.former.lookup_hash(kind, value), self.following.lookup_hash(kind, value)
        )

    def renewed(self, table: str, held: bytes | None, move: HashMove) -> bytes | None:
        """The hash that a row shall hold instead of `held`, counted."""
        was_former = held == move.former
        self.report.count(table, changed=was_former, unknown=held not in {*move, None})
        return move.following if was_former else held


def renew_all(
    rotation: LookupRotation, tell: Callable[[str], None], *, forget_unknown: bool
) -> None:
    """One pass over all tables, a batch a transaction. What is processed is found by its message,
    so that the inbox goes with that.
    """
    _inbox(rotation)
    tell("inbox done")
    for model, renew in STEPS:
        _in_batches(model, renew, rotation)
        tell(f"{model.__tablename__} done")
    _identities(rotation, forget_unknown=forget_unknown)
    tell("contact_identity done")


def _in_batches(
    model: type[Any], renew: Callable[[LookupRotation, Any], None], rotation: LookupRotation
) -> None:
    after: UUID = NO_ID
    while rows := lookup_hashes.lock_batch(model, after, BATCH):
        after = rows[-1].id
        services.keyring().preload({row.data_key_id for row in rows if row.data_key_id})
        renew(rotation, rows)
        db.session.commit()
        db.session.expunge_all()


def _inbox(rotation: LookupRotation) -> None:
    """Messages with their payload, which is sealed with the hash: it is sealed anew."""
    after = 0
    while rows := lookup_hashes.lock_inbox(after, BATCH):
        after = rows[-1].id
        for row in rows:
            try:
                payload = receive.decrypt_payload(row.wamid_hash, row.payload or b"")
            except crypto.DecryptionFailed:
                continue  # its day's key is gone: nobody can read it any more
            move = rotation.move("wamid", payload["wamid"])
            if rotation.renewed("inbox_message", row.wamid_hash, move) == row.wamid_hash:
                continue
            sender = Sender(**payload["sender"])
            row.sender_hash = contact_identity.sender_hash(
                sender, rotation.following, row.phone_number_id
            )
            row.wamid_hash = move.following
            row.payload = receive.seal_payload(move.following, payload)
        db.session.commit()
        db.session.expunge_all()


def _messages(rotation: LookupRotation, rows: list[Message]) -> None:
    _by_wamid(rotation, rows, beside="inbox_message")


def _outbox(rotation: LookupRotation, rows: list[Outbox]) -> None:
    _by_wamid(rotation, rows, beside="status_event")


def _by_wamid(rotation: LookupRotation, rows: Sequence[Message | Outbox], *, beside: str) -> None:
    """Rows that know the id which Meta gave a message, and those of the table `beside` that hold
    its hash alone.
    """
    moves = [
        (row, rotation.move("wamid", row.wamid)) for row in rows if row.wamid and row.wamid_hash
    ]
    lookup_hashes.move_wamids(beside, [move for _, move in moves])
    for row, move in moves:
        row.wamid_hash = rotation.renewed(row.__tablename__, row.wamid_hash, move)


def _certificates(rotation: LookupRotation, rows: list[Certificate]) -> None:
    for row in rows:
        if row.document and row.document_hash:
            move = rotation.move("document", row.document)
            row.document_hash = rotation.renewed("certificate", row.document_hash, move)


def _names(rotation: LookupRotation, rows: list[Contact]) -> None:
    for row in rows:
        if not row.name or row.name_words is None:
            continue
        fresh = name_words(row.name, rotation.following)
        is_former = row.name_words != fresh
        rotation.report.count("contact", changed=is_former, unknown=False)
        if is_former:
            row.name_words = fresh


def _media(rotation: LookupRotation, rows: list[MediaFile]) -> None:
    """Checksums of contents, each of which is read; one that cannot be read stays as it is."""
    for row in rows:
        if row.checksum is None:
            continue
        try:
            digest = sealed_files.digest_of(row)
        except MediaUnreadable:
            rotation.report.count("media_file", changed=False, unknown=True)
            continue
        move = rotation.move(sealed_files.HASH_KIND, digest)
        row.checksum = rotation.renewed("media_file", row.checksum, move)


STEPS: tuple[tuple[type[Any], Callable[[LookupRotation, Any], None]], ...] = (
    (Message, _messages),
    (Outbox, _outbox),
    (Certificate, _certificates),
    (Contact, _names),
    (MediaFile, _media),
)
TABLES = frozenset(
    {"inbox_message", "status_event", "contact_identity"}
    | {model.__tablename__ for model, _ in STEPS}
)
"""The tables whose look-up hashes are made anew."""


def _identities(rotation: LookupRotation, *, forget_unknown: bool) -> None:
    """The hashes by which contacts are found, and with them the senders of the inbox."""
    after = NO_ID
    while contacts := lookup_hashes.lock_batch(Contact, after, BATCH):
        after = contacts[-1].id
        services.keyring().preload({one.data_key_id for one in contacts if one.data_key_id})
        documents = lookup_hashes.map_documents([one.id for one in contacts])
        known = {one.id: _moves_of(rotation, one, documents.get(one.id, set())) for one in contacts}
        senders: list[HashMove] = []
        unknown: list[int] = []
        for identity in lookup_hashes.list_identities(known):
            move = known[identity.contact_id].get(bytes(identity.hash))
            rotation.report.count(
                "contact_identity",
                changed=move is not None and move.former == identity.hash,
                unknown=move is None,
            )
            if move is None:
                unknown.append(identity.id)
            else:
                identity.hash = move.following
                senders.append(move)
        if unknown and not forget_unknown:
            db.session.rollback()
            raise UnknownHashes(
                f"{len(unknown)} hashes of contacts have no value stored (former numbers): run"
                " this again with --forget-unknown, and these are met as new when they write"
            )
        lookup_hashes.forget_identities(unknown)
        lookup_hashes.move_senders(senders)
        db.session.commit()
        db.session.expunge_all()


def _moves_of(
    rotation: LookupRotation, contact: Contact, documents: set[str]
) -> dict[bytes, HashMove]:
    """What a contact may be found by, under both hashes."""
    values = [(IdentityKind.DOCUMENT, document) for document in sorted(documents)]
    if contact.document:
        values.append((IdentityKind.DOCUMENT, contact.document))
    if contact.phone:
        values.append((IdentityKind.PHONE, contact_identity.canonical_phone(contact.phone)))
    if contact.bsuid:
        values.append((IdentityKind.BSUID, contact.bsuid))
    moves: dict[bytes, HashMove] = {}
    for kind, value in values:
        for number in NUMBERS:
            former = contact_identity.hash_of(kind, value, number, rotation.former)
            following = contact_identity.hash_of(kind, value, number, rotation.following)
            moves[former] = moves[following] = HashMove(former, following)
    return moves
