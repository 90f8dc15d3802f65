"""Masking of log lines: no phone, document, e-mail, key or WhatsApp id leaves in clear, and
ordinary numbers stay readable.

`mask` takes a text, `mask_value` anything that can stand in a log event. The shapes live in
`masking_rules.py`.
"""

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time
from enum import Enum
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import TypeVar

from gatte.privacy import masking_rules as rules
from gatte.privacy.field_kinds import HIDDEN, FieldKind, kind_of_field, mask_phone, placeholder

LIMIT = 8192
CUT = " …[cut]"
_MARGIN = 256
_MAX_DEPTH = 8
_MAX_ITEMS = 200
_SHORTEST = 6
_SHORTEST_NUMBER = 10**7
_LONGEST_NUMBER = 10**40
# What most fields hold: names of events and modules, ids of requests and conversations, times.
_ORDINARY = re.compile(
    r"(?!.*wamid\.)[a-z_]+(?:\.[a-z_]+){0,8}"
    r"|(?=[0-9]{0,31}[a-f])[0-9a-f]{24}(?:[0-9a-f]{8})?"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
)
_T = TypeVar("_T")

rules.HASH_KEY.key = secrets.token_bytes(32)


def configure(key: bytes) -> None:
    """Set the key of the short hashes that stand for WhatsApp ids; until then it is random, and
    hashes differ by process.
    """
    rules.HASH_KEY.key = key


def mask(text: str) -> str:
    """The text without personal data and secrets. Never raises; more than 8 kB is cut off. Masking
    twice changes nothing.
    """
    try:
        return _mask_long(text) if len(text) > LIMIT else _mask(text)
    except Exception:  # noqa: BLE001 - a log line must never end what it reports on, nor leave unmasked
        return HIDDEN


def mask_value(value: object) -> object:
    """A value of a log event without personal data and secrets: text, bytes, numbers, exceptions,
    and what is nested in dicts (keys too) and lists.

    The result holds str, int, float, bool, None, dict and list only. Values under a key that names
    a secret or a personal text are hidden whole. Never raises.
    """
    try:
        return _value(value, None, 0)
    except Exception:  # noqa: BLE001 - a log line must never end what it reports on, nor leave unmasked
        return HIDDEN


def _mask(text: str) -> str:
    if len(text) < _SHORTEST or _ORDINARY.fullmatch(text):
        return text
    if "%" in text:
        plain = rules.unquote(text)
        if (masked := rules.apply(plain)) != plain:
            return masked
    return rules.apply(text)


def _mask_long(text: str) -> str:
    """What the cut splits could no longer be told, so the end of the masked part is dropped too."""
    return _mask(_mask(text[:LIMIT])[: LIMIT - _MARGIN] + CUT)


_key = lru_cache(maxsize=1024)(mask)


def _value(value: object, kind: FieldKind | None, depth: int) -> object:
    if type(value) is str:  # nearly all values are texts: they skip the questions below
        return (value and placeholder(kind)) or _text(value, kind)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, Enum):
        return _number(value, kind)
    if value and (hidden := placeholder(kind)):
        return hidden
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return HIDDEN if depth >= _MAX_DEPTH else _nested(value, kind, depth + 1)
    return _text(value if isinstance(value, str) else _as_text(value), kind)


def _nested(
    value: Mapping[object, object] | Collection[object], kind: FieldKind | None, depth: int
) -> object:
    if isinstance(value, Mapping):
        return {
            _key(str(name)): _value(item, kind_of_field(str(name)), depth)
            for name, item in _first(value.items())
        }
    return [_value(item, kind, depth) for item in _first(value)]


def _number(value: float, kind: FieldKind | None) -> object:
    """A measure or a fraction is no phone; a long whole number may be one."""
    if -_SHORTEST_NUMBER < value < _SHORTEST_NUMBER:
        return value
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if abs(value) >= _LONGEST_NUMBER:
        return HIDDEN
    if kind in {FieldKind.MEASURE, FieldKind.SECRET} or value != int(value):
        return value
    text = str(int(value))
    masked = _text(text, kind)
    return value if masked == text else masked


def _text(text: str, kind: FieldKind | None) -> str:
    if kind is FieldKind.PHONE and (phone := mask_phone(text)):
        return phone
    return mask(text)


def _first(values: Iterable[_T]) -> list[_T]:
    return list(islice(values, _MAX_ITEMS))


def _as_text(value: object) -> str:
    try:
        return _shown(value)
    except Exception:  # noqa: BLE001 - the rest of the event is still worth its line
        return HIDDEN


def _shown(value: object) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value)
