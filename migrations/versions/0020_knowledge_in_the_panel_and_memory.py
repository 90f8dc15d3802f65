"""Articles that people edit: drafts, versions, validity, contradictions; questions without an answer; memory of contacts.

An article that is out of use already counts as archived. Versions are kept from the next change of an article on.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

GROUP_STATES = "'open', 'answered', 'dismissed'"
REASONS = "'no_answer', 'not_understood', 'not_helpful'"
MEMORY_KINDS = "'name_form', 'company', 'product', 'period', 'email', 'topic', 'promise'"
MEMORY_SOURCES = "'rule', 'gemini', 'agent'"
CHECKS = {
    "ck_article_valid_in_order": "valid_to >= valid_from",
    "ck_article_archived_out_of_use": "archived_at IS NULL OR NOT active",
}


def upgrade() -> None:
    op.add_column("article", sa.Column("valid_to", sa.Date(), nullable=True))
    op.add_column("article", sa.Column("owner_id", sa.Integer(), nullable=True))
    op.add_column("article", sa.Column("archived_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column(
        "passage",
        sa.Column("superseded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "conversation", sa.Column("remembered_at", sa.TIMESTAMP(timezone=True), nullable=True)
    )
    # A statement that changes no row would still make a new version of the knowledge base.
    op.execute(
        """
        DO $$ BEGIN
            IF EXISTS (SELECT FROM article WHERE NOT active) THEN
                UPDATE article SET archived_at = updated_at WHERE NOT active;
            END IF;
        END $$
        """
    )
    op.execute(
        'ALTER TABLE article ADD CONSTRAINT fk_article_owner_id_user FOREIGN KEY (owner_id) REFERENCES "user" (id) NOT VALID'
    )
    for name, rule in CHECKS.items():
        op.execute(f"ALTER TABLE article ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID")
    _make_article_tables()
    _make_question_tables()
    _make_memory()
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE article VALIDATE CONSTRAINT fk_article_owner_id_user")
        for name in CHECKS:
            op.execute(f"ALTER TABLE article VALIDATE CONSTRAINT {name}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_article_owner_id")
        op.execute("CREATE INDEX CONCURRENTLY ix_article_owner_id ON article (owner_id)")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_passage_superseded")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_passage_superseded ON passage (article_id) WHERE superseded"
        )


def _make_article_tables() -> None:
    now = sa.text("now()")
    op.create_table(
        "article_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
            name=op.f("fk_article_version_article_id_article"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name=op.f("fk_article_version_author_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["user.id"], name=op.f("fk_article_version_published_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_version")),
        sa.UniqueConstraint(
            "article_id", "number", name=op.f("uq_article_version_article_id_number")
        ),
    )
    op.create_index(op.f("ix_article_version_author_id"), "article_version", ["author_id"])
    op.create_index(
        op.f("ix_article_version_published_by_id"), "article_version", ["published_by_id"]
    )
    op.create_table(
        "article_conflict",
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.Column("differences", JSONB(), nullable=False),
        sa.Column("found_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
            name=op.f("fk_article_conflict_article_id_article"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["article.id"],
            name=op.f("fk_article_conflict_other_id_article"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("article_id", "other_id", name=op.f("pk_article_conflict")),
    )
    op.create_index(op.f("ix_article_conflict_other_id"), "article_conflict", ["other_id"])


def _make_question_tables() -> None:
    now = sa.text("now()")
    op.create_table(
        "question_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.CheckConstraint(
            f"state IN ({GROUP_STATES})", name=op.f("ck_question_group_question_group_state")
        ),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
            name=op.f("fk_question_group_article_id_article"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_question_group_updated_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_group")),
    )
    op.create_index(op.f("ix_question_group_article_id"), "question_group", ["article_id"])
    op.create_index(op.f("ix_question_group_updated_by_id"), "question_group", ["updated_by_id"])
    op.create_table(
        "unanswered_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("question_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=now, nullable=False),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            f"reason IN ({REASONS})", name=op.f("ck_unanswered_question_unanswered_reason")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_unanswered_question_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_unanswered_question_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
            name=op.f("fk_unanswered_question_message_id_message"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["question_group.id"],
            name=op.f("fk_unanswered_question_group_id_question_group"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["data_key_id"],
            ["data_key.id"],
            name=op.f("fk_unanswered_question_data_key_id_data_key"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered_question")),
    )
    for column in ("contact_id", "conversation_id", "message_id", "group_id", "data_key_id"):
        op.create_index(op.f(f"ix_unanswered_question_{column}"), "unanswered_question", [column])
    op.create_index(
        "ix_unanswered_question_ungrouped",
        "unanswered_question",
        ["created_at"],
        postgresql_where=sa.text("group_id IS NULL"),
    )


def _make_memory() -> None:
    op.create_table(
        "contact_memory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("learned_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("forgotten_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("data_key_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(f"kind IN ({MEMORY_KINDS})", name=op.f("ck_contact_memory_memory_kind")),
        sa.CheckConstraint(
            f"source IN ({MEMORY_SOURCES})", name=op.f("ck_contact_memory_memory_source")
        ),
        sa.CheckConstraint(
            "(forgotten_at IS NULL) = (value_sealed IS NOT NULL)",
            name=op.f("ck_contact_memory_forgotten_without_value"),
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_contact_memory_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_contact_memory_conversation_id_conversation"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
            name=op.f("fk_contact_memory_message_id_message"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_contact_memory_updated_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["data_key_id"],
            ["data_key.id"],
            name=op.f("fk_contact_memory_data_key_id_data_key"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_memory")),
        sa.UniqueConstraint("contact_id", "kind", name=op.f("uq_contact_memory_contact_id_kind")),
    )
    for column in ("conversation_id", "message_id", "updated_by_id", "data_key_id"):
        op.create_index(op.f(f"ix_contact_memory_{column}"), "contact_memory", [column])
    op.create_index("ix_contact_memory_expires_at", "contact_memory", ["expires_at"])


def downgrade() -> None:
    for table in (
        "contact_memory",
        "unanswered_question",
        "question_group",
        "article_conflict",
        "article_version",
    ):
        op.drop_table(table)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_passage_superseded")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_article_owner_id")
    op.drop_column("conversation", "remembered_at")
    op.execute("DELETE FROM passage WHERE superseded")
    op.drop_column("passage", "superseded")
    for name in CHECKS:
        op.execute(f"ALTER TABLE article DROP CONSTRAINT IF EXISTS {name}")
    op.drop_column("article", "archived_at")
    op.drop_column("article", "owner_id")
    op.drop_column("article", "valid_to")
