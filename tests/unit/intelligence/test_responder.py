"""Answers from passages: by the model when its words hold, by the passage when sure, else none."""

from contextlib import closing
from uuid import UUID

import pytest

from gatte.intelligence import responder
from gatte.intelligence.calls import CallOutcome
from gatte.intelligence.gemini.client import Gemini, Models
from gatte.intelligence.grounding_check import SourcePassage, Violation, violations
from gatte.intelligence.knowledge.retrieval import RankedArticle, RetrievalResult
from gatte.intelligence.responder import AnswerReason, compose_answer
from gatte.models.knowledge import PassageKind
from tests.fakes.gemini import FakeGemini

ANSWER = (
    "O A1 vale 1 ano e o A3 de 1 a 5 anos. "
    "Desde 01/03/2026 há restrição. Veja em gov.br/iti e confirme."
)

PASSAGE = SourcePassage(ANSWER, "Validade\nQuanto dura?")


def found(slug="validade", answer=ANSWER, **more):
    defaults = {
        "article_id": UUID(int=1),
        "title": "Validade",
        "question": "Quanto dura?",
        "source": "ITI",
        "score": 0.9,
        "cosine": 0.8,
    }
    passage = {
        "passage_id": 7,
        "passage_kind": PassageKind.VARIANT,
        "passage_text": "quanto tempo vale",
    }
    return RankedArticle(slug=slug, answer=answer, **(defaults | passage | more))


def passages(probability=0.9, *articles):
    return RetrievalResult("quanto dura o a1?", articles or (found(),), probability)


@pytest.fixture
def fake_gemini():
    with FakeGemini() as fake_gemini:
        yield fake_gemini


@pytest.fixture
def gemini(fake_gemini):
    with closing(
        Gemini(
            "key",
            Models("classifier", "responder", "embedding"),
            fake_gemini.url,
            time_limit_seconds=1,
        )
    ) as gemini:
        yield gemini


def test_without_a_model_a_sure_passage_is_the_answer():
    answer = compose_answer(passages(0.9))

    assert (answer.text, answer.why, answer.sources) == (
        ANSWER,
        AnswerReason.PASSAGE,
        ("validade",),
    )


def test_without_a_model_an_unsure_passage_is_no_answer():
    assert (compose_answer(passages(0.4)).text, compose_answer(passages(0.4)).why) == (
        None,
        AnswerReason.NOT_SURE,
    )


def test_nothing_found_is_no_answer(gemini):
    answer = compose_answer(RetrievalResult("oi"), (), gemini)

    assert (answer.text, answer.why, answer.calls) == (None, AnswerReason.NOTHING_NEAR, ())


def test_the_model_answers_in_its_own_words(gemini, fake_gemini):
    fake_gemini.responds("O A1 dura 1 ano. 😊")
    answer = compose_answer(passages(), (), gemini)

    assert (answer.text, answer.why) == ("O A1 dura 1 ano. 😊", AnswerReason.MODEL)
    assert [call.outcome for call in answer.calls] == [CallOutcome.OK]


def test_the_model_may_answer_where_the_passage_alone_is_not_sure(gemini, fake_gemini):
    fake_gemini.responds("O A1 dura 1 ano.")

    assert compose_answer(passages(0.3), (), gemini).why is AnswerReason.MODEL


def test_the_model_is_not_asked_about_what_nothing_here_is_near(gemini, fake_gemini):
    answer = compose_answer(passages(0.01), (), gemini)

    assert (answer.why, fake_gemini.calls) == (AnswerReason.NOTHING_NEAR, [])


