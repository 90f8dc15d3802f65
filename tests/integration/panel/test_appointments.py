"""The agenda: what it shows, and what the desk does with an appointment; the customer is told while
free text may be sent.
"""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import delete, select

from gatte.decisions import booking
from gatte.extensions import db
from gatte.models import Appointment, AuditEntry, Conversation, Outbox
from tests.integration.panel.factories import minutes_ago


@pytest.fixture(autouse=True)
def empty_agenda(app):
    with app.app_context():
        db.session.execute(delete(Appointment))
        db.session.commit()


@pytest.fixture
def day(app):
    """A day in about a week on which the company is open, as a form spells it."""
    with app.app_context():
        now = datetime.now(app.extensions["gatte_settings"].time_zone)
        calendar = booking.calendar(now, ())
        days = (now.date() + timedelta(days=number) for number in range(7, 21))
        return next(day for day in days if calendar.times(day)).isoformat()


def book(agent, conversation, day, hour="10:00", **fields):
    place = f"/panel/agenda/novo/{conversation}"
    agent.get(place)
    return agent.post(place, dia=day, hora=hour, **fields)


def rows(app):
    with app.app_context():
        return list(db.session.scalars(select(Appointment).order_by(Appointment.id)))


def told(app, conversation):
    with app.app_context():
        query = select(Outbox).filter_by(conversation_id=conversation).order_by(Outbox.sequence)
        return [row.message.body for row in db.session.scalars(query)]


def actions(app, row):
    with app.app_context():
        query = select(AuditEntry.action).where(AuditEntry.subject == f"appointment:{row.id}")
        return list(db.session.scalars(query.order_by(AuditEntry.id)))


def act(agent, row, what, **fields):
    agent.get(f"/panel/agenda/{row.id}")
    return agent.post(f"/panel/agenda/{row.id}/{what}", versao=str(row.version), **fields)


def test_an_agent_books_for_a_customer_who_is_told(app, agent, desk, day):
    conversation = desk.conversation("Joana Prado")
    answer = book(agent, conversation, day, tipo="video", nota="Traz o token")

    (row,) = rows(app)
    assert answer.status_code == 303
    assert (row.state.value, row.created_by.value, row.kind.value) == ("booked", "agent", "video")
    assert f"protocolo é *{row.number}*" in told(app, conversation)[-1]
    assert actions(app, row) == ["appointment.book"]
    page = agent.get(f"/panel/agenda/{row.id}").text
    assert "Traz o token" in page
    assert "O cliente foi avisado" in page


def test_the_note_is_sealed(app, agent, desk, day):
    book(agent, desk.conversation(), day, nota="Traz o token")

    assert b"token" not in bytes(rows(app)[0].note_sealed)


def test_a_booking_that_is_sent_again_is_booked_once(app, agent, desk, day):
    conversation, draft = desk.conversation(), "01890000-0000-7000-8000-000000000001"
    for _ in range(2):
        assert book(agent, conversation, day, rascunho=draft).status_code == 303

    assert len(rows(app)) == 1


def test_a_time_that_is_taken_closed_or_over_is_refused_with_what_was_written(
    app, agent, desk, day
):
    book(agent, desk.conversation(), day)
    conversation = desk.conversation("Outra Pessoa")

    taken = book(agent, conversation, day, nota="Guarde isto")
    assert taken.status_code == 409
    assert "já está ocupado" in taken.text
    assert "Guarde isto" in taken.text
    assert "não há atendimento" in book(agent, conversation, day, "03:00").text
    assert book(agent, conversation, "2020-01-06").status_code == 409
    assert book(agent, conversation, "amanhã").status_code == 422
    assert len(rows(app)) == 1


def test_an_appointment_is_moved_and_keeps_its_number(app, agent, desk, day):
    conversation = desk.conversation()
    book(agent, conversation, day)
    (before,) = rows(app)
    assert act(agent, before, "mover", dia=day, hora="15:00").status_code == 303

    former, moved = rows(app)
    assert (former.state.value, moved.state.value) == ("moved", "booked")
    assert (moved.number, moved.moved_from_id) == (before.number, before.id)
    assert "15h" in told(app, conversation)[-1]
    assert "veja o novo" in agent.get(f"/panel/agenda/{before.id}").text


def test_a_form_of_an_older_version_changes_nothing(app, agent, desk, day):
    book(agent, desk.conversation(), day)
    (row,) = rows(app)
    act(agent, row, "situacao", situacao="cancelled")
    late = act(agent, row, "mover", dia=day, hora="15:00")

    assert late.status_code == 409
    assert "Outra pessoa mudou" in late.text
    assert [one.state.value for one in rows(app)] == ["cancelled"]


def test_a_cancellation_is_told_only_within_the_24_hours(app, agent, desk, day):
    silent = desk.conversation(last_inbound_at=minutes_ago(26 * 60))
    book(agent, silent, day)
    (row,) = rows(app)
    act(agent, row, "situacao", situacao="cancelled")

    assert told(app, silent) == []
    assert "não foi avisado" in agent.get(f"/panel/agenda/{row.id}").text


def test_how_it_went_is_said_only_when_its_time_has_come(app, agent, desk, day):
    conversation = desk.conversation()
    book(agent, conversation, day)
    (row,) = rows(app)
    assert act(agent, row, "situacao", situacao="done").status_code == 409

    with app.app_context():
        stored = db.session.get_one(Appointment, row.id)
        stored.starts_at, stored.ends_at = minutes_ago(60), minutes_ago(30)
        db.session.commit()
    assert act(agent, row, "situacao", situacao="no_show").status_code == 303
    assert rows(app)[0].state.value == "no_show"


def test_the_agenda_shows_a_day_and_a_week(app, agent, desk, day):
    book(agent, desk.conversation("Joana Prado"), day)

    assert "Joana Prado" in agent.get(f"/panel/agenda?vista=dia&dia={day}").text
    assert "Joana Prado" in agent.get(f"/panel/agenda?vista=semana&dia={day}").text
    assert "Joana Prado" not in agent.get("/panel/agenda?vista=dia&dia=2020-01-01").text
    assert agent.get("/panel/agenda?dia=0001-01-01&vista=xx").status_code == 200


def test_the_conversation_leads_to_its_appointments(app, agent, desk, day):
    conversation = desk.conversation()
    book(agent, conversation, day)
    (row,) = rows(app)
    page = agent.get(f"/panel/sessoes/{conversation}").text

    assert f"/panel/agenda/{row.id}" in page
    assert f"/panel/agenda/novo/{conversation}" in page
    with app.app_context():
        assert db.session.get_one(Conversation, conversation).contact_id == row.contact_id


def test_what_is_not_there_is_not_found(agent, desk):
    nobody = "01890000-0000-7000-8000-000000000002"

    assert agent.get(f"/panel/agenda/{nobody}").status_code == 404
    assert agent.get(f"/panel/agenda/novo/{nobody}").status_code == 404


def test_midnight_of_the_company_is_the_border_of_a_day(app, agent, desk, day):
    book(agent, desk.conversation("Joana Prado"), day)
    with app.app_context():
        row = db.session.scalars(select(Appointment)).one()
        late = datetime.combine(
            datetime.fromisoformat(day), time(23, 30), app.extensions["gatte_settings"].time_zone
        )
        row.starts_at, row.ends_at = late, late + timedelta(minutes=20)
        db.session.commit()

    assert "Joana Prado" in agent.get(f"/panel/agenda?vista=dia&dia={day}").text
