"""Webhooks tell of conversations that begin and go back to the bot, and of appointments; contacts and certificates know when they changed; indexes for what changed since a time, made beside the running system."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

COLUMN = "updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL"
WITH_COLUMN = ("contact", "certificate")
# A trigger, for rows of these tables are changed by many statements, several of them by hand.
SET_UPDATED_AT = """
CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = clock_timestamp();
    RETURN NEW;
END $$
"""
UPDATED_AT_TRIGGER = """
CREATE OR REPLACE TRIGGER set_updated_at BEFORE UPDATE ON {table}
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at()
"""
INDEXES = {
    "ix_contact_updated_at": "contact (updated_at)",
    "ix_certificate_updated_at": "certificate (updated_at)",
    "ix_ticket_updated_at": "ticket (updated_at)",
    "ix_lead_updated_at": "lead (updated_at)",
    "ix_appointment_updated_at": "appointment (updated_at)",
}
FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM webhook_subscription WHERE active) THEN
        {body}
    END IF;
    RETURN NULL;
END $$
"""
CONVERSATION_EVENT = """
        PERFORM record_webhook_event(
            {event},
            'conversation:' || NEW.id,
            jsonb_build_object(
                'conversation_id', NEW.id, 'contact_id', NEW.contact_id, 'state', NEW.state,
                'escalation_reason', NEW.escalation_reason, 'assignee_id', NEW.assignee_id));"""
EVENT_BEFORE = """CASE NEW.state
                WHEN 'STATE_WAITING_HUMAN' THEN 'conversation.escalated'
                WHEN 'STATE_WITH_HUMAN' THEN 'conversation.taken'
                ELSE 'conversation.closed' END"""
EVENT = """CASE
                WHEN TG_OP = 'INSERT' THEN 'conversation.created'
                WHEN NEW.state = 'STATE_WAITING_HUMAN' THEN 'conversation.escalated'
                WHEN NEW.state = 'STATE_WITH_HUMAN' THEN 'conversation.taken'
                WHEN NEW.state = 'STATE_CLOSED' THEN 'conversation.closed'
                ELSE 'conversation.handed_back' END"""
APPOINTMENT_EVENT = """
        PERFORM record_webhook_event(
            CASE TG_OP WHEN 'INSERT' THEN 'appointment.created' ELSE 'appointment.updated' END,
            'appointment:' || NEW.number,
            jsonb_build_object(
                'appointment_id', NEW.id, 'number', NEW.number, 'contact_id', NEW.contact_id,
                'conversation_id', NEW.conversation_id, 'state', NEW.state,
                'starts_at', NEW.starts_at, 'moved_from_id', NEW.moved_from_id));"""
UPDATE_TRIGGER = """
CREATE OR REPLACE TRIGGER record_webhook_update AFTER UPDATE OF state ON conversation
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state AND {condition})
EXECUTE FUNCTION record_conversation_event()
"""
TOLD_BEFORE = "NEW.state IN ('STATE_WAITING_HUMAN', 'STATE_WITH_HUMAN', 'STATE_CLOSED')"
TOLD = f"({TOLD_BEFORE} OR OLD.state IN ('STATE_WAITING_HUMAN', 'STATE_WITH_HUMAN'))"
# A conversation that is closed from its first moment on holds notices alone.
INSERT_TRIGGERS = (
    """
CREATE TRIGGER record_webhook_insert AFTER INSERT ON conversation
FOR EACH ROW WHEN (NEW.closed_at IS NULL) EXECUTE FUNCTION record_conversation_event()
""",
    """
CREATE TRIGGER record_webhook_insert AFTER INSERT ON appointment
FOR EACH ROW EXECUTE FUNCTION record_appointment_event()
""",
    """
CREATE TRIGGER record_webhook_update AFTER UPDATE OF state ON appointment
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
EXECUTE FUNCTION record_appointment_event()
""",
)


def upgrade() -> None:
    # First, and safe to repeat: the columns, and the indexes that an attempt that was stopped left
    # behind not valid.
    for table in WITH_COLUMN:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {COLUMN}")
    with op.get_context().autocommit_block():
        for name, place in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {place}")
    op.execute(SET_UPDATED_AT)
    for table in WITH_COLUMN:
        op.execute(UPDATED_AT_TRIGGER.format(table=table))
    _replace_conversation_event(EVENT, TOLD)
    op.execute(FUNCTION.format(name="record_appointment_event", body=APPOINTMENT_EVENT.strip()))
    for trigger in INSERT_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.execute("DROP TRIGGER record_webhook_update ON appointment")
    op.execute("DROP TRIGGER record_webhook_insert ON appointment")
    op.execute("DROP TRIGGER record_webhook_insert ON conversation")
    op.execute("DROP FUNCTION record_appointment_event()")
    _replace_conversation_event(EVENT_BEFORE, TOLD_BEFORE)
    for table in WITH_COLUMN:
        op.execute(f"DROP TRIGGER set_updated_at ON {table}")
    op.execute("DROP FUNCTION set_updated_at()")
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    for table in WITH_COLUMN:
        op.drop_column(table, "updated_at")


def _replace_conversation_event(event: str, condition: str) -> None:
    body = CONVERSATION_EVENT.format(event=event).strip()
    op.execute(FUNCTION.format(name="record_conversation_event", body=body))
    op.execute(UPDATE_TRIGGER.format(condition=condition))
