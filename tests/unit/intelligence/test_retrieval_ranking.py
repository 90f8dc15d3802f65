"""The order of candidates, without a database."""

import numpy as np
import pytest

from gatte.intelligence import answer_confidence
from gatte.intelligence.embedding import embed
from gatte.intelligence.knowledge.reranker import Ranking, RerankCandidate, rerank, tokenize

ARTICLES = {
    "price": ["quanto custa o certificado", "qual o valor do e-cnpj", "me passa o preço"],
    "lost": ["perdi o arquivo do certificado", "formatei o computador e sumiu"],
    "token": ["o computador não reconhece o token", "a leitora não lê o cartão"],
}
OFF_TOPIC = ["quanto custa uma pizza", "quem ganhou o jogo", "bom dia"]


def texts(*raw):
    return [tokenize(text, vector) for text, vector in zip(raw, embed(list(raw)), strict=True)]


@pytest.fixture(scope="module")
def candidates():
    return [
        RerankCandidate(article, text) for article, raw in ARTICLES.items() for text in texts(*raw)
    ]


@pytest.fixture(scope="module")
def background():
    return texts(*OFF_TOPIC)


def ask(question, candidates, background):
    return rerank(texts(question)[0], candidates, background)


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("qual é o preco?", "price"),
        ("meu pc foi formatado e perdi tudo", "lost"),
        ("tokem nao reconhece", "token"),
    ],
)
def test_the_article_asked_for_comes_first(candidates, background, question, article):
    assert ask(question, candidates, background).articles[0].article == article


def test_every_article_is_ranked_once_and_shows_its_nearest_passage(candidates, background):
    ranked = ask("formatei a máquina", candidates, background).articles

    assert sorted(one.article for one in ranked) == sorted(ARTICLES)
    assert candidates[ranked[0].nearest].text.text == "formatei o computador e sumiu"


def test_an_off_topic_question_scores_higher_off_topic(candidates, background):
    order = ask("quanto custa uma pizza grande?", candidates, background)

    assert order.off_topic > order.articles[0].score
    assert answer_confidence.answer_probability(order) < answer_confidence.DIRECT_ANSWER_THRESHOLD


def test_a_text_that_the_knowledge_base_covers_is_not_held_against_it(candidates):
    same = texts("quanto custa o certificado")

    assert ask("quanto custa o certificado", candidates, same) == ask(
        "quanto custa o certificado", candidates, []
    )


def test_the_order_does_not_depend_on_the_order_of_candidates(candidates, background):
    forward = ask("não acho o arquivo", candidates, background).articles
    backward = ask("não acho o arquivo", candidates[::-1], background).articles

    assert [one.article for one in forward] == [one.article for one in backward]
    assert np.allclose([one.score for one in forward], [one.score for one in backward], atol=1e-4)


def test_without_candidates_nothing_is_probable(background):
    order = ask("oi", [], background)

    assert order == Ranking((), 1.0)
    assert answer_confidence.answer_probability(order) == 0


def test_a_question_without_words_and_without_vector_is_no_trouble(candidates, background):
    order = rerank(tokenize("😀", np.zeros(512, dtype=np.float32)), candidates, background)

    assert answer_confidence.answer_probability(order) < answer_confidence.DIRECT_ANSWER_THRESHOLD


def test_a_single_candidate_is_enough(candidates, background):
    order = ask("quanto custa o certificado?", candidates[:1], background)

    assert [one.article for one in order.articles] == ["price"]
