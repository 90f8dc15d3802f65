"""The tables of the knowledge base."""

INDEX_VERSION_SQL = (
    "coalesce((SELECT number FROM knowledge_version), 0) AS edition, current_date AS today"
)
