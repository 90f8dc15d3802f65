"""Figures of past days and the production checklist, as an admin sees them."""

import csv
import io
from datetime import datetime, timedelta

import pytest

from gatte import services
from gatte.conversation.states import State
from gatte.extensions import db
from gatte.models import Conversation, DailyFigure, Transition
from gatte.models.columns import new_uuid7
from gatte.operations import figures
from gatte.operations.production_check import checklist


@pytest.fixture
def counted(app):
    """Two days with figures, and one long before."""
    with app.app_context():
        today = datetime.now(services.settings().time_zone).date()
    amounts = [
        (0, "conversations", "", 1234),
        (1, "conversations", "", 2),
        (200, "conversations", "", 5000),
        (0, "intents", "price", 30),
        (0, "intents", "certificate_status", 60),
        (0, "escalations", "requested", 309),
        (0, "waits", "", 2),
        (0, "waiting_seconds", "", 600),
        (0, "cost_brl", "gemini-3.5-flash", "12.345"),
    ]
    with app.app_context():
        db.session.query(DailyFigure).delete()
        for age, figure, label, amount in amounts:
            day = today - timedelta(days=age)
            row = DailyFigure(day=day, phone_number_id="1", figure=figure, label=label, live=amount)
            db.session.add(row)
        db.session.commit()
    return today


def test_sums_and_charts_of_the_last_thirty_days(log_in, counted):
    page = log_in("chefe").get("/panel/indicadores").text

    assert "1.236" in page
    assert "25 de cada 100 conversas" in page
    assert "5 min" in page
    assert "R$ 12,35" in page or "R$ 12,34" in page
    assert page.count("<rect x=") == 30
    assert '<rect width="50.00" height="8"/>' in page  # half as often as the first
    assert "style=" not in page.partition("<main")[2]


def test_a_period_of_ones_own_and_one_that_makes_no_sense(log_in, counted):
    boss = log_in("chefe")
    long_ago = (counted - timedelta(days=200)).isoformat()

    page = boss.get(f"/panel/indicadores?de={long_ago}&ate={long_ago}").text
    assert "5.000" in page
    assert boss.get("/panel/indicadores?de=ontem&ate=9999-99-99").status_code == 200
    assert boss.get("/panel/indicadores?de=2001-01-01&ate=2030-01-01").status_code == 200
    assert (
        "Nenhuma conversa neste período"
        in boss.get("/panel/indicadores?de=2001-01-01&ate=2001-02-01").text
    )


def test_the_file_for_spreadsheets(log_in, counted):
    answer = log_in("chefe").get("/panel/indicadores.csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))

    assert rows[0] == ["dia", "numero", "indicador", "detalhe", "valor"]
    assert [counted.isoformat(), "1", "cost_brl", "gemini-3.5-flash", "12,345"] in rows
    assert len(rows) == 9
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_wait_for_a_person_is_a_figure_of_its_day(app, desk):
    conversation_id = desk.conversation(state="STATE_WITH_HUMAN")
    with app.app_context():
        conversation = db.session.get_one(Conversation, conversation_id)
        for to_state, milliseconds in ((State.WITH_HUMAN, 90_000), (State.CLOSED, 7_000_000)):
            step = Transition(
                id=new_uuid7().int % 10**15,
                conversation_id=conversation.id,
                from_state=State.WAITING_HUMAN,
                to_state=to_state,
                event="agent_took",
                cause="agent",
                duration_ms=milliseconds,
                correlation_id=conversation.correlation_id,
            )
            db.session.add(step)
        db.session.query(DailyFigure).delete()
        figures.count_days()
        db.session.commit()
        found = {row.figure: row.live for row in db.session.query(DailyFigure)}
    assert (found["waits"], found["waiting_seconds"]) == (1, 90)


def test_the_checklist_shows_what_to_correct_first(log_in):
    page = log_in("chefe").get("/panel/verificacao").text

    assert page.count('<li class="check-result"') == len(checklist.CHECKS)
    assert page.index('data-status="fail"') < page.index('data-status="pass"')
    assert "GATTE_ENV está como development" in page
