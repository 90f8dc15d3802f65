"""A form of an older page is never saved over what somebody else did since."""

import re

import pytest

from gatte.extensions import db
from gatte.models import Lead, LeadStage, Ticket, TicketState, User


def version_of(page):
    return re.search(r'name="versao" value="(\d+)"', page.text)[1]


def chosen_in(page):
    return re.findall(r'<option value="([^"]*)" selected>', page.text)


def test_an_older_page_does_not_take_the_person_off_a_ticket(app, log_in, desk, users):
    ticket = desk.ticket()
    address, old, other = f"/panel/chamados/{ticket}", log_in("ana"), log_in("chefe")
    version = version_of(old.get(address))
    other.get(address)
    other.post(address, situacao="open", responsavel=str(users["bruno"]), versao=version)

    refused = old.post(address, situacao="solved", responsavel="", versao=version)
    assert refused.status_code == 409
    assert "Outra pessoa mudou este chamado" in refused.text
    assert "responsável <strong>Bruno Castro</strong>" in refused.text
    with app.app_context():
        row = db.session.get_one(Ticket, ticket)
        assert (row.state, row.assignee_id) == (TicketState.OPEN, users["bruno"])


def test_what_was_chosen_stays_and_can_be_saved_after_all(app, log_in, desk, users):
    ticket = desk.ticket()
    address, old, other = f"/panel/chamados/{ticket}", log_in("ana"), log_in("chefe")
    version = version_of(old.get(address))
    other.get(address)
    other.post(address, situacao="open", responsavel=str(users["bruno"]), versao=version)
    refused = old.post(address, situacao="solved", responsavel=str(users["ana"]), versao=version)

    assert chosen_in(refused) == ["solved", str(users["ana"])]
    again = {"situacao": "solved", "responsavel": str(users["ana"]), "versao": version_of(refused)}
    assert old.post(address, **again).status_code == 303
    with app.app_context():
        assert db.session.get_one(Ticket, ticket).assignee_id == users["ana"]


def test_who_changed_the_state_alone_does_not_take_the_person_off_by_saving_again(
    log_in, desk, users
):
    ticket = desk.ticket()
    address, old, other = f"/panel/chamados/{ticket}", log_in("ana"), log_in("chefe")
    version = version_of(old.get(address))
    other.get(address)
    other.post(address, situacao="open", responsavel=str(users["bruno"]), versao=version)
    before = {"situacao_antes": "open", "responsavel_antes": ""}

    refused = old.post(address, situacao="solved", responsavel="", versao=version, **before)
    assert chosen_in(refused) == ["solved", str(users["bruno"])]


def test_an_older_page_does_not_take_the_person_off_a_lead(app, log_in, desk, users):
    lead = desk.lead()
    address, old, other = f"/panel/leads/{lead}", log_in("ana"), log_in("chefe")
    version = version_of(old.get(address))
    other.get(address)
    other.post(address, etapa="contacted", responsavel=str(users["bruno"]), versao=version)

    refused = old.post(address, etapa="new", responsavel="", versao=version)
    assert refused.status_code == 409
    assert "responsável <strong>Bruno Castro</strong>" in refused.text
    with app.app_context():
        row = db.session.get_one(Lead, lead)
        assert (row.stage, row.owner_id) == (LeadStage.CONTACTED, users["bruno"])


def test_saving_twice_the_same_is_no_conflict(agent, desk, users):
    ticket = desk.ticket()
    address = f"/panel/chamados/{ticket}"
    same = {
        "situacao": "open",
        "responsavel": str(users["ana"]),
        "versao": version_of(agent.get(address)),
    }

    assert [agent.post(address, **same).status_code for _ in range(2)] == [303, 303]


@pytest.fixture
def gone(app, users):
    """Bruno, whose account is switched off."""
    set_active(app, users["bruno"], active=False)
    yield users["bruno"]
    set_active(app, users["bruno"], active=True)


def set_active(app, user_id, *, active):
    with app.app_context():
        db.session.get_one(User, user_id).active = active
        db.session.commit()


def test_saving_the_state_keeps_a_person_whose_account_is_switched_off(app, agent, desk, gone):
    ticket = desk.ticket(assignee_id=gone)
    page = agent.get(f"/panel/chamados/{ticket}")
    assert chosen_in(page) == ["open", str(gone)]

    agent.post(
        f"/panel/chamados/{ticket}",
        situacao="solved",
        responsavel=str(gone),
        versao=version_of(page),
    )
    with app.app_context():
        row = db.session.get_one(Ticket, ticket)
        assert (row.state, row.assignee_id) == (TicketState.SOLVED, gone)
