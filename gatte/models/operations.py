"""What the installation knows of itself: scheduled jobs, figures of past days, erasures applied,
backups.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp, string_enum

AMOUNT = Numeric(20, 6)


class ScheduledJob(Base):
    """A job that the clock starts: when it ran last and with what result, when it runs next.

    While `lease_expires_at` lies ahead somebody runs it. `cron` is the expression by which
    `next_run_at` was worked out.
    """

    __tablename__ = "scheduled_job"

    name: Mapped[str] = mapped_column(primary_key=True)
    cron: Mapped[str]
    next_run_at: Mapped[Timestamp]
    lease_expires_at: Mapped[Timestamp | None]
    started_at: Mapped[Timestamp | None]
    finished_at: Mapped[Timestamp | None]
    succeeded: Mapped[bool | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[str | None]


class DailyFigure(Base):
    """A figure of one day (in the company's time zone) and number of the company: `live` as the
    rows of that day had it when they were counted last, `carried` what was erased of it before.
    """

    __tablename__ = "daily_figure"

    day: Mapped[date] = mapped_column(primary_key=True)
    phone_number_id: Mapped[str] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    live: Mapped[Decimal] = mapped_column(AMOUNT, server_default=text("0"))
    carried: Mapped[Decimal] = mapped_column(AMOUNT, server_default=text("0"))


class BudgetNotice(Base):
    """That so many percent of a day's or a month's budget were spent: told once."""

    __tablename__ = "budget_notice"
    __table_args__ = (CheckConstraint("period IN ('day', 'month')", name="period"),)

    period: Mapped[str] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    percent: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[CreatedAt]


class AppliedErasure(Base):
    """An entry of the erasure ledger that this database carried out; it holds nothing personal."""

    __tablename__ = "applied_erasure"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ledger_id: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    applied_at: Mapped[CreatedAt]


class BackupAction(StrEnum):
    """What was done with a backup."""

    CREATED = "created"
    VERIFIED = "verified"


class BackupRecord(Base):
    """A backup that was made, or was verified by restoring it, and how that ended: `problem` says
    why it failed. `backup` is its name in the destination, None when it got none.
    """

    __tablename__ = "backup_record"
    __table_args__ = (
        Index("ix_backup_record_action_finished_at", "action", "finished_at"),
        CheckConstraint("succeeded = (problem IS NULL)", name="failed_with_problem"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    action: Mapped[BackupAction] = mapped_column(string_enum(BackupAction))
    backup: Mapped[str | None]
    started_at: Mapped[Timestamp]
    finished_at: Mapped[CreatedAt]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    succeeded: Mapped[bool]
    problem: Mapped[str | None]
