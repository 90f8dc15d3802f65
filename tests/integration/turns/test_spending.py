"""What calls to Gemini cost is told whatever became of their turn; and errors of turns are counted,
told or not.
"""

import threading

import pytest
from sqlalchemy import select

from gatte.extensions import db
from gatte.models import LlmCall
from gatte.observability import metrics
from gatte.turns import retry
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.integration.turns.simulated_customer import somebody
from tests.integration.turns.test_failing import LASTING, answers_refused, refusing, resumes
from tests.process_system import until

UNSURE = "xyzzy plugh certificado frobnicar?"


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
    return somebody(app)


def counted(name: str, **labels: str) -> float:
    """The sum of a metric over all samples with these labels."""
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    lines = [
        line for line in metrics.render()[0].decode().splitlines() if line.startswith(f"{name}{{")
    ]
    return sum(
        float(line.rpartition(" ")[2]) for line in lines if all(one in line for one in wanted)
    )


def rows(customer) -> list[LlmCall]:
    with customer.app.app_context():
        mine = (
            select(LlmCall)
            .filter_by(conversation_id=customer.conversation().id)
            .order_by(LlmCall.id)
        )
        return list(db.session.scalars(mine))


def test_the_calls_of_a_turn_that_is_thought_again_are_all_recorded(customer, gemini):
    gemini.is_slow(0.8)
    customer.delivers(payloads.text(UNSURE))
    turn = threading.Thread(target=customer.is_answered)
    turn.start()
    assert until(lambda: len(gemini.calls) > 0)
    customer.delivers(payloads.text("qual?"))
    turn.join()
    gemini.is_slow(0.0)

    assert len(gemini.calls) > 1
    assert len(rows(customer)) == len(gemini.calls)
    assert len({row.turn_id for row in rows(customer)}) == 1


def test_the_calls_of_a_turn_that_failed_are_recorded_and_counted(customer, app, gemini):
    before = counted("gatte_llm_cost_brl_total"), counted("gatte_llm_tokens_total")
    with answers_refused(app, LASTING):
        customer.sends(payloads.text(UNSURE))

    assert len(rows(customer)) == len(gemini.calls) > 0
    assert counted("gatte_llm_cost_brl_total") > before[0]
    assert counted("gatte_llm_tokens_total") > before[1]


def test_a_call_is_counted_once(customer, gemini):
    before = counted("gatte_llm_tokens_total")
    customer.sends(payloads.text(UNSURE))

    spent = sum(row.tokens_in + row.tokens_out for row in rows(customer))
    assert counted("gatte_llm_tokens_total") - before == spent > 0


def test_a_turn_that_ends_as_a_dead_letter_without_a_word_is_one_error(customer, app):
    """The transition cannot be stored, so the customer cannot be told; nothing of the attempts
    before happened.
    """
    customer.sends(payloads.text("oi"))
    before = counted("gatte_flow_errors_total")
    with refusing(app, "transition", "true", LASTING):
        customer.sends(payloads.text("quero comprar um e-CNPJ"))
        for _ in range(retry.MAX_ATTEMPTS - 1):
            resumes(customer)

    assert counted("gatte_flow_errors_total") - before == 1


def test_a_turn_whose_failure_is_told_is_one_error(customer, app):
    customer.sends(payloads.text("oi"))
    before = counted("gatte_flow_errors_total")
    with answers_refused(app, LASTING):
        customer.sends(payloads.text("oi"))

    assert counted("gatte_flow_errors_total") - before == 1
