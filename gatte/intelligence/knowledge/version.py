"""The state of the knowledge base, which whatever is kept of a search belongs to."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from gatte.store import knowledge


@dataclass(frozen=True)
class KnowledgeBaseVersion:
    """A number that grows with every change of an article or passage (0 before the first), and the
    day, since articles come into force by date.
    """

    number: int
    day: date


def current_version(session: Session) -> KnowledgeBaseVersion:
    """The version that this session sees."""
    found = knowledge.read_version(session)
    return KnowledgeBaseVersion(found.edition, found.today)
