"""What must be forgotten: key files, passwords, and what a customer deleted, in whatever order and
conversation.
"""

from functools import partial

import pytest

from gatte.extensions import db
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

SECRET = "Gato#7755"
WORDS = "xilofone roxo"


@pytest.fixture
def customer(app):
    return somebody(app)


def erased(customer, wamid):
    with customer.app.app_context():
        row = customer.message(wamid)
        return (row.body, row.raw_payload, row.erased_at is not None)


FORGOTTEN = (None, None, True)


@pytest.mark.parametrize(
    "filename", ["empresa-quaresma.pfx", "empresa-quaresma.P12", "empresa-quaresma.pem"]
)
def test_a_key_file_is_forgotten_by_name_and_address(customer, filename):
    (wamid,) = customer.sends(payloads.document(filename, mime_type="application/octet-stream"))

    assert erased(customer, wamid) == FORGOTTEN
    assert "quaresma" not in customer.everything_stored()
    assert "apaguei o arquivo" in customer.heard()[-1]


def test_a_key_file_is_known_by_its_type_too(customer):
    (wamid,) = customer.sends(payloads.document("contrato.pdf", mime_type="application/x-pkcs12"))

    assert erased(customer, wamid) == FORGOTTEN


def test_a_password_is_forgotten_everywhere(customer):
    (wamid,) = customer.sends(payloads.text(f"a senha do certificado é {SECRET}"))

    assert erased(customer, wamid) == FORGOTTEN
    assert SECRET not in customer.everything_stored()
    assert "apaguei a mensagem" in customer.heard()[-1]


def test_the_inbox_holds_a_message_until_its_turn_and_nothing_after(customer, app):
    customer.delivers(payloads.text(f"a senha é {SECRET}"))
    with app.app_context():
        assert len(customer.inbox_payloads()) == 1

    customer.is_answered()

    with app.app_context():
        assert customer.inbox_payloads() == []


def test_an_ordinary_message_is_kept(customer):
    (wamid,) = customer.sends(payloads.text("esqueci a senha, o que eu faço?"))

    with customer.app.app_context():
        assert (customer.message(wamid).body, customer.message(wamid).erased_at) == (
            "esqueci a senha, o que eu faço?",
            None,
        )
    assert "esqueci a senha" in customer.everything_stored()


def test_a_message_deleted_by_the_customer_is_forgotten_with_the_trace_of_its_turn(customer):
    (wamid,) = customer.sends(payloads.text(f"meu gato comeu o {WORDS}"))
    assert WORDS in customer.everything_stored()

    customer.sends(payloads.revoke(wamid))

    assert erased(customer, wamid) == FORGOTTEN
    assert WORDS not in customer.everything_stored()


def test_a_deletion_is_not_answered(customer):
    (wamid,) = customer.sends(payloads.text("oi"))
    before = customer.heard()

    customer.sends(payloads.revoke(wamid))

    assert customer.heard() == before


def test_a_message_deleted_before_it_was_read_is_not_answered(customer):
    wamid = customer.delivers(payloads.text(f"quero comprar um {WORDS}"))
    customer.sends(payloads.revoke(wamid))

    assert customer.heard() == []
    assert erased(customer, wamid) == FORGOTTEN
    assert WORDS not in customer.everything_stored()


def test_a_deletion_forgets_the_edited_form_too(customer):
    (wamid,) = customer.sends(payloads.text("oi"))
    customer.sends(payloads.edit(wamid, payloads.text(f"oi, {WORDS}")))
    assert WORDS in customer.everything_stored()

    customer.sends(payloads.revoke(wamid))

    assert WORDS not in customer.everything_stored()


def test_a_deletion_reaches_a_conversation_that_was_closed(customer):
    (wamid,) = customer.sends(payloads.text(f"meu gato comeu o {WORDS}"))
    customer.close()

    customer.sends(payloads.revoke(wamid))

    assert erased(customer, wamid) == FORGOTTEN


def test_a_deletion_that_comes_before_its_message_keeps_it_out(customer):
    customer.sends(payloads.text("oi"))
    answers, wamid = customer.heard(), payloads.new_wamid(customer.person.phone)
    customer.sends(payloads.revoke(wamid))

    customer.delivers(payloads.text(f"o {WORDS} chegou"), wamid)
    customer.is_answered()

    assert customer.heard() == answers
    assert WORDS not in customer.everything_stored()


def test_nobody_deletes_the_message_of_another(customer, app):
    (wamid,) = somebody(app).sends(payloads.text("oi, tudo bem?"))

    customer.sends(payloads.revoke(wamid))

    with app.app_context():
        assert customer.message(wamid).body == "oi, tudo bem?"


def test_a_message_that_a_human_reads_is_forgotten_too(customer):
    customer.sends(payloads.text("quero falar com um atendente"))
    with customer.app.app_context():
        customer.conversation().state, customer.conversation().owner = "STATE_WITH_HUMAN", "human"
        db.session.commit()
    (wamid,) = customer.sends(payloads.text(f"a senha é {SECRET}"))

    assert erased(customer, wamid) == FORGOTTEN
    assert SECRET not in customer.everything_stored()


def test_who_deletes_twice_deletes_once(customer):
    (wamid,) = customer.sends(payloads.text("oi"))
    for delete in [partial(customer.sends, payloads.revoke(wamid))] * 2:
        delete()

    assert erased(customer, wamid) == FORGOTTEN
