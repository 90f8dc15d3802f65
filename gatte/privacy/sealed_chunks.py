"""Files sealed a chunk at a time, so that a large one is never in memory as a whole: each chunk is
sealed by itself, bound to its place, its number, and whether it is the last.

So a chunk that is moved, left out or put at the end is noticed; Hoang, Reyhanitabar, Rogaway and
Vizár call this construction STREAM (Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance, 2015).
"""

from collections.abc import Callable, Iterator

from gatte.privacy import crypto

CHUNK_BYTES = 1024 * 1024
SEALED_CHUNK_BYTES = CHUNK_BYTES + len(crypto.VERSION) + crypto.NONCE_BYTES + crypto.TAG_BYTES


def seal(key: bytes, plain: bytes, place: bytes) -> Iterator[bytes]:
    """The sealed chunks of a file, in their order; an empty file has one."""
    count = max(1, -(-len(plain) // CHUNK_BYTES))
    for number in range(count):
        start = number * CHUNK_BYTES
        chunk = plain[start : start + CHUNK_BYTES]
        yield crypto.seal(key, chunk, _chunk_place(place, number, is_last=number == count - 1))


def unseal(key: bytes, read: Callable[[int], bytes], place: bytes) -> Iterator[bytes]:
    """The chunks of the plain file. `read` gives so many bytes of the sealed one, fewer at its end.

    DecryptionFailed when key, place or bytes are not those of `seal`; what came before then belongs
    to the file, and is not all of it.
    """
    number = 0
    sealed = read(SEALED_CHUNK_BYTES)
    while True:
        following = read(SEALED_CHUNK_BYTES)
        yield crypto.unseal(key, sealed, _chunk_place(place, number, is_last=not following))
        if not following:
            return
        sealed = following
        number += 1


def _chunk_place(place: bytes, number: int, *, is_last: bool) -> bytes:
    return b"%s:%d:%s" % (place, number, b"last" if is_last else b"more")
