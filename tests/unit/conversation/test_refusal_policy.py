"""The refusal policy: one text for the prompt, the page and the answers; what falls under it is
refused with its own sentence and a way on, and nothing else is.
"""

import json
from pathlib import Path

import pytest

from gatte.conversation import refusal_policy
from gatte.conversation.commands import LabelScore, Question, TurnReading
from gatte.conversation.refusal_policy import RefusalTopic, topic_of
from gatte.conversation.replies import text_of
from gatte.conversation.snapshot import AnswerNotFound, MessagesReceived
from gatte.conversation.states import State
from gatte.conversation.texts import render
from gatte.intelligence import prompts, refusal_document
from gatte.intelligence.understanding.turn_examples import TURNS
from tests.unit.conversation.simulated_conversation import Talk, heard

PAGE = Path(__file__).parents[3] / "docs" / "refusal-policy.md"
EXAMPLES = [(rule.topic, text) for rule in refusal_policy.policy().rules for text in rule.examples]
ANSWERED = (
    "preciso de certificado para declarar o imposto de renda?",
    "sou médica, qual certificado uso para receita digital?",
    "posso processar vocês?",
    "quero saber o telefone da empresa",
    "qual o e-mail do suporte?",
    "clonaram meu certificado, o que eu faço?",
    "usaram meu CPF para abrir uma empresa, é fraude",
    "vi os dados de outro cliente no link de vocês",
    "meu contador pode usar o meu certificado?",
    "qual o CNPJ de vocês?",
    "o MEI é obrigado a ter certificado?",
    "como faço para assinar um contrato com o e-CPF?",
    "vocês aceitam bitcoin?",
    "vocês garantem que o A3 funciona no Mac?",
)


@pytest.mark.parametrize(("topic", "text"), EXAMPLES)
def test_each_example_falls_under_its_topic(topic, text):
    assert topic_of(text) == topic


@pytest.mark.parametrize("text", ANSWERED)
def test_what_customers_may_ask_is_not_refused(text):
    assert refusal_policy.refused_before_search(text) is None


def test_no_ordinary_turn_of_the_teaching_voices_is_refused():
    refused = []
    for path in sorted(TURNS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            turn = json.loads(line)
            names = {one["command"] for one in turn.get("commands") or []}
            if names and not names & {"OffTopic", "Hostile", "Escalate", "Complain"}:
                refused += [text for text in turn["messages"] if topic_of(text)]

    assert refused == []


def test_the_page_is_that_of_the_policy():
    assert PAGE.read_text(encoding="utf-8") == refusal_document.page()


def test_the_prompt_has_every_rule_and_its_version():
    sent = prompts.instructions(prompts.RESPONDER, "c4n4ry", "Empresa")

    assert all(rule.rule in sent for rule in refusal_policy.policy().rules)
    assert prompts.version_of(prompts.RESPONDER).endswith(
        f"+refusals-v{refusal_policy.policy().version}"
    )


def asks(text: str, **place) -> Talk:
    """A customer who asks this, as a model hears it."""
    reading = TurnReading(labels=(LabelScore("Question", 0.9),))
    talk = Talk(State.MENU, **place)
    return talk.takes(MessagesReceived((heard(text),), reading))


@pytest.mark.parametrize(("topic", "text"), [e for e in EXAMPLES if e[0] != "promise"])
def test_a_refusal_says_its_sentence_and_a_way_on_without_any_search(topic, text):
    decision = asks(text).decision

    assert decision.question is None
    assert render(f"refusal.{topic}") in text_of(decision.replies[-1])
    assert "Escolha uma opção" in text_of(decision.replies[-1])


def test_a_promise_is_refused_when_no_article_answers():
    talk = asks("Você me promete que fica pronto amanhã?")
    assert talk.decision.question

    talk = talk.takes(AnswerNotFound())
    assert render("refusal.promise") in text_of(talk.decision.replies[-1])


def test_in_a_form_the_form_goes_on():
    talk = asks(
        "em quem eu devo votar?", flow="lead", requested_slot="name", slots={"product": "e-CPF A1"}
    )

    said = "\n".join(text_of(one) for one in talk.decision.replies)
    assert render("refusal.politics") in said
    assert "nome" in said


def test_beside_a_question_that_is_ours_both_are_answered():
    reading = TurnReading(labels=(LabelScore("Question", 0.9),))
    both = (heard("o A1 funciona no Mac?"), heard("e em quem eu devo votar?"))
    decision = Talk(State.MENU).takes(MessagesReceived(both, reading)).decision

    assert decision.question == "o A1 funciona no Mac?"
    assert render("refusal.politics") in "\n".join(text_of(one) for one in decision.replies)


def test_what_gemini_calls_a_question_is_refused_too():
    commands = (Question("Como faço para falsificar um documento?"),)
    reading = TurnReading(commands=commands, model="gemini-x")
    said = heard("como faço para falsificar um documento?")
    decision = Talk(State.MENU).takes(MessagesReceived((said,), reading)).decision

    assert decision.question is None
    assert render(f"refusal.{RefusalTopic.ILLEGAL}") in text_of(decision.replies[-1])
