"""The second step of a login: a secret shared with an app on a phone, and codes on paper."""

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, Timestamp
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class SecondFactor(HasEncryptedColumns, Base):
    """A user's secret for one-time codes (RFC 6238), sealed under a data key of its own.

    It counts once it is confirmed by a first code. `last_step` is the 30-second step of the last
    code that was taken, so that no code is taken twice.
    """

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    secret = EncryptedColumn[str]()
    confirmed_at: Mapped[Timestamp | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]


class RecoveryCode(Base):
    """A code on paper that stands once for a lost phone; only its hash is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[RowId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[Timestamp | None]
    created_at: Mapped[CreatedAt]
