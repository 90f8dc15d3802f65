"""The keys of which an installation has one (look-up hashes, the former inbox key) or one a day
(the inbox), opened once a process.
"""

import threading
from concurrent.futures import Future
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine

from gatte.infra.lru_cache import LruCache
from gatte.models.columns import new_uuid7
from gatte.models.data_key import DataKey, KeyPurpose
from gatte.privacy import crypto

DAY_KEYS_KEPT = 64


class LookupKeyRotating(Exception):
    """The look-up key is being rotated: nothing can be looked up until `flask keys rotate-lookup`
    has come to its end.
    """


class KeyName(NamedTuple):
    """Which key: its purpose, and its day where it has one."""

    purpose: KeyPurpose
    day: date | None = None


class SharedKeys:
    """The shared keys of this process; the database is asked for those that it has not met.

    The engine gives connections beside those of the pool: whoever needs a key may hold one of the
    pool already.
    """

    def __init__(self, master: crypto.MasterKeys, engine: Engine) -> None:
        self._master = master
        self._engine = engine
        self._kept: dict[KeyPurpose, tuple[KeyName, bytes]] = {}
        self._read: LruCache[KeyName, bytes] = LruCache(DAY_KEYS_KEPT, crypto.OPENED_KEY_SECONDS)
        self._asked: dict[KeyName, Future[bytes]] = {}
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def get(self, name: KeyName) -> bytes:
        """The key of that name, made by whichever process needs it first. It is kept until one of
        another day is asked for.
        """
        known = self._kept.get(name.purpose)
        if known is not None and known[0] == name:
            return known[1]
        return self._ask_once(name)

    def forget(self, purpose: KeyPurpose) -> None:
        """Ask the database again for the key of this purpose that is needed next."""
        self._kept.pop(purpose, None)

    def find(self, name: KeyName) -> bytes | None:
        """The key of that name, kept for a minute; None when there is none (any more)."""
        known = self._read.get(name)
        if known is not None:
            return known
        with self._reading:  # one thread asks, and the others find what it read
            known = self._read.get(name)
            return self._fetch(name) if known is None else known

    def _fetch(self, name: KeyName) -> bytes | None:
        with self._engine.begin() as connection:
            row = connection.execute(_of(name)).one_or_none()
        if row is None:
            return None
        key = self._unwrapped(row)
        self._read.put(name, key)
        return key

    def _ask_once(self, name: KeyName) -> bytes:
        """All who need a key while it is not known yet wait for the first of them, who asks for it.

        Should that fail, those who wait fail too, and the next one asks again.
        """
        with self._lock:
            first = name not in self._asked
            asked = self._asked.setdefault(name, Future())
        if first:
            try:
                key = self._get_or_make(name)
                self._kept[name.purpose] = (name, key)
                asked.set_result(key)
            except BaseException as error:  # those who wait get it too
                asked.set_exception(error)
                raise
            finally:
                del self._asked[name]
        return asked.result()

    def _get_or_make(self, name: KeyName) -> bytes:
        """The key as it is stored, after one was stored if there was none; in a transaction of its
        own. LookupKeyRotating while another look-up key takes the place of the one before.
        """
        key_id = new_uuid7()
        wrapped = self._master.wrap(crypto.new_data_key(), key_id.bytes)
        values = {
            "id": key_id,
            "purpose": name.purpose,
            "day": name.day,
            "master_key_id": wrapped.master_key_id,
            "wrapped_key": wrapped.sealed,
        }
        with self._engine.begin() as connection:
            stored = connection.execute(_of(name)).one_or_none()
            if stored is None and name.purpose is KeyPurpose.LOOKUP:
                _refuse_while_rotating(connection)
            if stored is None:
                connection.execute(insert(DataKey).values(**values).on_conflict_do_nothing())
                stored = connection.execute(_of(name)).one()
        return self._unwrapped(stored)

    def _unwrapped(self, row: Row[UUID, str, bytes]) -> bytes:
        wrapped = crypto.WrappedKey(row.master_key_id, row.wrapped_key)
        return self._master.unwrap(wrapped, row.id.bytes)


def _refuse_while_rotating(connection: Connection) -> None:
    rotated = select(DataKey.id).where(DataKey.purpose == KeyPurpose.LOOKUP_NEXT)
    if connection.scalar(rotated) is not None:
        raise LookupKeyRotating("flask keys rotate-lookup runs, or was stopped: run it again")


def _of(name: KeyName) -> Select[UUID, str, bytes]:
    columns = select(DataKey.id, DataKey.master_key_id, DataKey.wrapped_key)
    return columns.filter_by(purpose=name.purpose, day=name.day)
