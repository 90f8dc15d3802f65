"""Reading values out of JSON of which nothing is certain: each reader gives the value in its type,
or nothing, and never raises.
"""

import re
from datetime import UTC, datetime
from typing import Any

IDENTIFIER = re.compile(r"[\x21-\x7e]{1,512}").fullmatch
MOST_LISTED = 100
OLDEST, LATEST = (
    datetime(2015, 1, 1, tzinfo=UTC).timestamp(),
    datetime(2100, 1, 1, tzinfo=UTC).timestamp(),
)
"""What claims to come from before or after is no time of Meta's. Our own clock is no judge of it:
it may be days behind.
"""


def as_dict(value: object) -> dict[str, Any]:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """The value when it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_list(value: object) -> list[Any]:
    """The beginning of a JSON array inside a message, where nothing is longer in earnest; an empty
    one for all else.
    """
    return listed(value)[:MOST_LISTED]


def identifier(value: object) -> str | None:
    """An id: printable ASCII without spaces, numbers written out; None for all else, so that an id
    can always be hashed and stored.
    """
    if isinstance(value, str):
        return value if IDENTIFIER(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 256:
        return str(value)
    return None


def phone(value: object) -> str | None:
    """A phone as Meta writes it: its digits alone, as received (the ninth digit is neither added
    nor taken).
    """
    digits = identifier(value)
    if digits is None:
        return None
    digits = digits.removeprefix("+")
    return digits if digits.isdigit() and 5 <= len(digits) <= 20 else None


def text(value: object) -> str | None:
    """A text as it came, NUL and bidi marks included; only half surrogate pairs, which no store
    takes, become U+FFFD.
    """
    if not isinstance(value, str):
        return None
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_bool(value: object) -> bool | None:
    """True or false when it is one."""
    return value if isinstance(value, bool) else None


def integer(value: object, bits: int = 63) -> int | None:
    """A whole number of at most so many bits beside its sign (31 in a column of 32), written as a
    number or as digits.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) < 1 << bits else None


def as_float(value: object) -> float | None:
    """A finite number, written as a number or as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def as_timestamp(value: object, now: datetime) -> datetime:
    """A time of Meta (seconds since 1970) in UTC; `now` when it is missing, unreadable, before 2015
    or after 2099.
    """
    seconds = integer(value)
    if seconds is None or not OLDEST <= seconds < LATEST:
        return now
    return datetime.fromtimestamp(seconds, UTC)
