"""Backups that were made and verified."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backup_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("backup", sa.String()),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "finished_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String()),
        sa.CheckConstraint(
            "action IN ('created', 'verified')", name=op.f("ck_backup_record_backup_action")
        ),
        sa.CheckConstraint(
            "succeeded = (problem IS NULL)", name=op.f("ck_backup_record_failed_with_problem")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_record")),
    )
    op.create_index(
        "ix_backup_record_action_finished_at", "backup_record", ["action", "finished_at"]
    )


def downgrade() -> None:
    op.drop_table("backup_record")
