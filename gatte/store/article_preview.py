"""Copies of the tables `article` and `passage` that one connection alone sees: temporary tables of
the same names, which Postgres finds first. What is changed in them is gone with the connection.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

COPIED_COLUMNS = {
    "article": (
        "id, slug, title, question, answer, short_answer, topic, source, valid_from, active, "
        "version, created_at, updated_at"
    ),
    "passage": "id, article_id, kind, text, normalised, embedding",
}
PARTS = "INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY"


def copy_tables(session: Session) -> None:
    """Let this session's connection work on copies from now on. It must be one that nobody else
    uses, and that has not searched before.
    """
    for table, columns in COPIED_COLUMNS.items():
        session.execute(text(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} {PARTS})"))
        session.execute(
            text(
                f"INSERT INTO pg_temp.{table} ({columns}) OVERRIDING SYSTEM VALUE"  # noqa: S608
                f" SELECT {columns} FROM public.{table}"
            )
        )
    last = "(SELECT coalesce(max(id), 0) + 1 FROM pg_temp.passage)"
    sequence = "pg_get_serial_sequence('pg_temp.passage', 'id')"
    session.execute(text(f"SELECT setval({sequence}, {last}, false)"))
    session.commit()
