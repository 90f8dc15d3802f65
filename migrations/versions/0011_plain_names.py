"""Plain names for tables, columns, indexes and stored values.

The code before this revision does not run on the new names, nor this code on the old ones, so the migration refuses while a process of the
other side holds a connection. It sees connections by their application_name: not a process that has asked the database nothing yet, and none
behind a pooler that hides names. Such a process answers 503 to the webhook, and Meta delivers again; its jobs fail and change nothing.
"""

from alembic import context, op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PROCESSES = """
    SELECT application_name, count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name IN ('gatte-web', 'gatte-worker', 'gatte-scheduler')
    GROUP BY application_name ORDER BY application_name
"""
TABLES = {"model_call": "llm_call"}
COLUMNS = {
    "inbox_message": {"filed_at": "processed_at", "immediate": "skip_quiet_period"},
    "status_event": {"category": "pricing_category"},
    "conversation": {
        "asking": "requested_slot",
        "suspended": "suspended_flow",
        "misunderstandings": "fallback_count",
        "slot_failures": "invalid_slot_count",
        "errors": "consecutive_errors",
        "notes_sealed": "flags_sealed",
        "leased_until": "lease_expires_at",
        "watch_at": "inactivity_due_at",
        "told_limit_at": "rate_limit_notified_at",
    },
    "message": {
        "position": "sequence",
        "original_sealed": "raw_payload_sealed",
        "set_aside": "skip_reason",
        "decider": "intent_source",
    },
    "outbox": {"position": "sequence", "due_at": "next_attempt_at", "category": "pricing_category"},
    "turn": {"times": "step_durations_ms", "at": "created_at"},
    "transition": {"source": "from_state", "target": "to_state", "at": "created_at"},
    "delivery_attempt": {"at": "created_at"},
    "llm_call": {"at": "created_at"},
    "audit_entry": {"at": "created_at"},
    "number_pause": {"since": "paused_at", "tries": "probe_count", "probe_at": "next_probe_at"},
    "data_key": {"wrapped": "wrapped_key", "master_id": "master_key_id"},
    "passage": {"words": "search_vector"},
    "knowledge_version": {"number": "version"},
}
INDEXES = {
    "ix_inbox_message_filed": "ix_inbox_message_processed",
    "ix_inbox_message_unfiled": "ix_inbox_message_unprocessed",
    "ix_conversation_watch": "ix_conversation_inactivity_due",
    "ix_message_conversation_position": "ix_message_conversation_sequence",
    "ix_passage_words": "ix_passage_search_vector",
    "ix_data_key_master_id": "ix_data_key_master_key_id",
    "ix_model_call_conversation_id": "ix_llm_call_conversation_id",
}
SEQUENCES = {
    "message_position_seq": "message_sequence_seq",
    "outbox_position_seq": "outbox_sequence_seq",
    "model_call_id_seq": "llm_call_id_seq",
}
CONSTRAINTS = {
    "conversation": {"ck_conversation_reason": "ck_conversation_escalation_reason"},
    "message": {"ck_message_decider": "ck_message_prediction_source"},
    "transition": {
        "ck_transition_source": "ck_transition_from_state",
        "ck_transition_target": "ck_transition_to_state",
    },
    "llm_call": {
        "pk_model_call": "pk_llm_call",
        "fk_model_call_conversation_id": "fk_llm_call_conversation_id",
    },
}
VALUES = {
    ("message", "skip_reason"): {"limited": "rate_limited"},
    ("outbox", "state"): {"parked": "dead_letter"},
    ("turn", "outcome"): {"silent": "no_reply", "parked": "dead_letter"},
}
UNCHANGED = {
    ("message", "skip_reason"): ["muted"],
    ("outbox", "state"): [
        *("pending", "sending", "uncertain", "accepted", "sent", "delivered", "read", "failed"),
        "cancelled",
    ],
    ("turn", "outcome"): ["answered", "failed"],
}
CHECKS = {  # before and after
    ("message", "skip_reason"): ("ck_message_set_aside", "ck_message_skip_reason"),
    ("outbox", "state"): ("ck_outbox_delivery_state", "ck_outbox_delivery_state"),
    ("turn", "outcome"): ("ck_turn_turn_outcome", "ck_turn_turn_outcome"),
}
BUMP = """
CREATE OR REPLACE FUNCTION bump_knowledge_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO knowledge_version AS known (id, {column}) VALUES (1, extract(epoch FROM clock_timestamp()) * 1000)
    ON CONFLICT (id) DO UPDATE SET {column} = greatest(known.{column} + 1, excluded.{column});
    RETURN NULL;
END $$
"""
# Postgres 18 names the rule that a column is never null, after table and column; older servers have no such rule.
NOT_NULL = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = '{table}'::regclass AND conname = '{old}_not_null') THEN
        ALTER TABLE {table} RENAME CONSTRAINT {old}_not_null TO {new}_not_null;
    END IF;
