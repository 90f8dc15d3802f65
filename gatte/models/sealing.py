"""Sealed columns: a model reads and writes plain values, the table holds AES-256-GCM under the
contact's data key.

A sealed attribute `name` is the column `name_sealed`. The associated data is table, column and row
id, so a value copied to another row or column does not open. Rows of one contact share its data
key; when that key's row is gone the values read as None.
"""

import json
import time
from datetime import UTC, date, datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast, overload
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from gatte.extensions import db
from gatte.infra.lru_cache import LruCache
from gatte.models.columns import RowId, new_uuid7
from gatte.models.data_key import DataKey, KeyPurpose
from gatte.models.shared_keys import KeyName, SharedKeys
from gatte.privacy import crypto
from gatte.services import keyring

Value = TypeVar("Value")
CACHED_KEYS = 50_000
DAY_VERSION = b"\x02"  # a sealed value of `crypto` begins with another byte
PREFIX_BYTES = 5


class InboxKey(NamedTuple):
    """The inbox key of a day (as its ordinal), and how values begin that it seals."""

    day: int
    prefix: bytes
    key: bytes


class LookupHasher(Protocol):
    """What makes look-up hashes: the keyring, or one key of a rotation."""

    def lookup_hash(self, kind: str, value: str) -> bytes:
        """The hash under which a value of a kind can be found."""


class Keyring:
    """The opened data keys of this process; asks the database for those that it has not met, and
    again after a minute, so that a key which was destroyed elsewhere is soon gone here too.
    """

    def __init__(self, master: crypto.MasterKeys, engine: Engine) -> None:
        self.master = master
        self._shared = SharedKeys(master, engine)
        self._inbox: InboxKey | None = None
        self._lookup_expires_at = 0.0
        self._opened: LruCache[UUID, bytes] = LruCache(CACHED_KEYS, crypto.OPENED_KEY_SECONDS)

    def new_contact_key(self) -> DataKey:
        """A fresh data key for a contact, to be added by the caller."""
        key_id = new_uuid7()
        plain = crypto.new_data_key()
        wrapped = self.master.wrap(plain, key_id.bytes)
        self._opened.put(key_id, plain)
        return DataKey(
            id=key_id,
            purpose=KeyPurpose.CONTACT,
            master_key_id=wrapped.master_key_id,
            wrapped_key=wrapped.sealed,
        )

    def open(self, data_key_id: UUID) -> bytes | None:
        """The data key of that row, or None when it was destroyed."""
        if (known := self._opened.get(data_key_id)) is not None:
            return known
        row = db.session.get(DataKey, data_key_id)
        return None if row is None else self._unwrapped(row)

    def preload(self, data_key_ids: set[UUID]) -> None:
        """Have these keys ready with one query, before a page reads many rows."""
        missing = [key_id for key_id in data_key_ids if key_id not in self._opened]
        if missing:
            for row in db.session.scalars(select(DataKey).where(DataKey.id.in_(missing))):
                self._unwrapped(row)

    def cache_wrapped(self, data_key_id: UUID, master_key_id: str, wrapped_key: bytes) -> None:
        """Have a key ready whose row was read together with something else."""
        if data_key_id not in self._opened:
            sealed = crypto.WrappedKey(master_key_id, wrapped_key)
            self._opened.put(data_key_id, self.master.unwrap(sealed, data_key_id.bytes))

    def evict(self, data_key_id: UUID) -> None:
        """Drop an opened key, after its row was deleted."""
        self._opened.pop(data_key_id)

    def seal_inbox(self, plain: bytes, place: bytes) -> bytes:
        """What came in, sealed under the inbox key of this day (UTC), which the value names."""
        today = datetime.now(UTC).toordinal()
        kept = self._inbox
        if kept is None or kept.day != today:
            kept = self._inbox = self._inbox_key_of(date.fromordinal(today))
        return kept.prefix + crypto.seal(kept.key, plain, place)

    def _inbox_key_of(self, day: date) -> InboxKey:
        key = self._shared.get(KeyName(KeyPurpose.INBOX_DAY, day))
        return InboxKey(day.toordinal(), inbox_prefix(day), key)

    def unseal_inbox(self, sealed: bytes, place: bytes) -> bytes:
        """What `seal_inbox` was given, or what was sealed under the one inbox key of former
        versions; DecryptionFailed when it does not open or the key of its day was destroyed.
        """
        day = inbox_day(sealed)
        purpose = KeyPurpose.INBOX if day is None else KeyPurpose.INBOX_DAY
        key = self._shared.find(KeyName(purpose, day))
        if key is None:
            raise crypto.DecryptionFailed("the inbox key of that day was destroyed")
        return crypto.unseal(key, sealed if day is None else sealed[PREFIX_BYTES:], place)

    @property
    def lookup_key(self) -> bytes:
        """The key of look-up hashes, read again once a minute; LookupKeyRotating while it is being
        rotated.
        """
        now = time.monotonic()
        if now >= self._lookup_expires_at:
            self.refresh_lookup_key()
            self._lookup_expires_at = now + crypto.OPENED_KEY_SECONDS
        return self._shared.get(KeyName(KeyPurpose.LOOKUP))

    def refresh_lookup_key(self) -> None:
        """Read the look-up key again when it is needed next."""
        self._shared.forget(KeyPurpose.LOOKUP)

    def lookup_hash(self, kind: str, value: str) -> bytes:
        """The hash under which a value of a kind can be found."""
        return crypto.keyed_hash(self.lookup_key, kind, value)

    def _unwrapped(self, row: DataKey) -> bytes:
        plain = self.master.unwrap(
            crypto.WrappedKey(row.master_key_id, row.wrapped_key), row.id.bytes
        )
        self._opened.put(row.id, plain)
        return plain


