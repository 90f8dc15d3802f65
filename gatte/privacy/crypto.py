"""Sealing: AES-256-GCM under data keys, data keys wrapped by master keys, and keyed hashes to look
sealed values up.

AES-GCM is NIST SP 800-38D with 96-bit random nonces; one data key seals far fewer than 2**32
values.
"""

import hmac
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
NONCES_AT_ONCE = 256
TAG_BYTES = 16
KEY_BYTES = 32
OPENED_KEY_SECONDS = 60.0
"""How long a process may keep an opened data key: so long after its row is destroyed elsewhere."""
VERSION = b"\x01"


class DecryptionFailed(Exception):
    """A sealed value does not belong to its place, was changed, or was sealed under another key."""


class UnknownMasterKey(Exception):
    """A data key was wrapped by a master key that is not in GATTE_ENCRYPTION_KEYS."""


class _CipherCache:
    """When the ciphers of this process are made anew, in seconds of the monotonic clock."""

    expires_at = 0.0


@lru_cache(maxsize=20_000)
def _made_cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def _cipher(key: bytes) -> AESGCM:
    """The cipher of a key. All are dropped together once a minute, since each holds its key."""
    now = time.monotonic()
    if now >= _CipherCache.expires_at:
        _made_cipher.cache_clear()
        _CipherCache.expires_at = now + OPENED_KEY_SECONDS
    return _made_cipher(key)


def seal(key: bytes, plain: bytes, place: bytes) -> bytes:
    """Encrypt `plain` under a 32-byte key, bound to its place (table, column and row): version,
    nonce, ciphertext and tag.
    """
    nonce = _nonce()
    return VERSION + nonce + _cipher(key).encrypt(nonce, plain, place)


_nonces: deque[bytes] = deque()
os.register_at_fork(after_in_child=_nonces.clear)  # no two processes may use the same


def _nonce() -> bytes:
    """A random nonce. The system is asked for many at once: each question lets another thread have
    the interpreter.
    """
    while True:
        try:
            return _nonces.pop()
        except IndexError:
            fresh = os.urandom(NONCE_BYTES * NONCES_AT_ONCE)
            _nonces.extend(
                fresh[start : start + NONCE_BYTES] for start in range(0, len(fresh), NONCE_BYTES)
            )


def unseal(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """What `seal` was given; DecryptionFailed when key, place or bytes are not its own."""
    if len(sealed) <= len(VERSION) + NONCE_BYTES or not sealed.startswith(VERSION):
        raise DecryptionFailed("not a sealed value")
    nonce = sealed[1 : 1 + NONCE_BYTES]
    ciphertext = sealed[1 + NONCE_BYTES :]
    try:
        return _cipher(key).decrypt(nonce, ciphertext, place)
    except InvalidTag:
        raise DecryptionFailed("a sealed value does not open") from None


def new_data_key() -> bytes:
    """A fresh random data key."""
    return os.urandom(KEY_BYTES)


@dataclass(frozen=True)
class WrappedKey:
    """A data key as it is stored: sealed under the master key of that id."""

    master_key_id: str
    sealed: bytes


class MasterKeys:
    """The master keys of an installation; the first wraps, all unwrap."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)

    @property
    def first_id(self) -> str:
        """The id of the key that wraps."""
        return next(iter(self._keys))

    @property
    def ids(self) -> list[str]:
        """The ids of all keys, the one that wraps first."""
        return list(self._keys)

    def wrap(self, data_key: bytes, owner: bytes) -> WrappedKey:
        """Seal a data key, bound to its owner (the id of its row)."""
        master_key = self._keys[self.first_id]
        return WrappedKey(self.first_id, seal(master_key, data_key, b"data-key:" + owner))

    def unwrap(self, wrapped: WrappedKey, owner: bytes) -> bytes:
        """The data key again; UnknownMasterKey when its master key is gone."""
        if wrapped.master_key_id not in self._keys:
            raise UnknownMasterKey(
                f"no master key {wrapped.master_key_id!r} in GATTE_ENCRYPTION_KEYS"
            )
        return unseal(self._keys[wrapped.master_key_id], wrapped.sealed, b"data-key:" + owner)


def keyed_hash(key: bytes, kind: str, value: str) -> bytes:
    """HMAC-SHA256 of a value of a kind: equal values can be found, and nobody without the key can
    guess them.
    """
    return hmac_sha256(key, f"{kind}\0{value}".encode("utf-8", "surrogatepass")).digest()


def hmac_sha256(key: bytes, content: bytes) -> hmac.HMAC:
    """HMAC-SHA256 of bytes. The key is set up once; and unlike `hmac.digest` this does not give the
    interpreter to another thread.
    """
    begun = _keyed(key).copy()
    begun.update(content)
    return begun


@lru_cache(maxsize=64)
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def derived_key(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose out of a secret (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(secret.encode())
