"""A second vector of each passage, made by Gemini where the company chose so; and the model whose
vectors the search uses.
"""

import pgvector.sqlalchemy
import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# With a vector each row is so long that it is stored whole only when told so: docs/decisions/0083.
IN_ONE_PIECE = "ALTER TABLE passage_vector ALTER COLUMN embedding SET STORAGE PLAIN"
TRIGGER = """
CREATE TRIGGER bump_knowledge_version
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON passage_vector
FOR EACH STATEMENT EXECUTE FUNCTION bump_knowledge_version()
"""


def upgrade() -> None:
    op.create_table(
        "passage_vector",
        sa.Column("passage_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("embedding", pgvector.sqlalchemy.VECTOR(dim=768), nullable=False),
        sa.ForeignKeyConstraint(
            ["passage_id"],
            ["passage.id"],
            name=op.f("fk_passage_vector_passage_id_passage"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("passage_id", name=op.f("pk_passage_vector")),
    )
    op.execute(IN_ONE_PIECE)
    op.create_index(
        "ix_passage_vector_embedding",
        "passage_vector",
        ["embedding"],
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
    )
    op.execute(TRIGGER)
    op.add_column("knowledge_version", sa.Column("vector_model", sa.String(), nullable=True))


def downgrade() -> None:
    """The vectors are made again by the version that knows them."""
    op.drop_column("knowledge_version", "vector_model")
    op.drop_table("passage_vector")
