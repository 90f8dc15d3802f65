"""The tables `article`, `passage` and `knowledge_version`."""

VERSION_COLUMNS = (
    "coalesce((SELECT number FROM knowledge_version), 0) AS edition, current_date AS today"
)
"""The state of the knowledge base, as columns of any statement: its number, which grows with every
change (0 before the first article), and the day, since articles come into force by date.
"""
