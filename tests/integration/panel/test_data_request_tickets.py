from datetime import UTC, datetime

from gatte.conversation.effects import Urgency
from gatte.models import TicketKind


def test_a_request_about_personal_data_shows_its_kind_its_urgency_and_its_term(agent, desk):
    term = datetime(2026, 12, 12, 15, 0, tzinfo=UTC)
    ticket = desk.ticket(
        "Eliminação dos dados pessoais",
        kind=TicketKind.DATA_REQUEST,
        urgency=Urgency.HIGH,
        due_at=term,
    )

    row = agent.get("/panel/chamados").text
    page = agent.get(f"/panel/chamados/{ticket}").text
    for shown in (row, page):
        assert "Dados pessoais (LGPD)" in shown
        assert "Alta" in shown
    assert "Prazo" in page
