"""Messages that are set aside, muted contacts, and a number that grows with every change of the knowledge base."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Whoever changes the knowledge base, in whatever way, changes its version in the same transaction; one row, so reading it costs nothing.
# The number is a time, so that a database which was restored from a backup never gives a number that meant something else before.
BUMP = """
CREATE FUNCTION bump_knowledge_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO knowledge_version AS known (id, number) VALUES (1, extract(epoch FROM clock_timestamp()) * 1000)
    ON CONFLICT (id) DO UPDATE SET number = greatest(known.number + 1, excluded.number);
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER bump_knowledge_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION bump_knowledge_version()
"""


def upgrade() -> None:
    op.add_column("message", sa.Column("set_aside", sa.String(length=32), nullable=True))
    op.add_column("contact", sa.Column("muted_until", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("contact", sa.Column("mute_reason", sa.String(length=32), nullable=True))
    op.add_column(
        "conversation", sa.Column("told_limit_at", sa.TIMESTAMP(timezone=True), nullable=True)
    )
    op.execute(
        "ALTER TABLE message ADD CONSTRAINT ck_message_set_aside CHECK (set_aside IN ('limited', 'muted')) NOT VALID"
    )
    op.execute(
        "ALTER TABLE contact ADD CONSTRAINT ck_contact_mute_reason "
        "CHECK (mute_reason IN ('flood', 'repetition', 'links', 'blocklist', 'by_hand')) NOT VALID"
    )
    op.create_table(
        "knowledge_version",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_knowledge_version_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_version")),
    )
    op.execute(BUMP)
    for table in ("article", "passage"):
        op.execute(TRIGGER.format(table=table))


def downgrade() -> None:
    for table in ("article", "passage"):
        op.execute(f"DROP TRIGGER bump_knowledge_version ON {table}")
    op.execute("DROP FUNCTION bump_knowledge_version()")
    op.drop_table("knowledge_version")
    op.drop_column("conversation", "told_limit_at")
    op.drop_column("contact", "mute_reason")
    op.drop_column("contact", "muted_until")
    op.drop_column("message", "set_aside")
