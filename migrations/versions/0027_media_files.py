"""Files that customers sent, and the list of those whose row is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0024"
branch_labels = None
depends_on = None

KINDS = (
    "'text', 'choice', 'image', 'video', 'audio', 'document', 'sticker', 'location', 'contacts',"
    " 'order', 'reaction', 'edit', 'revoke', 'system', 'unsupported'"
)
STATES = "'pending', 'stored', 'refused', 'failed'"
PROBLEMS = (
    "'too_large', 'kind_not_kept', 'wrong_content', 'program', 'gone', 'not_given', 'altered',"
    " 'not_stored'"
)
NOW = sa.text("now()")
CLOCK = sa.text("clock_timestamp()")
# Whatever deletes a row (a message, a contact, retention) leaves the id of its file behind.
ORPHAN_FUNCTION = """
CREATE FUNCTION record_media_orphan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO media_orphan (file_id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
ORPHAN_TRIGGER = """
CREATE TRIGGER record_media_orphan AFTER DELETE ON media_file
FOR EACH ROW EXECUTE FUNCTION record_media_orphan()
"""


def upgrade() -> None:
    op.create_table(
        "media_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("data_key_id", sa.Uuid()),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("filename_sealed", sa.LargeBinary()),
        sa.Column("state", sa.String(32), server_default="pending", nullable=False),
        sa.Column("problem", sa.String(32)),
        sa.Column("mime_type", sa.String()),
        sa.Column("size", sa.Integer()),
        sa.Column("preview_size", sa.Integer()),
        sa.Column("checksum", sa.LargeBinary()),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at", sa.TIMESTAMP(timezone=True), server_default=CLOCK, nullable=False
        ),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=NOW, nullable=False),
        sa.Column("stored_at", sa.TIMESTAMP(timezone=True)),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_media_file_message_kind")),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_media_file_media_state")),
        sa.CheckConstraint(f"problem IN ({PROBLEMS})", name=op.f("ck_media_file_media_problem")),
        sa.CheckConstraint(
            "(state = 'stored') = (checksum IS NOT NULL AND size IS NOT NULL)",
            name=op.f("ck_media_file_stored_with_content"),
        ),
        sa.CheckConstraint(
            "problem IS NOT NULL OR state NOT IN ('refused', 'failed')",
            name=op.f("ck_media_file_told_problem"),
        ),
        sa.ForeignKeyConstraint(
            ["data_key_id"],
            ["data_key.id"],
            name=op.f("fk_media_file_data_key_id_data_key"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
            name=op.f("fk_media_file_message_id_message"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_media_file_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_file")),
        sa.UniqueConstraint("message_id", name=op.f("uq_media_file_message_id")),
    )
    op.create_index(op.f("ix_media_file_data_key_id"), "media_file", ["data_key_id"])
    op.create_index(op.f("ix_media_file_contact_id"), "media_file", ["contact_id"])
    op.create_index("ix_media_file_created_at", "media_file", ["created_at"])
    op.create_index(
        "ix_media_file_due",
        "media_file",
        ["next_attempt_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "media_orphan",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), server_default=CLOCK, nullable=False),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_media_orphan")),
    )
    op.execute(ORPHAN_FUNCTION)
    op.execute(ORPHAN_TRIGGER)


def downgrade() -> None:
    op.drop_table("media_file")
    op.drop_table("media_orphan")
    op.execute("DROP FUNCTION record_media_orphan()")
