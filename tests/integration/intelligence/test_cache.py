"""The cache of answers: right after every change of the knowledge base, and never needed."""

import pytest
import redis
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from gatte.extensions import db
from gatte.intelligence import service
from gatte.intelligence.knowledge import articles, retrieval, retrieval_cache
from gatte.intelligence.knowledge.version import current_version
from gatte.models import Article
from gatte.observability import metrics
from tests.app_fixture import application
from tests.process_system import free_port, least_seconds
from tests.store_fixtures import database

QUESTION = "quanto custa o e-cnpj a1?"


@pytest.fixture(scope="module")
def app(knowledge_engine, database_url, redis_url):
    with application(database_url, redis_url) as made:
        yield made


@pytest.fixture
def stored(context, redis_url):
    """Redis, empty."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def session(context):
    with Session(db.engine) as session:
        yield session
        session.rollback()


def outcomes(name="answers"):
    return {
        outcome: metrics.CACHE_REQUESTS.labels(cache=name, outcome=outcome)._value.get()
        for outcome in ("hit", "miss", "skipped", "unavailable")
    }


def counted(before, name="answers"):
    return {
        outcome: count - before[outcome]
        for outcome, count in outcomes(name).items()
        if count != before[outcome]
    }


def test_a_question_that_was_asked_before_is_not_searched_again(session, stored):
    before = outcomes()
    first, second = (retrieval_cache.find_passages(session, QUESTION) for _ in range(2))

    assert first == second == retrieval.find_passages(session, QUESTION)
    assert counted(before) == {"miss": 1, "hit": 1}


def test_case_accents_and_marks_do_not_matter(session, stored):
    found = retrieval_cache.find_passages(session, "Onde vocês ficam?")
    before = outcomes()
    again = retrieval_cache.find_passages(session, "onde VOCES ficam")

    assert counted(before) == {"hit": 1}
    assert (again.question, again.found) == ("onde VOCES ficam", found.found)


@pytest.mark.parametrize(
    "change",
    [
        update(Article).where(Article.slug == "x").values(title="x"),
        text(
            "UPDATE article SET answer = answer || '.' "
            "WHERE id = (SELECT id FROM article ORDER BY slug LIMIT 1)"
        ),
        text("UPDATE passage SET text = text || '.' WHERE id = (SELECT min(id) FROM passage)"),
        text("DELETE FROM passage WHERE id = (SELECT max(id) FROM passage)"),
        text(
            "INSERT INTO passage (article_id, kind, text, normalised) "
            "SELECT id, 'variant', 'x', 'x' FROM article LIMIT 1"
        ),
    ],
)
def test_every_change_is_another_version(session, change):
    before = current_version(session).number
    session.execute(change)

    assert current_version(session).number > before


def test_a_changed_article_is_given_at_once(session, stored):
    slug = retrieval_cache.find_passages(session, QUESTION).found[0].slug
    session.execute(
        update(Article).where(Article.slug == slug).values(answer="Agora custa outra coisa.")
    )

    assert (
        retrieval_cache.find_passages(session, QUESTION).found[0].answer
        == "Agora custa outra coisa."
    )


def test_a_change_that_is_not_committed_is_seen_by_nobody_else(session, stored, knowledge_engine):
    before = current_version(session).number
    with Session(knowledge_engine) as other:
        other.execute(text("UPDATE article SET answer = 'x'"))
        assert current_version(session).number == before


def test_the_vector_of_a_question_outlives_a_change(session, stored):
    retrieval_cache.find_passages(session, QUESTION)
    session.execute(text("UPDATE article SET source = source"))
    before = outcomes("embeddings")
    again = retrieval_cache.find_passages(session, QUESTION)

    assert counted(before, "embeddings") == {"hit": 1}
    assert again == retrieval.find_passages(session, QUESTION)


@pytest.mark.parametrize(
    "question",
    [
        "meu cpf é 529.982.247-25, quanto custa?",
        "ligue para (41) 99876-5432",
        "ana@doces.example.com",
        "👍",
        "",
    ],
)
def test_questions_with_personal_data_or_no_words_are_not_kept(session, stored, question):
    before = outcomes()
    retrieval_cache.find_passages(session, question)

    assert counted(before) == {"skipped": 1}
    assert stored.dbsize() == 0


def test_what_is_kept_tells_nobody_what_was_asked_and_ends(session, stored):
    retrieval_cache.find_passages(session, "xilofone roxo custa quanto?")
    keys = list(stored.scan_iter())

    assert len(keys) == 2
    assert not any(b"xilofone" in key + stored.get(key) for key in keys)
    assert all(0 < stored.ttl(key) <= retrieval_cache.VECTORS_SECONDS for key in keys)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"found": [{}], "probability": 1}',
        b'{"found": [{"a": 1}], "probability": 1}',
    ],
)
def test_nonsense_in_redis_is_a_miss(session, stored, nonsense):
    found = retrieval_cache.find_passages(session, QUESTION)
    for key in stored.scan_iter():
        stored.set(key, nonsense)

    assert retrieval_cache.find_passages(session, QUESTION) == found


def test_a_flushed_redis_is_filled_again(session, stored):
    found = retrieval_cache.find_passages(session, QUESTION)
    stored.flushall()
    before = outcomes()

    assert [retrieval_cache.find_passages(session, QUESTION) for _ in range(2)] == [found] * 2
    assert counted(before) == {"miss": 1, "hit": 1}


def test_without_redis_every_question_is_searched(knowledge_engine, database_url):
    with application(database_url, f"redis://127.0.0.1:{free_port()}/0") as app, app.app_context():
        before = outcomes()
        answers = []
        least = least_seconds(3, lambda: answers.append(service.answer_question(QUESTION).text))

        assert answers[0] is not None
        assert counted(before) == {"unavailable": 3}
        assert least < 3


def test_the_local_answer_comes_from_the_cache(context, stored):
    before = outcomes()
    first, second = (service.answer_question(QUESTION) for _ in range(2))

    assert first.text == second.text is not None
    assert first.trace == second.trace
    assert counted(before) == {"miss": 1, "hit": 1}


def test_an_empty_knowledge_base_has_version_0_and_an_import_another(stores, template_database):
    from sqlalchemy import create_engine

    with database(stores, template_database) as url:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
        with Session(engine) as session:
            assert current_version(session).number == 0
            articles.import_articles(session, articles.read_articles()[:2])
            assert current_version(session).number > 0
        engine.dispose()
