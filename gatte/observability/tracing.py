"""The ids that every log line of a request, a job or a conversation carries."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from random import getrandbits

from structlog import contextvars

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_RANDOM = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MOST_DIGITS = 10
"""Digits that an id may have which does not look random: a mobile phone or a CPF has 11."""


def new_request_id() -> str:
    """A random id of 32 hex digits."""
    return f"{getrandbits(128):032x}"  # nosec B311 - unique, and no secret


def accept_request_id(inbound: str | None) -> str:
    """The caller's X-Request-ID when it has an acceptable shape, else a new one.

    It is logged, and stored beside messages: so one that holds a phone or a document is not taken.
    """
    if inbound is None or not _ACCEPTABLE.fullmatch(inbound):
        return new_request_id()
    if _RANDOM.fullmatch(inbound):  # as nginx makes them; digits in a row are chance there
        return inbound
    digits = sum(sign.isdigit() for sign in inbound)
    return inbound if digits <= MOST_DIGITS else new_request_id()


def bind(**ids: str | int | None) -> None:
    """Put ids (request_id, correlation_id, ...) on every log line of this context; None takes one
    off.
    """
    absent = [name for name, value in ids.items() if value is None]
    if absent:
        contextvars.unbind_contextvars(*absent)
    present = {name: value for name, value in ids.items() if value is not None}
    contextvars.bind_contextvars(**present)


@contextmanager
def bound(**ids: str | int | None) -> Generator[None]:
    """`bind` for the length of a block; what was bound before comes back after it."""
    present = {name: value for name, value in ids.items() if value is not None}
    with contextvars.bound_contextvars(**present):
        yield


def unbind_all() -> None:
    """Take every id off this context: the end of a request or a job."""
    contextvars.clear_contextvars()


def current_request_id() -> str | None:
    return _current("request_id")


def current_correlation_id() -> str | None:
    return _current("correlation_id")


def _current(name: str) -> str | None:
    value = contextvars.get_contextvars().get(name)
    return None if value is None else str(value)
