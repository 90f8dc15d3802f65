"""Rotations of the master key: what was wrapped anew, and how far it got."""

from sqlalchemy import BigInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp


class KeyRotation(Base):
    """One rotation to the master key `master_key_id`: data keys that others wrapped are wrapped
    again under it.

    `wraps_before` is how many wraps all keys together had made when it began: so many and no more
    of them were made under other keys. `finished_at` stays None while data keys are left.
    """

    __tablename__ = "key_rotation"

    id: Mapped[int] = mapped_column(primary_key=True)
    master_key_id: Mapped[str]
    wraps_before: Mapped[int] = mapped_column(BigInteger)
    wrapped_again: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    started_at: Mapped[CreatedAt]
    progressed_at: Mapped[CreatedAt]
    finished_at: Mapped[Timestamp | None]
