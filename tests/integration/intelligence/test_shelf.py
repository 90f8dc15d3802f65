"""The knowledge base in memory: it finds what Postgres finds, knows every change, and steps aside
when the base is large.
"""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from gatte.intelligence.knowledge import memory_index, reranker, retrieval
from gatte.intelligence.knowledge.memory_index import IndexCache, LexemeCache
from gatte.models.knowledge import Article
from gatte.observability import metrics

QUESTIONS = [
    "quanto custa o e-CNPJ?",
    "perdi a senha do token",
    "renovando um certificado vencido",
    "oi",
    "vocês atendem no sábado?",
    "1234",
    "😀",
]


def counted():
    return metrics.CACHE_REQUESTS.labels(cache="knowledge", outcome="miss")._value.get()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_passages_are_near_as_in_postgres(session, question):
    asked = reranker.tokenize(question, retrieval.vector_of(question))
    held = IndexCache().get(session, memory_index.index_version(session))

    in_memory = {row.id for row in retrieval._from_shelf(session, held, asked).rows}
    assert in_memory == {row.id for row in retrieval._from_postgres(session, asked)}


def test_the_base_is_read_once_an_edition(session):
    shelves, before = IndexCache(), counted()
    first, second = (shelves.get(session, memory_index.index_version(session)) for _ in range(2))
    session.execute(update(Article).where(Article.slug == "quanto-custa").values(active=False))
    third = shelves.get(session, memory_index.index_version(session))

    assert (first is second, counted() - before) == (True, 2)
    assert len(third.rows) < len(first.rows)


def test_a_base_too_large_for_memory_is_searched_in_postgres(session, monkeypatch):
    small = retrieval.find_passages(session, "quanto custa o e-CNPJ?")
    monkeypatch.setattr(memory_index, "MAX_PASSAGES", 10)
    monkeypatch.setattr(retrieval, "_shelves", IndexCache())

    assert retrieval.find_passages(session, "quanto custa o e-CNPJ?") == small


def test_articles_of_the_shelf_outlive_the_session_that_read_them(knowledge_engine):
    with Session(knowledge_engine) as reading:
        held = IndexCache().get(reading, memory_index.index_version(reading))

    assert all(article.slug and article.answer for article in held.articles.values())


def test_words_become_lexemes_as_in_the_text_search(session):
    lexemes = LexemeCache()

    assert lexemes.of(session, ["renovando", "de", "renovar"]) == ["renov", "renov"]
    assert lexemes.of(session, ["renovar"]) == ["renov"]
