"""The state of the knowledge base, which whatever is kept of a search belongs to."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from gatte.store import knowledge


@dataclass(frozen=True)
class KnowledgeBaseVersion:
    """A number that grows with every change of an article or passage (0 before the first), the day,
    since articles come into force by date, and the model of Gemini of which every passage has a
    vector, empty where there is none.
    """

    number: int
    day: date
    vector_model: str = ""


def current_version(session: Session) -> KnowledgeBaseVersion:
    """The version that this session sees."""
    found = knowledge.read_version(session)
    return KnowledgeBaseVersion(found.edition, found.today, found.vector_model or "")
