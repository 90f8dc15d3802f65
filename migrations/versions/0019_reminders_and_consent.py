"""Templates of Meta, consent, reminders of certificates and appointments, and files of certificates."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE message_template (
    id UUID NOT NULL,
    business_account_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    language VARCHAR NOT NULL,
    category VARCHAR(32) NOT NULL,
    state VARCHAR(32) NOT NULL,
    variables JSONB NOT NULL,
    buttons JSONB NOT NULL,
    body VARCHAR NOT NULL,
    synced_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_message_template PRIMARY KEY (id),
    CONSTRAINT uq_message_template_name UNIQUE (business_account_id, name, language),
    CONSTRAINT ck_message_template_template_category
        CHECK (category IN ('marketing', 'utility', 'authentication', 'other')),
    CONSTRAINT ck_message_template_template_state
        CHECK (state IN ('approved', 'pending', 'rejected', 'paused', 'disabled', 'deleted', 'other'))
)
""",
    """
CREATE TABLE template_purpose (
    purpose VARCHAR(32) NOT NULL,
    template_id UUID NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_template_purpose PRIMARY KEY (purpose),
    CONSTRAINT ck_template_purpose_notice_purpose
        CHECK (purpose IN ('certificate_expiring', 'certificate_expired', 'appointment')),
    CONSTRAINT fk_template_purpose_template_id FOREIGN KEY (template_id)
        REFERENCES message_template (id) ON DELETE CASCADE
)
""",
    """
CREATE TABLE consent (
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    channel VARCHAR(32) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    granted BOOLEAN NOT NULL,
    source VARCHAR(32) NOT NULL,
    text_version VARCHAR NOT NULL,
    note_sealed BYTEA,
    data_key_id UUID,
    user_id INTEGER,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (id),
    CONSTRAINT fk_consent_contact_id FOREIGN KEY (contact_id)
        REFERENCES contact (id) ON DELETE CASCADE,
    CONSTRAINT ck_consent_consent_channel CHECK (channel IN ('whatsapp')),
    CONSTRAINT ck_consent_consent_kind CHECK (kind IN ('service', 'marketing')),
    CONSTRAINT ck_consent_consent_source CHECK (source IN ('customer', 'desk', 'api', 'meta')),
    CONSTRAINT fk_consent_data_key_id FOREIGN KEY (data_key_id)
        REFERENCES data_key (id) ON DELETE SET NULL,
    CONSTRAINT fk_consent_user_id FOREIGN KEY (user_id) REFERENCES "user" (id)
)
""",
    """
CREATE TABLE certificate_reminder (
    id UUID NOT NULL,
    certificate_id UUID NOT NULL,
    valid_until DATE NOT NULL,
    days_before INTEGER NOT NULL,
    outbox_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_certificate_reminder PRIMARY KEY (id),
    CONSTRAINT uq_certificate_reminder_once UNIQUE (certificate_id, valid_until, days_before),
    CONSTRAINT fk_certificate_reminder_certificate_id FOREIGN KEY (certificate_id)
        REFERENCES certificate (id) ON DELETE CASCADE,
    CONSTRAINT fk_certificate_reminder_outbox_id FOREIGN KEY (outbox_id)
        REFERENCES outbox (id) ON DELETE SET NULL
)
""",
    """
CREATE TABLE appointment_reminder (
    id UUID NOT NULL,
    appointment_id UUID NOT NULL,
    kind VARCHAR(32) NOT NULL,
    outbox_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_appointment_reminder PRIMARY KEY (id),
    CONSTRAINT uq_appointment_reminder_once UNIQUE (appointment_id, kind),
    CONSTRAINT fk_appointment_reminder_appointment_id FOREIGN KEY (appointment_id)
        REFERENCES appointment (id) ON DELETE CASCADE,
    CONSTRAINT ck_appointment_reminder_kind CHECK (kind IN ('day_before', 'hours_before')),
    CONSTRAINT fk_appointment_reminder_outbox_id FOREIGN KEY (outbox_id)
        REFERENCES outbox (id) ON DELETE SET NULL
)
""",
    """
CREATE TABLE certificate_import (
    id UUID NOT NULL,
    user_id INTEGER NOT NULL,
    state VARCHAR(32) NOT NULL,
    content_sealed BYTEA,
    line_count INTEGER NOT NULL,
    error_count INTEGER NOT NULL,
    error_lines INTEGER NOT NULL,
    errors JSONB NOT NULL,
    done_count INTEGER NOT NULL,
    created_count INTEGER NOT NULL,
    changed_count INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_certificate_import PRIMARY KEY (id),
    CONSTRAINT fk_certificate_import_user_id FOREIGN KEY (user_id) REFERENCES "user" (id),
    CONSTRAINT ck_certificate_import_certificate_import_state
        CHECK (state IN ('draft', 'confirmed', 'done'))
)
""",
)
INDEXES = (
    "INDEX ix_template_purpose_template_id ON template_purpose (template_id)",
    "INDEX ix_consent_newest ON consent (contact_id, kind, id)",
    "INDEX ix_consent_data_key_id ON consent (data_key_id)",
    "INDEX ix_consent_user_id ON consent (user_id)",
    "INDEX ix_certificate_reminder_outbox_id ON certificate_reminder (outbox_id)",
    "INDEX ix_appointment_reminder_outbox_id ON appointment_reminder (outbox_id)",
    "INDEX ix_certificate_import_user_id ON certificate_import (user_id)",
)
COLUMNS = (
    ("certificate", "reminded_at TIMESTAMP WITH TIME ZONE"),
    ("certificate", "renewal_lead_for DATE"),
    ("outbox", "expires_at TIMESTAMP WITH TIME ZONE"),
    ("webhook_event", "handled_at TIMESTAMP WITH TIME ZONE"),
)
PREFERENCES = "ix_webhook_event_preferences"


def upgrade() -> None:
    # First, and safe to repeat: what an attempt that was stopped left behind is not valid.
    for table, column in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}")
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {PREFERENCES}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {PREFERENCES} ON webhook_event (id)"
            " WHERE field = 'user_preferences' AND handled_at IS NULL"
        )
    for statement in TABLES:
        op.execute(statement)
    for index in INDEXES:
        op.execute(f"CREATE {index}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {PREFERENCES}")
    for table in (
        "certificate_import",
        "appointment_reminder",
        "certificate_reminder",
        "consent",
        "template_purpose",
        "message_template",
    ):
        op.drop_table(table)
    for table, column in COLUMNS:
        op.drop_column(table, column.split()[0])
