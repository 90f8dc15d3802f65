"""Keyset pages: an address carries the sort values of the last row shown, so that a page costs as
much at any depth.
"""

import base64
import binascii
import json

PAGE = 50
LONGEST = 500  # characters of a cursor


def cursor(*values: str | int | None) -> str:
    """Sort values as one word for an address."""
    plain = json.dumps(values).encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def read_cursor(word: str | None, length: int) -> list[str] | None:
    """The sort values of an address; None when there are none, or they were tampered with."""
    if not word or len(word) > LONGEST:
        return None
    padding = "=" * (-len(word) % 4)
    try:
        values = json.loads(base64.urlsafe_b64decode(word + padding))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(values, list) or len(values) != length:
        return None
    words = [str(value) for value in values]
    return words if all(word.isprintable() for word in words) else None
