"""Data keys as rows: wrapped by a master key, and destroyed with their row."""

from datetime import date
from enum import StrEnum

from sqlalchemy import BigInteger, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, string_enum


class KeyPurpose(StrEnum):
    """What a data key is for: one contact's data, what came in on one day, or look-up hashes.

    `INBOX` is the one key of what came in before there was a key a day. While the look-up key is
    rotated there is none of purpose `LOOKUP`, but the one before and the next one.
    """

    CONTACT = "contact"
    INBOX = "inbox"
    INBOX_DAY = "inbox_day"
    LOOKUP = "lookup"
    LOOKUP_FORMER = "lookup_former"
    LOOKUP_NEXT = "lookup_next"


class DataKey(Base):
    """A data key, wrapped by a master key; deleting the row makes everything sealed under it
    unreadable.

    `day` (UTC) is set for keys of purpose `inbox_day` alone.
    """

    __tablename__ = "data_key"
    __table_args__ = (
        Index(
            "uq_data_key_single",
            "purpose",
            unique=True,
            postgresql_where=text("purpose IN ('inbox', 'lookup')"),
        ),
        Index(
            "uq_data_key_rotated_lookup",
            "purpose",
            unique=True,
            postgresql_where=text("purpose IN ('lookup_former', 'lookup_next')"),
        ),
        Index("uq_data_key_day", "day", unique=True, postgresql_where=text("day IS NOT NULL")),
    )

    id: Mapped[RowId]
    purpose: Mapped[KeyPurpose] = mapped_column(string_enum(KeyPurpose))
    day: Mapped[date | None]
    master_key_id: Mapped[str] = mapped_column(index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    wrap_number: Mapped[int | None] = mapped_column(
        BigInteger, server_default=text("nextval('data_key_wrap_seq')")
    )
    """The count of wraps by all master keys when this was wrapped; None for older rows."""
    created_at: Mapped[CreatedAt]
