"""An admin resets or escalates a conversation while a turn waits for Gemini: what was forced
stands, and the turn says nothing (I4, I7).
"""

import pytest

from gatte.desk import handoff
from gatte.extensions import db
from gatte.jobs.definitions import resume_turn
from gatte.models import Role, User
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.integration.turns.simulated_customer import somebody
from tests.integration.turns.slow_turn import turn_waiting_for_gemini


@pytest.fixture(scope="module")
def gemini():
    with FakeGemini() as fake_gemini:
        yield fake_gemini


@pytest.fixture(scope="module")
def app(database_url, redis_url, gemini):
    patient = {"gatte_gemini_timeout_seconds": 30}
    with application(
        database_url, redis_url, gemini_api_key="key", gemini_base_url=gemini.url, **patient
    ) as made:
        yield made
        made.extensions["gatte_gemini"].close()


@pytest.fixture(scope="module")
def admin(app):
    with app.app_context():
        user = User(email="ana@empresa.test", name="Ana", password_hash="-", role=Role.ADMIN)
        db.session.add(user)
        db.session.commit()
        return user.id


@pytest.fixture
def customer(app):
    """Somebody in the middle of a flow."""
    customer = somebody(app)
    customer.sends(payloads.text("quero abrir um chamado"))
    assert standing(customer) == ("STATE_COLLECTING", "ticket")
    return customer


def standing(customer):
    with customer.app.app_context():
        conversation = customer.conversation()
        return conversation.state.value, conversation.flow


def forces(customer, admin, action):
    with customer.app.app_context():
        action(customer.conversation().id, admin)
        db.session.commit()


def due_turn(customer):
    """The turn that the dispatcher would find due, when there is one."""
    with customer.app.app_context():
        conversation_id = str(customer.conversation().id)
    resume_turn(conversation_id)


def test_a_reset_stands_and_the_turn_that_ran_says_nothing(customer, gemini, admin):
    before = customer.heard()
    with turn_waiting_for_gemini(customer, gemini):
        forces(customer, admin, handoff.force_reset)

    assert (standing(customer), customer.heard()) == (("STATE_START", None), before)


def test_after_a_reset_what_is_unread_and_what_comes_next_is_answered_from_the_start(
    customer, gemini, admin
):
    before = customer.heard()
    with turn_waiting_for_gemini(customer, gemini):
        forces(customer, admin, handoff.force_reset)
    due_turn(customer)
    assert len(customer.heard()) > len(before)
    assert not any("assunto" in said for said in customer.heard()[len(before) :]), (
        "the flow goes on"
    )

    customer.sends(payloads.text("menu"))

    assert standing(customer) == ("STATE_MENU", None)


def test_a_forced_escalation_stands_and_the_turn_that_ran_says_nothing(customer, gemini, admin):
    before = customer.heard()
    with turn_waiting_for_gemini(customer, gemini):
        forces(customer, admin, handoff.force_escalation)
        told = customer.heard()

    assert (standing(customer), customer.heard()) == (("STATE_WAITING_HUMAN", None), told)
    assert len(told) > len(before)


def test_after_a_forced_escalation_what_comes_next_waits_for_the_desk(customer, gemini, admin):
    with turn_waiting_for_gemini(customer, gemini):
        forces(customer, admin, handoff.force_escalation)
    due_turn(customer)

    customer.sends(payloads.text("ainda estou aqui"))

    assert standing(customer) == ("STATE_WAITING_HUMAN", None)
