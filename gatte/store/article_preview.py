"""Copies of the tables of articles that one connection alone sees: temporary tables of the same
names, which Postgres finds first. What is changed in them is gone with the connection.
"""

from sqlalchemy import Table, text
from sqlalchemy.orm import Session

from gatte.models import Article, ArticleVersion, Passage

COPIED_MODELS = (Article, ArticleVersion, Passage)
PARTS = "INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY"


def copy_tables(session: Session) -> None:
    """Let this session's connection work on copies from now on. It must be one that nobody else
    uses, and that has not searched before.
    """
    for model in COPIED_MODELS:
        table = model.__table__
        assert isinstance(table, Table)  # noqa: S101 - for the types alone
        columns = ", ".join(column.name for column in table.columns if column.computed is None)
        session.execute(
            text(f"CREATE TEMPORARY TABLE {table.name} (LIKE public.{table.name} {PARTS})")
        )
        session.execute(
            text(
                f"INSERT INTO pg_temp.{table.name} ({columns}) OVERRIDING SYSTEM VALUE"  # noqa: S608
                f" SELECT {columns} FROM public.{table.name}"
            )
        )
    last = "(SELECT coalesce(max(id), 0) + 1 FROM pg_temp.passage)"
    sequence = "pg_get_serial_sequence('pg_temp.passage', 'id')"
    session.execute(text(f"SELECT setval({sequence}, {last}, false)"))
    session.commit()
