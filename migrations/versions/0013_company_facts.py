"""Facts of the company, with a number that grows with every change of one; articles have a short form."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KINDS = "'company', 'hours', 'holiday', 'address', 'channel', 'price', 'discount', 'payment', 'partner', 'delivery'"
# As with the knowledge base: the number is a time, so that a database which was restored from a backup never gives a number that
# meant something else before.
BUMP = """
CREATE FUNCTION bump_company_fact_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO company_fact_version AS known (id, version) VALUES (1, extract(epoch FROM clock_timestamp()) * 1000)
    ON CONFLICT (id) DO UPDATE SET version = greatest(known.version + 1, excluded.version);
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER bump_company_fact_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON company_fact
FOR EACH STATEMENT EXECUTE FUNCTION bump_company_fact_version()
"""


def upgrade() -> None:
    op.create_table(
        "company_fact_version",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("settings_seeded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("demo_seeded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_company_fact_version_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_fact_version")),
    )
    op.create_table(
        "company_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("source", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_company_fact_fact_kind")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_company_fact_valid_in_order")),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_company_fact_updated_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_fact")),
        sa.UniqueConstraint(
            "kind",
            "key",
            "valid_from",
            name=op.f("uq_company_fact_kind_key_valid_from"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_company_fact_updated_by_id"), "company_fact", ["updated_by_id"])
    op.execute(BUMP)
    op.execute(TRIGGER)
    op.add_column(
        "article",
        sa.Column("short_answer", sa.String(), server_default=sa.text("''"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("article", "short_answer")
    op.execute("DROP TRIGGER bump_company_fact_version ON company_fact")
    op.execute("DROP FUNCTION bump_company_fact_version()")
    op.drop_table("company_fact")
    op.drop_table("company_fact_version")
