"""The knowledge base in memory: it finds what Postgres finds, knows every change, and steps aside when the base is large."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from gatte.intelligence import ranking, retrieval, shelf
from gatte.intelligence.shelf import Lexemes, Shelves
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
    asked = ranking.prepared(question, retrieval.vector_of(question))
    held = Shelves().get(session, shelf.edition(session))

    in_memory = {row.id for row in retrieval._from_shelf(session, held, asked).rows}
    assert in_memory == {row.id for row in retrieval._from_postgres(session, asked)}


def test_the_base_is_read_once_an_edition(session):
    shelves, before = Shelves(), counted()
    first, second = (shelves.get(session, shelf.edition(session)) for _ in range(2))
    session.execute(update(Article).where(Article.slug == "quanto-custa").values(active=False))
    third = shelves.get(session, shelf.edition(session))

    assert (first is second, counted() - before) == (True, 2)
    assert len(third.rows) < len(first.rows)


def test_a_base_too_large_for_memory_is_searched_in_postgres(session, monkeypatch):
    small = retrieval.find_passages(session, "quanto custa o e-CNPJ?")
    monkeypatch.setattr(shelf, "LARGEST", 10)
    monkeypatch.setattr(retrieval, "_shelves", Shelves())

    assert retrieval.find_passages(session, "quanto custa o e-CNPJ?") == small


def test_articles_of_the_shelf_outlive_the_session_that_read_them(knowledge_engine):
    with Session(knowledge_engine) as reading:
        held = Shelves().get(reading, shelf.edition(reading))

    assert all(article.slug and article.answer for article in held.articles.values())


def test_words_become_lexemes_as_in_the_text_search(session):
    lexemes = Lexemes()

    assert lexemes.of(session, ["renovando", "de", "renovar"]) == ["renov", "renov"]
    assert lexemes.of(session, ["renovar"]) == ["renov"]