def inbox_prefix(day: date) -> bytes:
    """How a value begins that is sealed under the inbox key of a day."""
    return DAY_VERSION + day.toordinal().to_bytes(4, "big")


def inbox_day(sealed: bytes) -> date | None:
    """The day (UTC) whose inbox key sealed a value; None for the one key of former versions."""
    if not sealed.startswith(DAY_VERSION) or len(sealed) < PREFIX_BYTES:
        return None
    return date.fromordinal(int.from_bytes(sealed[1:PREFIX_BYTES], "big"))


class EncryptedColumn(Generic[Value]):
    """A descriptor over a binary column `<name>_sealed`; set it after `id` and `data_key_id` (the
    constructor sees to that).

    `aad`: the `table.column` to bind values to, where the column had that name when the first of
    them was sealed; its own when empty.
    """

    def __init__(self, aad: str = "") -> None:
        self._aad = aad

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner: Any = owner
        self.column = f"{name}_sealed"
        setattr(owner, self.column, mapped_column(self.column, LargeBinary, nullable=True))

    @overload
    def __get__(self, row: None, owner: type) -> "EncryptedColumn[Value]": ...
    @overload
    def __get__(self, row: Any, owner: type) -> Value | None: ...  # noqa: ANN401 - any model
    def __get__(self, row: Any, owner: type) -> "EncryptedColumn[Value] | Value | None":
        if row is None:
            return self
        return self.decrypt(row.id, row.data_key_id, getattr(row, self.column))

    def __set__(self, row: Any, value: Value | None) -> None:  # noqa: ANN401 - any model
        setattr(row, self.column, self.encrypt(row.id, row.data_key_id, value))

    def decrypt(self, row_id: UUID, data_key_id: UUID | None, stored: bytes | None) -> Value | None:
        """What a column of that row holds; None when it holds nothing, or its data key was
        destroyed.
        """
        if stored is None or data_key_id is None:
            return None
        key = keyring().open(data_key_id)
        if key is None:
            return None
        plain = crypto.unseal(key, bytes(stored), self.aad(row_id))
        return self.deserialize(plain)

    def encrypt(self, row_id: UUID, data_key_id: UUID | None, value: Value | None) -> bytes | None:
        """A value as the column of that row holds it; ValueError when the row has no data key, for
        then nothing can be sealed.
        """
        if value is None:
            return None
        key = None if data_key_id is None else keyring().open(data_key_id)
        if key is None:
            raise ValueError(f"{self.owner.__name__} has no data key to seal with")
        return crypto.seal(key, self.serialize(value), self.aad(row_id))

    def aad(self, row_id: UUID) -> bytes:
        """The associated data of a value: table, column, row."""
        place = self._aad or f"{self.owner.__tablename__}.{self.column}"
        return f"{place}:{row_id}".encode()

    def deserialize(self, plain: bytes) -> Value:
        """A value from its bytes."""
        return cast("Value", json.loads(plain))

    def serialize(self, value: Value) -> bytes:
        """A value as bytes."""
        spelled = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return spelled.encode("utf-8", "surrogatepass")


class HasEncryptedColumns:
    """A table with sealed columns: an id made here, and the data key of the contact whose data it
    holds.
    """

    id: Mapped[RowId]

    @declared_attr
    def data_key_id(cls) -> Mapped[UUID | None]:  # noqa: N805 - SQLAlchemy's form
        """The contact's data key; null when it was destroyed."""
        return mapped_column(ForeignKey("data_key.id", ondelete="SET NULL"), index=True)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - columns of the model
        sealed = {
            name: value
            for name, value in values.items()
            if isinstance(getattr(type(self), name, None), EncryptedColumn)
        }
        given = {name: value for name, value in values.items() if name not in sealed}
        plain = {"id": new_uuid7(), **given}
        for name, value in [*plain.items(), *sealed.items()]:
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no column {name!r}")
            setattr(self, name, value)
