"""The flow and the expected tokens of calls to models, an index by which their costs are added up, and notices of the budget."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEX = "ix_llm_call_created_at"


def upgrade() -> None:
    op.add_column(
        "llm_call",
        sa.Column("tokens_estimated", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "llm_call", sa.Column("flow", sa.String(), server_default=sa.text("''"), nullable=False)
    )
    op.create_table(
        "budget_notice",
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("period IN ('day', 'month')", name=op.f("ck_budget_notice_period")),
        sa.PrimaryKeyConstraint("period", "starts_on", "percent", name=op.f("pk_budget_notice")),
    )
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(f"CREATE INDEX CONCURRENTLY {INDEX} ON llm_call (created_at) INCLUDE (cost_brl)")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
    op.drop_table("budget_notice")
    op.drop_column("llm_call", "flow")
    op.drop_column("llm_call", "tokens_estimated")
