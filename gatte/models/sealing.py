"""Sealed columns: a model reads and writes plain values, the table holds AES-256-GCM under the
contact's data key.

A sealed attribute `name` is the column `name_sealed`. The associated data is table, column and row
id, so a value copied to another row or column does not open. Rows of one contact share its data
key; when that key's row is gone the values read as None.
"""

import json
import threading
from concurrent.futures import Future
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast, overload
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from gatte.extensions import Base, db
from gatte.infra.lru_cache import LruCache
from gatte.models.columns import CreatedAt, RowId, new_uuid7, string_enum
from gatte.privacy import crypto
from gatte.services import keyring

Value = TypeVar("Value")
CACHED_KEYS = 50_000


class KeyPurpose(StrEnum):
    """What a data key is for: one contact's data, the inbox, or look-up hashes."""

    CONTACT = "contact"
    INBOX = "inbox"
    LOOKUP = "lookup"


class DataKey(Base):
    """A data key, wrapped by a master key; deleting the row makes everything sealed under it
    unreadable.
    """

    __tablename__ = "data_key"
    __table_args__ = (
        Index(
            "uq_data_key_one_of_a_kind",
            "purpose",
            unique=True,
            postgresql_where=text("purpose <> 'contact'"),
        ),
    )

    id: Mapped[RowId]
    purpose: Mapped[KeyPurpose] = mapped_column(string_enum(KeyPurpose))
    master_key_id: Mapped[str] = mapped_column(index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    wrap_number: Mapped[int | None] = mapped_column(
        BigInteger, server_default=text("nextval('data_key_wrap_seq')")
    )
    """The count of wraps by all master keys when this was wrapped; None for older rows."""
    created_at: Mapped[CreatedAt]


class Keyring:
    """The opened data keys of this process; asks the database for those that it has not met.

    The engine gives connections beside those of the pool: whoever needs a single key may hold one
    of the pool already.
    """

    def __init__(self, master: crypto.MasterKeys, engine: Engine) -> None:
        self.master = master
        self._engine = engine
        self._opened: LruCache[UUID, bytes] = LruCache(CACHED_KEYS)
        self._singleton_keys: dict[KeyPurpose, bytes] = {}
        self._asked: dict[KeyPurpose, Future[bytes]] = {}
        self._lock = threading.Lock()

    def new_contact_key(self) -> DataKey:
        """A fresh data key for a contact, to be added by the caller."""
        return self._fresh(KeyPurpose.CONTACT)

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

    @property
    def inbox_key(self) -> bytes:
        """The key of messages that no turn has read yet."""
        return self._single(KeyPurpose.INBOX)

    @property
    def lookup_key(self) -> bytes:
        """The key of look-up hashes."""
        return self._single(KeyPurpose.LOOKUP)

    def lookup_hash(self, kind: str, value: str) -> bytes:
        """The hash under which a value of a kind can be found."""
        return crypto.keyed_hash(self.lookup_key, kind, value)

    def _fresh(self, purpose: KeyPurpose) -> DataKey:
        key_id = new_uuid7()
        plain = crypto.new_data_key()
        wrapped = self.master.wrap(plain, key_id.bytes)
        if purpose is KeyPurpose.CONTACT:
            self._opened.put(key_id, plain)
        return DataKey(
            id=key_id,
            purpose=purpose,
            master_key_id=wrapped.master_key_id,
            wrapped_key=wrapped.sealed,
        )

    def _unwrapped(self, row: DataKey) -> bytes:
        plain = self.master.unwrap(
            crypto.WrappedKey(row.master_key_id, row.wrapped_key), row.id.bytes
        )
        self._opened.put(row.id, plain)
        return plain

    def _single(self, purpose: KeyPurpose) -> bytes:
        known = self._singleton_keys.get(purpose)
        return self._fetched(purpose) if known is None else known

    def _fetched(self, purpose: KeyPurpose) -> bytes:
        """The one key of a purpose. All who need it while it is not known yet wait for the first of
        them, who asks for it.

        Should that fail, those who wait fail too, and the next one asks again.
        """
        with self._lock:
            first = purpose not in self._asked
            asked = self._asked.setdefault(purpose, Future())
        if first:
            try:
                self._singleton_keys[purpose] = self._stored(purpose)
                asked.set_result(self._singleton_keys[purpose])
            except BaseException as error:  # those who wait get it too
                asked.set_exception(error)
                raise
            finally:
                del self._asked[purpose]
        return asked.result()

    def _stored(self, purpose: KeyPurpose) -> bytes:
        """The one key of a purpose, made by whichever process needs it first (in a transaction of
        its own).
        """
        row = self._fresh(purpose)
        values = {
            "id": row.id,
            "purpose": purpose,
            "master_key_id": row.master_key_id,
            "wrapped_key": row.wrapped_key,
        }
        with self._engine.begin() as connection:
            connection.execute(insert(DataKey).values(**values).on_conflict_do_nothing())
            stored = connection.execute(
                select(DataKey.id, DataKey.master_key_id, DataKey.wrapped_key).where(
                    DataKey.purpose == purpose
                )
            ).one()
        return self.master.unwrap(
            crypto.WrappedKey(stored.master_key_id, stored.wrapped_key), stored.id.bytes
        )


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
