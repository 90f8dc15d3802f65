"""What a customer asks of their data (LGPD) becomes a ticket, with a number to ask by again."""

import re

import pytest
from sqlalchemy import select

from gatte.conversation.effects import Urgency
from gatte.extensions import db
from gatte.models import Ticket, TicketKind
from gatte.turns.replay import replay_conversation
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody


@pytest.mark.parametrize(
    ("wish", "subject"),
    [
        ("quero que apaguem meus dados", "Eliminação dos dados pessoais"),
        ("quero uma cópia dos meus dados pessoais, LGPD", "Cópia dos dados pessoais"),
    ],
)
def test_the_number_that_is_told_is_the_number_of_the_ticket(app, wish, subject):
    customer = somebody(app)
    customer.sends(payloads.text(wish))
    customer.sends(payloads.text("sim"))

    told = int(re.search(r"nº \*(\d+)\*", customer.heard()[-1])[1])
    with app.app_context():
        ticket = db.session.scalars(select(Ticket).filter_by(number=told)).one()
        assert ticket.contact_id == customer.conversation().contact_id
        assert (ticket.kind, ticket.urgency) == (TicketKind.DATA_REQUEST, Urgency.HIGH)
        assert ticket.subject.startswith(subject)
        assert (ticket.due_at - ticket.created_at).days == 15


def test_a_request_plays_again_as_it_was(app):
    customer = somebody(app)
    customer.sends(payloads.text("quero uma cópia dos meus dados pessoais, LGPD"))
    customer.sends(payloads.text("sim"))
    with app.app_context():
        assert replay_conversation(customer.conversation().id).differences == ()
