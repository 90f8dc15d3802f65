"""Appointments: a table whose booked rows never share a number, a start and a slot."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = ("video", "in_person", "token_delivery")
STATES = ("booked", "moved", "cancelled", "done", "no_show")
AUTHORS = ("customer", "bot", "agent", "phone")


def upgrade() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.Column(
            "number",
            sa.Integer(),
            server_default=sa.text("nextval('ticket_number_seq')"),
            nullable=False,
        ),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("phone_number_id", sa.String(), nullable=False),
        sa.Column("kind", _one_of("appointment_kind", KINDS), nullable=True),
        sa.Column("product", sa.String(), nullable=True),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("slot_no", sa.Integer(), nullable=False),
        sa.Column("state", _one_of("appointment_state", STATES), nullable=False),
        sa.Column("created_by", _one_of("created_by", AUTHORS), nullable=False),
        sa.Column("moved_from_id", sa.Uuid(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_appointment_ends_after_start")),
        sa.CheckConstraint("slot_no >= 1", name=op.f("ck_appointment_slot_no")),
        _reference("data_key", "data_key_id", "SET NULL"),
        _reference("contact", "contact_id", "CASCADE"),
        _reference("conversation", "conversation_id", "SET NULL"),
        _reference("appointment", "moved_from_id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index(
        "uq_appointment_slot",
        "appointment",
        ["phone_number_id", "starts_at", "slot_no"],
        unique=True,
        postgresql_where=sa.text("state = 'booked'"),
    )
    op.create_index(
        "uq_appointment_number",
        "appointment",
        ["number"],
        unique=True,
        postgresql_where=sa.text("state <> 'moved'"),
    )
    op.create_index("ix_appointment_starts_at", "appointment", ["starts_at", "id"])
    for column in ("data_key_id", "contact_id", "conversation_id", "moved_from_id"):
        op.create_index(op.f(f"ix_appointment_{column}"), "appointment", [column])


def downgrade() -> None:
    op.drop_table("appointment")


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _reference(table: str, column: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{table}.id"], name=op.f(f"fk_appointment_{column}"), ondelete=on_delete
    )
