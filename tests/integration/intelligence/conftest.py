"""A migrated Postgres with the demo knowledge base in it."""

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from gatte.intelligence.knowledge import articles


@pytest.fixture(scope="module")
def knowledge_engine(database_url):
    """The database of a test module, with the demo articles."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"))
    with Session(engine) as session:
        articles.import_articles(session, articles.read_articles())
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def session(knowledge_engine):
    """A session on the demo knowledge base; what a test writes is rolled back."""
    with Session(knowledge_engine) as session:
        yield session
        session.rollback()
