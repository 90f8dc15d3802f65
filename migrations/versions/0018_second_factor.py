"""The second step of a login to the panel: secrets of authenticator apps, and recovery codes."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE second_factor (
    id UUID NOT NULL,
    data_key_id UUID,
    user_id INTEGER NOT NULL,
    secret_sealed BYTEA,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    last_step BIGINT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_second_factor PRIMARY KEY (id),
    CONSTRAINT uq_second_factor_user_id UNIQUE (user_id),
    CONSTRAINT fk_second_factor_user_id_user FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE,
    CONSTRAINT fk_second_factor_data_key_id_data_key FOREIGN KEY (data_key_id)
        REFERENCES data_key (id) ON DELETE SET NULL
)
""",
    "CREATE INDEX ix_second_factor_data_key_id ON second_factor (data_key_id)",
    """
CREATE TABLE recovery_code (
    id UUID NOT NULL,
    user_id INTEGER NOT NULL,
    code_hash BYTEA NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_recovery_code PRIMARY KEY (id),
    CONSTRAINT uq_recovery_code_user_id_code_hash UNIQUE (user_id, code_hash),
    CONSTRAINT fk_recovery_code_user_id_user FOREIGN KEY (user_id)
        REFERENCES "user" (id) ON DELETE CASCADE
)
""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE recovery_code")
    op.execute("DROP TABLE second_factor")
