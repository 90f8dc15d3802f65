"""Login sessions of the panel, the chain of audit entries, and the rotation of master keys.

Entries of the audit trail that are there already stay outside the chain. Wraps of data keys are
counted by a sequence, which begins at the number of keys that there are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

END_REASONS = (
    "logout",
    "ended_by_user",
    "ended_by_admin",
    "password_changed",
    "role_changed",
    "user_disabled",
)
CHAIN = ("previous_mac", "content_mac", "mac")


def upgrade() -> None:
    _make_login_sessions()
    op.add_column(
        "user",
        sa.Column(
            "must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column("audit_entry", sa.Column("number", sa.BigInteger()))
    for name in CHAIN:
        op.add_column("audit_entry", sa.Column(name, sa.LargeBinary()))
    _make_key_rotations()
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_audit_entry_number")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY uq_audit_entry_number ON audit_entry (number)")


def _make_login_sessions() -> None:
    now = sa.text("now()")
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.Column(
            "authenticated_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False
        ),
        sa.Column("last_seen_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("end_reason", sa.String(32)),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)",
            name=op.f("ck_login_session_ended_with_reason"),
        ),
        sa.CheckConstraint(
            f"end_reason IN ({', '.join(repr(reason) for reason in END_REASONS)})",
            name=op.f("ck_login_session_login_session_end"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_login_session_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
    )
    op.create_index(op.f("ix_login_session_user_id"), "login_session", ["user_id"])
    op.create_index(
        "ix_login_session_live",
        "login_session",
        ["user_id", "last_seen_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _make_key_rotations() -> None:
    now = sa.text("now()")
    op.create_table(
        "key_rotation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("master_key_id", sa.String(), nullable=False),
        sa.Column("wraps_before", sa.BigInteger(), nullable=False),
        sa.Column("wrapped_again", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.Column("progressed_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_rotation")),
    )
    op.execute("CREATE SEQUENCE data_key_wrap_seq AS bigint")
    op.execute("SELECT setval('data_key_wrap_seq', (SELECT count(*) + 1 FROM data_key), false)")
    op.add_column("data_key", sa.Column("wrap_number", sa.BigInteger()))
    op.execute(
        "ALTER TABLE data_key ALTER COLUMN wrap_number SET DEFAULT nextval('data_key_wrap_seq')"
    )


def downgrade() -> None:
    op.drop_column("data_key", "wrap_number")
    op.execute("DROP SEQUENCE data_key_wrap_seq")
    op.drop_table("key_rotation")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_audit_entry_number")
    for name in CHAIN:
        op.drop_column("audit_entry", name)
    op.drop_column("audit_entry", "number")
    op.drop_column("user", "must_change_password")
    op.drop_table("login_session")
