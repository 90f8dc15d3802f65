"""What agents correct, the models that learned from it, and runs that compare configurations."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp, string_enum
from gatte.models.desk import User
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns

LARGEST_MODEL_FILE = 64 * 1024 * 1024
"""Bytes of a model file in the database."""


class ExampleState(StrEnum):
    """Whether a correction is learned from."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


class TrainingExample(HasEncryptedColumns, Base):
    """What an agent says that a turn meant: the labels of its commands, as the bot had read it and
    as it was meant.

    `turn_input` holds the messages and their place, which is all that training needs (see
    `reading_input.to_json`); `reason` is the agent's own words. One of a turn and agent is active.
    """

    __tablename__ = "training_example"
    __table_args__ = (
        Index(
            "uq_training_example_active",
            "turn_id",
            "user_id",
            unique=True,
            postgresql_where=text("state = 'active'"),
        ),
        CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_with_time"
        ),
    )

    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    turn_id: Mapped[UUID]
    message_id: Mapped[UUID]
    """The bot's message on whose card the correction was made."""
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    turn_input = EncryptedColumn[dict[str, Any]]()
    reason = EncryptedColumn[str]()
    labels_before: Mapped[list[str]] = mapped_column(JSONB)
    labels_after: Mapped[list[str]] = mapped_column(JSONB)
    read_by: Mapped[str]
    state: Mapped[ExampleState] = mapped_column(
        string_enum(ExampleState), default=ExampleState.ACTIVE
    )
    created_at: Mapped[CreatedAt]
    withdrawn_at: Mapped[Timestamp | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    user: Mapped[User] = relationship(foreign_keys=[user_id])


class VersionState(StrEnum):
    """Where a trained model stands."""

    CHALLENGER = "challenger"
    REFUSED = "refused"
    CHAMPION = "champion"
    RETIRED = "retired"


class ModelVersion(Base):
    """A command model: the one that was shipped (`file` is empty), or one that learned from
    corrections.

    `base` names the shipped model whose code and vocabulary it shares: under another one it cannot
    be used. `trial_file` is the model that learned without what it is scored on. `refusals` say
    why it may not answer; `previous_id` is the champion before it.
    """

    __tablename__ = "model_version"
    __table_args__ = (
        Index(
            "uq_model_version_champion",
            "state",
            unique=True,
            postgresql_where=text("state = 'champion'"),
        ),
        CheckConstraint(
            f"octet_length(file) <= {LARGEST_MODEL_FILE}"
            f" AND octet_length(trial_file) <= {LARGEST_MODEL_FILE}",
            name="files_bounded",
        ),
        CheckConstraint("(file IS NULL) = (checksum IS NULL)", name="file_with_checksum"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    base: Mapped[str]
    state: Mapped[VersionState] = mapped_column(string_enum(VersionState))
    file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    checksum: Mapped[bytes | None] = mapped_column(LargeBinary)
    trial_file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    example_count: Mapped[int] = mapped_column(server_default=text("0"))
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    refusals: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    created_at: Mapped[CreatedAt]
    promoted_at: Mapped[Timestamp | None]
    retired_at: Mapped[Timestamp | None]


class ShadowRun(Base):
    """A comparison of past conversations under another configuration: figures alone, no texts;
    `report_name` names the file that shows them.
    """

    __tablename__ = "shadow_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    candidate: Mapped[str]
    conversation_count: Mapped[int]
    turn_count: Mapped[int]
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    report_name: Mapped[str]
    created_at: Mapped[CreatedAt]
