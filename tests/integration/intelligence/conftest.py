"""A real Postgres with the demo knowledge base in it; the outer fixtures of the suite take over where they exist."""

import pytest
from devstack.postgres import Postgres
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from gatte.extensions import db
from gatte.intelligence import knowledge
from gatte.models.knowledge import Article, Passage


@pytest.fixture(scope="session")
def knowledge_engine(tmp_path_factory):
    server = Postgres(tmp_path_factory.mktemp("knowledge"), durable=False)
    engine = create_engine(server.start().replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        db.metadata.create_all(connection, tables=[Article.__table__, Passage.__table__])
    yield engine
    engine.dispose()
    server.stop()


@pytest.fixture(scope="session")
def demo_knowledge(knowledge_engine: Engine) -> Engine:
    with Session(knowledge_engine) as session:
        knowledge.import_articles(session, knowledge.read_articles())
        session.commit()
    return knowledge_engine


@pytest.fixture
def session(demo_knowledge: Engine):
    """A session on the demo knowledge base; what a test writes is rolled back."""
    with Session(demo_knowledge) as session:
        yield session
        session.rollback()
