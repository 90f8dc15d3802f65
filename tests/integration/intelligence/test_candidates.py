"""The passages that Postgres gives for a question, before they are put in order."""

import numpy as np
import pytest
from sqlalchemy import update

from gatte.intelligence import embedding
from gatte.intelligence.knowledge import reranker, retrieval
from gatte.models.knowledge import Article, PassageKind
from gatte.store import knowledge

NO_VECTOR = np.zeros(embedding.DIMENSIONS, dtype=np.float32)


def near(session, question, vector=None):
    asked = reranker.tokenize(question, retrieval.vector_of(question) if vector is None else vector)
    return retrieval.candidate_rows(session, asked)[0]


@pytest.mark.parametrize("question", ["quanto custa o e-CNPJ?", "perdi a senha do token", "1234"])
def test_a_question_gets_the_nearest_passages_and_some_that_share_words(session, question):
    found = near(session, question)

    assert len(found) >= knowledge.VECTOR_CANDIDATES
    assert len(found) <= knowledge.VECTOR_CANDIDATES + knowledge.LEXICAL_CANDIDATES
    assert [row.id for row in found] == sorted({row.id for row in found})
    assert {row.kind for row in found} <= set(PassageKind)


def test_without_a_vector_the_words_alone_find_passages(session):
    found = near(session, "renovando", NO_VECTOR)

    assert 0 < len(found) <= knowledge.LEXICAL_CANDIDATES
    assert all("renov" in row.text.lower() for row in found)


@pytest.mark.parametrize("question", ["", "\U0001f600", "de para o a", "'\\:*&|!()"])
def test_without_a_vector_and_without_words_nothing_is_near(session, question):
    assert near(session, question, NO_VECTOR) == []


def test_an_article_that_is_switched_off_has_no_passage_near(session):
    before = near(session, "quanto custa o e-CNPJ?")
    hidden = update(Article).where(Article.slug == "quanto-custa").returning(Article.id)
    article_id = session.scalar(hidden.values(active=False))

    assert article_id in {row.article_id for row in before}
    after = near(session, "quanto custa o e-CNPJ?")
    assert article_id not in {row.article_id for row in after}
