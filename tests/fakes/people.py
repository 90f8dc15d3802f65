"""Customers as Meta knows them, and the ids of their messages."""

import base64
import secrets
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """A customer as Meta knows them; without a phone only the BSUID is sent."""

    phone: str | None = "5511987654321"
    name: str | None = "Ana Souza"
    bsuid: str | None = None
    parent_bsuid: str | None = None
    username: str | None = None


ANA = Person()
HIDDEN = Person(phone=None, name="Bia", bsuid="BR.1502576394655843", username="bia.rocha")


def person(index: int, *, bsuid: bool = True) -> Person:
    """One of many customers, always the same for the same index."""
    return Person(
        f"55119{80000000 + index}", f"Cliente {index}", f"BR.{10**15 + index}" if bsuid else None
    )


def new_wamid(phone: str | None = "5511987654321", *, outgoing: bool = False) -> str:
    """A new message id in Meta's form: base64 in which the phone stands."""
    digits = (phone or "0000000000000").encode()
    tail = secrets.token_hex(10).upper().encode()
    direction = b"\x11" if outgoing else b"\x12"
    raw = (
        b"\x1c\x18"
        + bytes([len(digits)])
        + digits
        + b"\x15\x02\x00"
        + direction
        + b"\x18"
        + bytes([len(tail)])
        + tail
        + b"\x00"
    )
    return "wamid." + base64.b64encode(raw).decode()
