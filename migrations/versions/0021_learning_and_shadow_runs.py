"""Corrections of readings, versions of the command model, and shadow runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

LARGEST_FILE = 64 * 1024 * 1024
NOW = sa.text("now()")


def upgrade() -> None:
    _make_training_examples()
    _make_model_versions()
    op.create_table(
        "shadow_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("candidate", sa.String(), nullable=False),
        sa.Column("conversation_count", sa.Integer(), nullable=False),
        sa.Column("turn_count", sa.Integer(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("report_name", sa.String(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_run")),
    )


def _make_training_examples() -> None:
    op.create_table(
        "training_example",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("data_key_id", sa.Uuid()),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("turn_input_sealed", sa.LargeBinary()),
        sa.Column("reason_sealed", sa.LargeBinary()),
        sa.Column("labels_before", postgresql.JSONB(), nullable=False),
        sa.Column("labels_after", postgresql.JSONB(), nullable=False),
        sa.Column("read_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=NOW, nullable=False),
        sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("withdrawn_by_id", sa.Integer()),
        sa.CheckConstraint(
            "state IN ('active', 'withdrawn')", name=op.f("ck_training_example_example_state")
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)",
            name=op.f("ck_training_example_withdrawn_with_time"),
        ),
        sa.ForeignKeyConstraint(
            ["data_key_id"],
            ["data_key.id"],
            name=op.f("fk_training_example_data_key_id_data_key"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_training_example_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_training_example_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_training_example_user_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"],
            ["user.id"],
            name=op.f("fk_training_example_withdrawn_by_id_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_example")),
    )
    for column in ("data_key_id", "contact_id", "conversation_id", "user_id", "withdrawn_by_id"):
        op.create_index(op.f(f"ix_training_example_{column}"), "training_example", [column])
    op.create_index(
        "uq_training_example_active",
        "training_example",
        ["turn_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )


def _make_model_versions() -> None:
    op.create_table(
        "model_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("file", sa.LargeBinary()),
        sa.Column("checksum", sa.LargeBinary()),
        sa.Column("trial_file", sa.LargeBinary()),
        sa.Column("example_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("figures", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("refusals", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("previous_id", sa.BigInteger()),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=NOW, nullable=False),
        sa.Column("promoted_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True)),
        sa.CheckConstraint(
            "state IN ('challenger', 'refused', 'champion', 'retired')",
            name=op.f("ck_model_version_version_state"),
        ),
        sa.CheckConstraint(
            f"octet_length(file) <= {LARGEST_FILE} AND octet_length(trial_file) <= {LARGEST_FILE}",
            name=op.f("ck_model_version_files_bounded"),
        ),
        sa.CheckConstraint(
            "(file IS NULL) = (checksum IS NULL)",
            name=op.f("ck_model_version_file_with_checksum"),
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["model_version.id"],
            name=op.f("fk_model_version_previous_id_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_version")),
    )
    op.create_index(
        "uq_model_version_champion",
        "model_version",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'champion'"),
    )


def downgrade() -> None:
    op.drop_table("shadow_run")
    op.drop_table("model_version")
    op.drop_table("training_example")