END $$
"""
OTHER_COLUMNS_OF_LLM_CALL = (
    *("id", "purpose", "model", "prompt_version", "tokens_in", "tokens_out", "cost_brl"),
    *("latency_ms", "outcome"),
)


def upgrade() -> None:
    _refuse_while_processes_run()
    for old, new in TABLES.items():
        op.execute(f"-- squawk-ignore renaming-table\nALTER TABLE {old} RENAME TO {new}")
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(
                f"-- squawk-ignore renaming-column\nALTER TABLE {table} RENAME COLUMN {old} TO {new}"
            )
    for table, old, new in _not_null_rules():
        op.execute(NOT_NULL.format(table=table, old=old, new=new))
    for old, new in INDEXES.items():
        op.execute(f"-- squawk-ignore renaming-object\nALTER INDEX {old} RENAME TO {new}")
    for old, new in SEQUENCES.items():
        op.execute(f"-- squawk-ignore renaming-object\nALTER SEQUENCE {old} RENAME TO {new}")
    for table, constraints in CONSTRAINTS.items():
        for old, new in constraints.items():
            op.execute(
                "-- squawk-ignore renaming-object\n"
                f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}"
            )
    for (table, column), (before, after) in CHECKS.items():
        values = VALUES[table, column]
        _change_values(table, column, values, before, after)
    op.execute(BUMP.format(column="version"))


def downgrade() -> None:
    _refuse_while_processes_run()
    op.execute(BUMP.format(column="number"))
    for (table, column), (before, after) in CHECKS.items():
        values = {new: old for old, new in VALUES[table, column].items()}
        _change_values(table, column, values, after, before)
    for table, constraints in CONSTRAINTS.items():
        for old, new in constraints.items():
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {new} TO {old}")
    for old, new in SEQUENCES.items():
        op.execute(f"ALTER SEQUENCE {new} RENAME TO {old}")
    for old, new in INDEXES.items():
        op.execute(f"ALTER INDEX {new} RENAME TO {old}")
    for table, old, new in _not_null_rules():
        op.execute(NOT_NULL.format(table=table, old=new, new=old))
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
    for old, new in TABLES.items():
        op.execute(f"ALTER TABLE {new} RENAME TO {old}")


def _refuse_while_processes_run() -> None:
    if context.is_offline_mode():
        return
    found = op.get_bind().exec_driver_sql(PROCESSES).all()
    if found:
        named = ", ".join(f"{name} ({count} connections)" for name, count in found)
        raise RuntimeError(
            f"it renames columns, and processes of the other version still run: {named};"
            " stop web, worker and scheduler on every host, then run `flask migrate` again"
        )


def _not_null_rules() -> list[tuple[str, str, str]]:
    """Table, and the names of its rules before and after."""
    found = [
        ("llm_call", f"model_call_{name}", f"llm_call_{name}") for name in OTHER_COLUMNS_OF_LLM_CALL
    ]
    for table, columns in COLUMNS.items():
        former = {new: old for old, new in TABLES.items()}.get(table, table)
        found += [(table, f"{former}_{old}", f"{table}_{new}") for old, new in columns.items()]
    return found


def _change_values(
    table: str, column: str, values: dict[str, str], before: str, after: str
) -> None:
    op.execute(
        f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT {before}"
    )
    for old, new in values.items():
        op.execute(f"UPDATE {table} SET {column} = '{new}' WHERE {column} = '{old}'")
    allowed = [*UNCHANGED[table, column], *values.values()]
    listed = ", ".join(f"'{value}'" for value in allowed)
    # squawk-ignore: no process runs that a scan of the table could hold up
    op.execute(
        f"-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE {table} ADD CONSTRAINT {after} CHECK ({column} IN ({listed}))"
    )
