"""What a company says of itself, as rows that people edit and code reads."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.conversation.company_facts import FactKind
from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, Timestamp, Version, string_enum
from gatte.models.desk import User


class CompanyFact(Base):
    """One fact: its `value` is read by `conversation.company_facts.VALUES` of its kind. The days of
    its validity are both included.
    """

    __tablename__ = "company_fact"
    __table_args__ = (
        UniqueConstraint("kind", "key", "valid_from", postgresql_nulls_not_distinct=True),
        CheckConstraint("valid_to >= valid_from", name="valid_in_order"),
    )

    id: Mapped[RowId]
    kind: Mapped[FactKind] = mapped_column(string_enum(FactKind))
    key: Mapped[str]
    value: Mapped[dict[str, Any]] = mapped_column(JSONB)
    source: Mapped[str] = mapped_column(default="", server_default=text("''"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    version: Mapped[Version]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    updated_by: Mapped[User | None] = relationship()


class CompanyFactVersion(Base):
    """One row whose `version` grows with every change of a fact, in the same transaction (a trigger
    sees to that); and when the settings and the demo content were taken over.
    """

    __tablename__ = "company_fact_version"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    settings_seeded_at: Mapped[Timestamp | None]
    demo_seeded_at: Mapped[Timestamp | None]
