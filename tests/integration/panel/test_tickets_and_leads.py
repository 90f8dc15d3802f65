from sqlalchemy import select

from gatte.extensions import db
from gatte.models import AuditEntry, Lead, LeadStage, Ticket, TicketState


def audit_of(app, subject):
    with app.app_context():
        query = (
            select(AuditEntry.action, AuditEntry.details)
            .where(AuditEntry.subject == subject, AuditEntry.action != "viewed")
            .order_by(AuditEntry.id)
        )
        return [tuple(row) for row in db.session.execute(query)]


def test_a_ticket_gets_a_person_and_a_state(app, agent, desk, users):
    ticket = desk.ticket()
    agent.get(f"/panel/chamados/{ticket}")

    answer = agent.post(
        f"/panel/chamados/{ticket}",
        situacao="in_progress",
        responsavel=str(users["bruno"]),
        versao="1",
    )
    assert answer.status_code == 303
    with app.app_context():
        row = db.session.get_one(Ticket, ticket)
        assert (row.state, row.assignee_id) == (TicketState.IN_PROGRESS, users["bruno"])
    assert audit_of(app, f"ticket:{ticket}") == [
        ("ticket.assign", {"from": None, "to": users["bruno"]}),
        ("ticket.state", {"from": "open", "to": "in_progress"}),
    ]


def test_saving_a_ticket_unchanged_leaves_no_trace(app, agent, desk):
    ticket = desk.ticket()
    agent.get(f"/panel/chamados/{ticket}")
    agent.post(f"/panel/chamados/{ticket}", situacao="open", responsavel="", versao="1")

    assert audit_of(app, f"ticket:{ticket}") == []


def test_a_note_is_sealed_and_shown(app, agent, desk):
    ticket = desk.ticket()
    agent.get(f"/panel/chamados/{ticket}")
    agent.post(f"/panel/chamados/{ticket}/notas", nota="Liguei às 10h")

    page = agent.get(f"/panel/chamados/{ticket}").text
    assert "Liguei às 10h" in page
    assert "Ana Ribeiro" in page


def test_tickets_are_filtered_by_state_and_person(agent, desk, users):
    desk.ticket("Meu aberto", assignee_id=users["ana"])
    desk.ticket("De ninguém")
    desk.ticket("Já resolvido", state=TicketState.SOLVED)

    active = agent.get("/panel/chamados").text
    assert "Meu aberto" in active
    assert "Já resolvido" not in active
    mine = agent.get("/panel/chamados?meus=1").text
    assert "Meu aberto" in mine
    assert "De ninguém" not in mine
    assert "Já resolvido" in agent.get("/panel/chamados?filtro=encerrados").text


def test_a_state_or_person_that_does_not_exist_is_refused(agent, desk):
    ticket, lead = desk.ticket(), desk.lead()
    agent.get(f"/panel/chamados/{ticket}")

    assert (
        agent.post(
            f"/panel/chamados/{ticket}", situacao="nada", responsavel="", versao="1"
        ).status_code
        == 400
    )
    assert (
        agent.post(
            f"/panel/chamados/{ticket}", situacao="open", responsavel="99999", versao="1"
        ).status_code
        == 400
    )
    assert (
        agent.post(f"/panel/leads/{lead}", etapa="nada", responsavel="", versao="1").status_code
        == 400
    )


def test_a_lead_gets_a_person_and_a_stage(app, agent, desk, users):
    lead = desk.lead()
    agent.get(f"/panel/leads/{lead}")
    agent.post(f"/panel/leads/{lead}", etapa="won", responsavel=str(users["ana"]), versao="1")

    with app.app_context():
        row = db.session.get_one(Lead, lead)
        assert (row.stage, row.owner_id) == (LeadStage.WON, users["ana"])
    assert [action for action, _ in audit_of(app, f"lead:{lead}")] == ["lead.assign", "lead.stage"]


def test_leads_are_filtered_by_stage(agent, desk):
    desk.lead("Nova Pessoa")
    desk.lead("Pessoa Perdida", stage=LeadStage.LOST)

    assert "Pessoa Perdida" not in agent.get("/panel/leads").text
    assert "Pessoa Perdida" in agent.get("/panel/leads?filtro=perdidos").text


def test_leads_of_a_filter_come_as_a_file_that_no_spreadsheet_works_out(desk, log_in):
    desk.lead("=HYPERLINK(1)")
    desk.lead("Lia Perdida", stage=LeadStage.LOST)

    answer = log_in("chefe").get("/panel/leads.csv?filtro=ativos")

    lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0] == "Chegou;Nome;Empresa;CPF/CNPJ;E-mail;Telefone;Produto;Etapa;Responsável"
    assert any(";'=HYPERLINK(1);" in line and ";e-CNPJ A1;Novo;" in line for line in lines)
    assert "Lia Perdida" not in answer.text


def test_what_does_not_exist_is_a_page_not_found(agent):
    for path in ("/panel/chamados/", "/panel/leads/"):
        missing = f"{path}01890000-0000-7000-8000-000000000000"
        assert agent.get(missing).status_code == 404
    agent.get("/panel/sessoes")
    assert agent.post(f"{missing}", etapa="new", responsavel="", versao="1").status_code == 404
