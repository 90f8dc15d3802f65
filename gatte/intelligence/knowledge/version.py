"""The state of the knowledge base, which whatever is kept of a search belongs to."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

VERSION_COLUMNS_SQL = (
    "coalesce((SELECT number FROM knowledge_version), 0) AS edition, current_date AS today"
)


@dataclass(frozen=True)
class KnowledgeBaseVersion:
    """A number that grows with every change of an article or passage (0 before the first), and the
    day, since articles come into force by date.
    """

    number: int
    day: date


def current_version(session: Session) -> KnowledgeBaseVersion:
    """The version that this session sees."""
    number, today = session.execute(text(f"SELECT {VERSION_COLUMNS_SQL}")).one()
    return KnowledgeBaseVersion(number, today)
