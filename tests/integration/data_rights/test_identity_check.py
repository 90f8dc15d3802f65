"""What is registered to a contact is told to another number only by a code that went to the
contact.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from gatte.data_rights import identity_check
from gatte.extensions import db
from gatte.models import Contact, Conversation, IdentityCheck, Outbox, TicketKind, keyring
from gatte.store import certificates, tickets
from tests.fakes import payloads
from tests.fakes.people import Person
from tests.integration.turns.simulated_customer import Customer, somebody

CPF = "52998224725"
ENDS = datetime.now(UTC).date() + timedelta(days=200)


def say(customer: Customer, *texts: str) -> str:
    """Texts one after another; the last that the bot said."""
    for one in texts:
        customer.sends(payloads.text(one))
    return customer.heard()[-1]


def contact_of(customer: Customer) -> Contact:
    return db.session.get_one(Contact, customer.conversation().contact_id)


def code_of(customer: Customer) -> str:
    """The code that a customer was sent last; empty when none was."""
    found = [re.search(r"O código é \*(\d{6})\*", one) for one in customer.heard()]
    return next((one[1] for one in reversed(found) if one), "")


@pytest.fixture
def registered(app):
    """A contact in conversation, to whom a certificate and a ticket are registered."""
    phone = somebody(app).person.phone
    customer = Customer(app, Person(phone, "Regina Registrada", f"BR.{phone}"))
    say(customer, "oi")
    with app.app_context():
        contact = contact_of(customer)
        certificates.add_certificate(
            contact,
            kind="e-CPF A3",
            holder="Regina Registrada",
            document=CPF,
            document_hash=keyring().lookup_hash("document", CPF),
            valid_until=ENDS,
        )
        tickets.add_ticket(
            contact,
            kind=TicketKind.REQUEST,
            number=70_001,
            subject="Segredo do token",
            description="x",
        )
        db.session.commit()
    yield customer
    with app.app_context():
        db.session.execute(text("DELETE FROM certificate"))
        db.session.execute(text("DELETE FROM ticket WHERE number = 70001"))
        db.session.commit()


@pytest.fixture
def other(app):
    return somebody(app)


def ask(customer: Customer) -> str:
    return say(customer, "quando vence meu certificado?", CPF)


def test_the_code_goes_to_the_registered_contact_and_opens_the_data(registered, other):
    assert "código de 6 números" in ask(other)
    code = code_of(registered)
    assert code
    assert code not in "".join(other.heard())

    told = say(other, code)

    assert f"{ENDS:%d/%m/%Y}" in told
    assert "Regina Registrada" in told
    assert f"{ENDS:%d/%m/%Y}" in ask(other)  # for half an hour no other code is needed


def test_a_ticket_of_another_number_is_told_by_code_too(registered, other):
    say(other, "quero acompanhar o chamado nº 70001")

    assert "Segredo do token" in say(other, code_of(registered))


def test_the_code_is_stored_as_a_hash_alone(app, registered, other):
    ask(other)
    code = code_of(registered)

    with app.app_context():
        stored = db.session.scalars(select(IdentityCheck)).all()[-1]
        assert len(stored.code_hash) == 32
        assert code not in str([vars(stored)])


def test_five_wrong_codes_end_it_though_the_sixth_be_right(registered, other):
    ask(other)
    code = code_of(registered)
    for number in range(identity_check.MOST_ATTEMPTS):
        wrong = f"{(int(code) + 1 + number) % 1_000_000:06}"
        assert "Regina" not in say(other, wrong)

    assert "Regina" not in say(other, code)


def test_several_codes_in_one_message_are_none(registered, other):
    ask(other)
    code = code_of(registered)
    guesses = " ".join([code, *(f"{number:06}" for number in range(50))])

    assert "Regina" not in say(other, guesses)


@pytest.mark.parametrize(
    ("minutes", "is_told"), [(9, True), (11, False)], ids=["in time", "too late"]
)
def test_a_code_holds_for_ten_minutes(app, registered, other, minutes, is_told):
    ask(other)
    pass_time(app, minutes)

    assert ("Regina" in say(other, code_of(registered))) == is_told


def test_a_proof_holds_for_half_an_hour(app, registered, other):
    ask(other)
    say(other, code_of(registered))
    pass_time(app, 31)

    assert "Regina" not in ask(other)


def pass_time(app, minutes):
    with app.app_context():
        moved = {
            name: getattr(IdentityCheck, name) - timedelta(minutes=minutes)
            for name in ("created_at", "expires_at", "proven_at")
        }
        db.session.execute(update(IdentityCheck).values(**moved))
        db.session.commit()


def test_who_asks_often_is_sent_no_more_codes_and_is_not_told_so(app, registered):
    for _ in range(identity_check.MOST_CODES):
        asker = somebody(app)
        ask(asker)
        assert code_of(registered)
    sent = len([one for one in registered.heard() if "O código é" in one])

    late = somebody(app)
    assert "código de 6 números" in ask(late)

    assert len([one for one in registered.heard() if "O código é" in one]) == sent == 3
    assert "Regina" not in say(late, code_of(registered))


def test_asking_again_sends_no_second_code_while_one_holds(registered, other):
    ask(other)
    say(other, "o que é e-CNPJ?", "menu")
    ask(other)

    assert len([one for one in registered.heard() if "O código é" in one]) == 1


def test_nobody_hears_whether_a_document_is_known(registered, other, app):
    stranger = somebody(app)

    known = ask(other)
    unknown = say(stranger, "quando vence meu certificado?", "111.444.777-35")

    assert known == unknown
    assert say(other, "000000") == say(stranger, "000000")


def test_no_code_goes_to_a_user_id_alone(app, registered, other):
    with app.app_context():
        contact_of(registered).phone = None
        db.session.commit()

    ask(other)

    assert code_of(registered) == ""


def test_who_got_the_number_of_a_registered_contact_gets_neither_code_nor_data(app, registered):
    heir = Customer(app, Person(registered.person.phone, "Hélio Herdeiro", "BR.9911"))

    assert "Regina" not in ask(heir)

    assert code_of(heir) == ""
    assert code_of(registered) == ""
    with app.app_context():
        assert contact_of(heir).id != contact_of(registered).id


def test_outside_the_window_the_code_goes_by_the_template_of_the_settings(app, registered, other):
    with app.app_context():
        db.session.execute(
            update(Conversation)
            .where(Conversation.id == registered.conversation().id)
            .values(last_inbound_at=text("now() - interval '25 hours'"))
        )
        db.session.commit()
    settings = app.extensions["gatte_settings"]
    ask(other)
    assert code_of(registered) == ""
    other.close()
    object.__setattr__(settings, "gatte_identity_code_template", "codigo_gatte")
    try:
        pass_time(app, 11)
        ask(other)
    finally:
        object.__setattr__(settings, "gatte_identity_code_template", "")

    with app.app_context():
        mine = select(Outbox).filter_by(conversation_id=registered.conversation().id)
        sent = db.session.scalars(mine.order_by(Outbox.sequence.desc())).first()
        assert sent.reply["name"] == "codigo_gatte"
        assert re.fullmatch(r"\d{6}", sent.reply["copied_code"])
        assert sent.reply["copied_code"] not in (sent.message.body or "")
        assert sent.expires_at is not None
