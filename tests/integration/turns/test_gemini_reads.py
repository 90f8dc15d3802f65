"""A turn that Gemini reads, through the whole system: what follows, what is kept, what a replay
needs; and a Gemini that is away, which nobody notices.
"""

import pytest
from sqlalchemy import select

from gatte.conversation.nlu import Intent, PredictionSource
from gatte.conversation.states import State
from gatte.extensions import db
from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.models import LlmCall, Message
from gatte.turns import replay
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.integration.turns.simulated_customer import somebody

DOUBTFUL = "xyzzy plugh frobnicar zzz, ou não, sei lá"
"""Nothing that the local model knows."""
BUYS = (
    {"label": "StartFlow:lead", "span": "frobnicar zzz"},
    {"label": "SetSlot", "slot": "product", "value": "e-CPF A1", "span": "plugh"},
)


@pytest.fixture(scope="module")
def gemini():
    with FakeGemini() as made:
        yield made


@pytest.fixture(scope="module")
def app(database_url, redis_url, gemini):
    given = {"gemini_api_key": "made-up-key", "gemini_base_url": gemini.url}
    with application(database_url, redis_url, **given) as made:
        yield made
        made.extensions["gatte_gemini"].close()


@pytest.fixture
def customer(app, gemini):
    gemini.calls.clear()
    app.extensions["gatte_gemini"].breaker = CircuitBreaker()
    return somebody(app)


def calls_of(customer) -> list[tuple[str, str, str]]:
    mine = select(LlmCall).filter_by(conversation_id=customer.conversation().id)
    rows = db.session.scalars(mine.order_by(LlmCall.id))
    return [(row.purpose, row.prompt_version, row.outcome) for row in rows]


def test_what_gemini_reads_is_done_and_recorded(customer, gemini):
    gemini.understands(*BUYS)
    customer.sends(payloads.text(DOUBTFUL))

    with customer.app.app_context():
        conversation = customer.conversation()
        assert (conversation.state, conversation.flow) == (State.COLLECTING, "lead")
        assert conversation.slots["product"] == "e-CPF A1"
        assert calls_of(customer) == [("understand", "commands-v2", "ok")]
        read = select(Message).filter_by(conversation_id=conversation.id, author="customer")
        message = db.session.scalars(read).one()
        assert (message.intent, message.intent_source) == (
            Intent.BUY_CERTIFICATE,
            PredictionSource.GEMINI,
        )


def test_a_replay_asks_no_model(customer, gemini):
    gemini.understands(*BUYS)
    customer.sends(payloads.text(DOUBTFUL))
    asked = len(gemini.calls)

    with customer.app.app_context():
        report = replay.replay_conversation(customer.conversation().id)

    assert (report.turns, report.differences) == (1, ())
    assert len(gemini.calls) == asked


@pytest.mark.parametrize("text", ["atendente", "menu", "oi", "obrigado"])
def test_a_literal_word_asks_no_model(customer, gemini, text):
    customer.sends(payloads.text(text))

    assert gemini.calls == []


def test_when_gemini_fails_the_local_way_answers(customer, gemini):
    gemini.fails(503, times=2)
    customer.sends(payloads.text(DOUBTFUL))

    with customer.app.app_context():
        assert customer.conversation().state is not State.ERROR
        assert calls_of(customer)[0] == ("understand", "commands-v2", "error")


def test_opting_out_by_geminis_guess_is_asked_back(customer, gemini):
    gemini.understands({"label": "OptOut", "span": DOUBTFUL})
    customer.sends(payloads.text(DOUBTFUL))

    with customer.app.app_context():
        assert customer.conversation().contact.opted_out_at is None
