"""Articles found by Gemini's vectors, over real HTTP to a stand-in: made by a job, used when all
are there, and never needed.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
import redis
from sqlalchemy import func, select, text

from gatte.extensions import db
from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.intelligence import calls, service
from gatte.intelligence.budget import Budget, BudgetLimits, SpentAmounts
from gatte.intelligence.calls import CallOutcome, CallPurpose
from gatte.intelligence.gemini.client import Models
from gatte.intelligence.knowledge import article_passages, articles, trials
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.intelligence.knowledge.version import current_version
from gatte.intelligence.pseudonymization import Record
from gatte.jobs import cron, definitions
from gatte.models import LlmCall
from gatte.models.knowledge import PassageVector
from tests.app_fixture import application
from tests.fakes.gemini import EMBED, FakeGemini

MODEL = "gemini-embedding-001"
SLANG = "posso largar o possante na calçada?"
DRAFTS = [
    ArticleDraft(slug=slug, title=title, question=question, answer=answer)
    for slug, title, question, answer in (
        ("preco", "Preço do A1", "Quanto custa o A1?", "O A1 custa R$ 189,00."),
        ("vagas", "Estacionamento", "Tem estacionamento?", "Temos seis vagas cobertas."),
        ("prazo", "Prazo do A1", "Em quanto tempo sai?", "Sai no mesmo dia."),
    )
]


@pytest.fixture(scope="module")
def fake_gemini():
    with FakeGemini() as made:
        made.embeds_alike("estacionamento", "possante")
        yield made


@pytest.fixture(scope="module")
def app(database_url, redis_url, fake_gemini):
    given = {
        "gemini_api_key": "made-up-key",
        "gemini_base_url": fake_gemini.url,
        "gatte_embeddings": "gemini",
    }
    with application(database_url, redis_url, **given) as made:
        yield made
        made.extensions["gatte_gemini"].close()


@pytest.fixture
def gemini(context, fake_gemini, redis_url):
    """The client, in an application with three articles that Gemini has embedded."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    db.session.execute(text("DELETE FROM article"))
    db.session.execute(text("DELETE FROM llm_call"))
    articles.import_articles(db.session(), DRAFTS)
    db.session.commit()
    cron.sync()
    client = context.extensions["gatte_gemini"]
    client.embedding_breaker = CircuitBreaker()
    embed_articles()
    fake_gemini.calls.clear()
    yield client
    client.models = Models("gemini-3.5-flash-lite", "gemini-3.5-flash", MODEL)


def embed_articles():
    assert cron.run("embed_articles", only_if_due=False)


def best(question, record=None):
    return service.answer_question(question, record=record).passages.found[0].slug


def asked_for_vectors(fake_gemini):
    return [call for call in fake_gemini.calls if call.method == EMBED]


def serving():
    model = current_version(db.session()).vector_model
    db.session.rollback()
    return model


def test_every_passage_in_use_gets_a_vector_of_768_numbers(gemini):
    sizes = db.session.scalars(select(func.vector_dims(PassageVector.embedding))).all()

    assert set(sizes) == {768}
    assert len(sizes) == len(DRAFTS) * 3
    assert serving() == MODEL


def test_an_article_is_found_by_what_only_gemini_understands(gemini, fake_gemini):
    assert best(SLANG) == "vagas"

    (call,) = asked_for_vectors(fake_gemini)
    assert call.body["requests"][0]["taskType"] == "RETRIEVAL_QUERY"


def test_no_personal_value_of_a_question_leaves(gemini, fake_gemini):
    known = Record(names=("Joana Brandt",), companies=("Padaria Trevisol",))
    best("sou joana, cpf 529.982.247-25: a trevisol pode largar o possante?", known)

    sent = " ".join(asked_for_vectors(fake_gemini)[0].embedded).lower()
    assert "possante" in sent
    assert not any(value in sent for value in ("joana", "529", "trevisol"))


def test_a_question_that_was_asked_before_costs_nothing(gemini, fake_gemini):
    assert [best(SLANG), best(SLANG)] == ["vagas", "vagas"]

    assert len(asked_for_vectors(fake_gemini)) == 1


def test_a_new_article_is_found_at_once_and_gets_its_vectors_by_the_job(gemini, fake_gemini):
    draft = ArticleDraft(slug="cao", title="Cães", question="Aceita cachorro?", answer="Sim, pode.")
    articles.import_articles(db.session(), [draft], embed=False)
    article_passages.embed_missing(db.session())
    db.session.commit()
    assert best("aceita cachorro aí?") == "cao"

    fake_gemini.calls.clear()
    embed_articles()
    (call,) = asked_for_vectors(fake_gemini)
    assert call.body["requests"][0]["taskType"] == "RETRIEVAL_DOCUMENT"
    assert len(call.embedded) == 3


@pytest.mark.parametrize("failure", ["fails", "cuts", "returns_raw"])
def test_where_gemini_fails_the_local_vectors_find_and_the_next_question_asks_again(
    gemini, fake_gemini, failure
):
    arguments = {"fails": (500,), "cuts": (), "returns_raw": (b'{"embeddings": []}',)}
    getattr(fake_gemini, failure)(*arguments[failure])
    assert best("quanto custa o A1?") == "preco"

    assert best(SLANG) == "vagas"


def test_a_slow_vector_is_not_waited_for(gemini, fake_gemini):
    gemini._time_limit = 2.5
    fake_gemini.is_slow(3)
    with calls.collected() as made:
        found = best("quanto custa o A1?")
    gemini._time_limit = 8.0

    embedded = [one.outcome for one in made if one.purpose is CallPurpose.EMBED_QUESTION]
    assert (found, embedded) == ("preco", [CallOutcome.TIMEOUT])


def test_nothing_leaves_once_the_budget_is_gone(gemini, fake_gemini):
    spent = Budget(BudgetLimits(day=Decimal(1)), lambda: SpentAmounts(Decimal(1), Decimal(1)))
    before = gemini.bounds
    gemini.bounds = replace(before, budget=spent)
    found = best("quanto custa o A1?")
    gemini.bounds = before

    assert (found, fake_gemini.calls) == ("preco", [])


def test_another_model_takes_over_only_when_all_its_vectors_are_there(gemini, fake_gemini):
    gemini.models = Models("gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-embedding-2")
    fake_gemini.fails(429)
    embed_articles()
    assert serving() == ""
    fake_gemini.calls.clear()
    assert best("quanto custa o A1?") == "preco"
    assert asked_for_vectors(fake_gemini) == []

    embed_articles()
    assert serving() == "gemini-embedding-2"
    assert best(SLANG) == "vagas"


def test_what_vectors_cost_is_stored_and_leaves_nothing_reserved(gemini, fake_gemini):
    rows = db.session.scalars(select(LlmCall).filter_by(purpose="embed")).all()

    assert sum(row.tokens_in for row in rows) > 50
    reais = sum(row.tokens_in for row in rows) * Decimal("0.15") / 10**6 * Decimal("5.40")
    assert sum(row.cost_brl for row in rows) == pytest.approx(reais, abs=Decimal("0.000001"))


def test_what_a_trial_asks_of_gemini_is_a_cost_like_any_other(gemini, fake_gemini):
    db.session.execute(text("DELETE FROM llm_call"))
    db.session.commit()
    trial = trials.start(SLANG, with_drafts=False)
    db.session.remove()
    definitions.answer_trial(str(trial))

    asked = sorted(row.purpose for row in db.session.scalars(select(LlmCall)))
    assert trials.find(trial).found[0].title == "Estacionamento"
    assert asked == ["embed_question", "respond"]
    assert len(asked) == len(fake_gemini.calls)