def test_the_model_may_say_that_the_passages_do_not_answer(gemini, fake_gemini):
    fake_gemini.responds()
    answer = compose_answer(passages(0.9), (), gemini)

    assert (answer.text, answer.why) == (None, AnswerReason.MODEL_DECLINED)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("O A1 custa R$ 199,00.", Violation.NEW_NUMBER),
        ("O A1 vale 2 anos, mas 7 no seu caso.", Violation.NEW_NUMBER),
        ("O A1 vale dez anos.", Violation.NEW_NUMBER),
        ("Compre em https://certificado-barato.com.br", Violation.NEW_LINK),
        ("Escreva para vendas@outra.com", Violation.NEW_LINK),
        ("O A1 vale 1 ano e sai com desconto.", Violation.NEW_PROMISE),
        ("O A1 vale 1 ano. " + "Bla " * 200, Violation.TOO_LONG),
    ],
)
def test_words_that_say_more_than_the_passages_are_not_sent(gemini, fake_gemini, said, problem):
    fake_gemini.responds(said)
    answer = compose_answer(passages(), (), gemini)

    assert problem in answer.problems
    assert (answer.text, answer.why) == (ANSWER, AnswerReason.PASSAGE)


def test_rejected_words_and_an_unsure_passage_are_no_answer(gemini, fake_gemini):
    fake_gemini.responds("Custa R$ 5.")

    assert compose_answer(passages(0.3), (), gemini).text is None


def test_when_the_model_is_away_the_passage_answers_and_the_call_is_kept(gemini, fake_gemini):
    fake_gemini.fails(503, times=2)
    answer = compose_answer(passages(), (), gemini)

    assert (answer.text, answer.why) == (ANSWER, AnswerReason.PASSAGE)
    assert [call.outcome for call in answer.calls] == [CallOutcome.ERROR]


def test_marks_of_other_formats_are_taken_away(gemini, fake_gemini):
    fake_gemini.responds("# **O A1** vale `1 ano`.")

    assert compose_answer(passages(), (), gemini).text == "O A1 vale 1 ano."


def test_sources_are_the_articles_that_hold_the_words(gemini, fake_gemini):
    other = found(
        "token",
        "Troque a porta USB e instale o driver do fabricante.",
        title="Token",
        question="Token não aparece?",
    )
    fake_gemini.responds(("Troque a porta USB e instale o driver.", 2))

    assert compose_answer(passages(0.9, found(), other), (), gemini).sources == ("token",)


def test_the_model_reads_whole_articles_and_the_history(gemini, fake_gemini):
    compose_answer(passages(), [("customer", "oi")], gemini, "Certifica Já")

    assert fake_gemini.calls[0].sent["trechos"] == [
        {"numero": 1, "texto": f"Validade\nQuanto dura?\n{ANSWER}"}
    ]
    assert fake_gemini.calls[0].sent["historico"] == [{"de": "customer", "texto": "oi"}]


def test_the_trace_says_why_with_scores(gemini, fake_gemini):
    fake_gemini.responds("Custa R$ 199.")
    trace = compose_answer(passages(0.87), (), gemini).trace

    assert (trace["why"], trace["probability"], trace["problems"]) == (
        "passage",
        0.87,
        ["new_number", "new_promise", "new_words"],
    )
    assert trace["passages"][0] == {
        "slug": "validade",
        "title": "Validade",
        "score": 0.9,
        "cosine": 0.8,
        "passage": 7,
        "kind": "variant",
    }


@pytest.mark.parametrize(
    "said",
    [
        "O A1 vale um ano.",
        "O A3 vale de 1 a 5 anos.",
        "Desde 1 de março de 2026 há restrição.",
        "Desde 01/03/2026, veja gov.br/iti.",
        "1) O A1 vale 1 ano.\n2) O A3, até 5 anos.",
        "O A1 é um que vale 1 ano.",
    ],
)
def test_what_the_passages_hold_may_be_said_in_other_forms(said):
    assert violations(said, PASSAGE) == ()


@pytest.mark.parametrize(
    "said",
    [
        "vale 15 anos",
        "custa 1.500",
        "ligue 0800 123",
        "até 31/12/2026",
        "em 24/7",
        "www.x.com",
        "acesse bit.ly/x",
        "",
    ],
)
def test_what_the_passages_do_not_hold_is_a_problem(said):
    assert violations(said, PASSAGE) != ()


def test_the_responder_offers_the_search_too():
    assert responder.find_passages.__module__ == "gatte.intelligence.knowledge.retrieval"
