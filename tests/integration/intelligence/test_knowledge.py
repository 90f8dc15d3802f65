"""Importing articles into a real database."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gatte.intelligence.knowledge import article_passages, articles
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.intelligence.knowledge.articles import ImportResult
from gatte.intelligence.knowledge.retrieval import find_passages, retrieve
from gatte.models.knowledge import Article, Passage

PARKING = ArticleDraft(
    slug="estacionamento",
    title="Estacionamento",
    question="Vocês têm estacionamento?",
    answer="Temos, com entrada pela rua de trás.",
)


def article(session, slug):
    return session.scalars(select(Article).where(Article.slug == slug)).one()


def texts(session, slug):
    return {passage.text for passage in article(session, slug).passages}


def test_every_demo_article_is_stored_with_vectors(session):
    assert session.scalar(select(func.count()).select_from(Article)) == 32
    assert (
        session.scalar(select(func.count()).select_from(Passage).where(Passage.embedding.is_(None)))
        == 0
    )


def test_the_same_import_again_changes_nothing(session):
    before = set(session.scalars(select(Passage.id)))

    assert articles.import_articles(session, articles.read_articles()) == ImportResult(unchanged=32)
    assert set(session.scalars(select(Passage.id))) == before


def test_a_changed_answer_makes_a_new_version_under_the_same_id(session):
    articles.import_articles(session, [PARKING])
    first_id = article(session, PARKING.slug).id
    done = articles.import_articles(
        session, [PARKING.model_copy(update={"answer": "Não temos mais."})]
    )

    changed = article(session, PARKING.slug)
    assert (done, changed.version, changed.id, changed.answer) == (
        ImportResult(changed=1),
        2,
        first_id,
        "Não temos mais.",
    )
    assert texts(session, PARKING.slug) == {
        "Estacionamento",
        "Vocês têm estacionamento?",
        "Vocês têm estacionamento? Não temos mais.",
    }


def test_an_import_leaves_other_articles_and_learned_variants_alone(session):
    articles.import_articles(session, [PARKING])
    article_passages.add_variant(
        session, article(session, PARKING.slug).id, "posso parar o carro ai?"
    )
    articles.import_articles(session, [PARKING])

    assert "posso parar o carro ai?" in texts(session, PARKING.slug)
    assert session.scalar(select(func.count()).select_from(Article)) == 33


def test_a_variant_is_added_once_however_it_is_spelled(session):
    first_id = article(session, "quanto-custa").id

    assert article_passages.add_variant(session, first_id, "Qual seria o preço disso tudo?")
    assert not article_passages.add_variant(session, first_id, "qual seria o preco disso tudo")


def test_a_learned_variant_is_found_at_once(session):
    article_passages.add_variant(
        session, article(session, "mac-celular-nuvem").id, "roda no chromebook da escola?"
    )

    assert retrieve(session, "roda no chromebook da escola")[0].slug == "mac-celular-nuvem"


def test_a_new_article_is_found_although_its_words_are_off_topic_elsewhere(session):
    articles.import_articles(session, [PARKING])

    found = find_passages(session, "tem estacionamento no local?")
    assert found.found[0].slug == "estacionamento"
    assert found.grounded


def test_two_imports_at_once_store_every_article_once(knowledge_engine):
    drafts = [
        PARKING.model_copy(update={"slug": f"estacionamento-{number}"}) for number in range(5)
    ]

    def run() -> ImportResult:
        with Session(knowledge_engine) as session:
            done = articles.import_articles(session, drafts)
            session.commit()
            return done

    with ThreadPoolExecutor(2) as pool:
        outcomes = [future.result() for future in [pool.submit(run) for _ in range(2)]]
    assert sorted(outcomes, key=lambda done: done.created) == [
        ImportResult(unchanged=5),
        ImportResult(created=5),
    ]
    with Session(knowledge_engine) as session:
        for draft in drafts:
            session.delete(article(session, draft.slug))
        session.commit()


@pytest.mark.parametrize(
    "hostile",
    [
        "' OR 1=1 --",
        "a & b | !c <-> (d:*",
        "\\",
        "%s %(x)s",
        "😀😀",
        "   ",
        "?",
        "ção ÇÃO",
        "a" * 100_000,
    ],
)
def test_no_question_breaks_the_search(session, hostile):
    assert len(retrieve(session, hostile)) <= 5
