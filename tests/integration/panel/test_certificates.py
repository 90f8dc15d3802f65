"""Certificates, files of them, templates and consent in the panel."""

import io
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from gatte.extensions import db
from gatte.jobs import cron
from gatte.models import Certificate, Consent, Conversation

FILE = (
    "telefone;titular;documento;tipo;validade\n"
    "11988887777;Padaria Sol;11444777000161;e-CNPJ A1;{valid_until}\n"
    "11988887777;Padaria Lua;11444777000162;e-CNPJ A1;10/06/2030\n"
)


def soon(days=5):
    return f"{datetime.now(UTC) + timedelta(days=days):%d/%m/%Y}"


def upload(person, content):
    person.get("/panel/certificados/importar")
    file = FileStorage(io.BytesIO(content), "a.csv")
    boundary, body = encode_multipart({"csrf_token": person.token, "arquivo": file})
    return person.client.post(
        "/panel/certificados/importar",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
    )


def certificates(app):
    with app.app_context():
        return [row.holder for row in db.session.scalars(select(Certificate))]


def test_a_file_shows_its_problems_and_is_stored_once_it_is_confirmed(app, log_in):
    chief = log_in("chefe")
    place = upload(chief, FILE.format(valid_until=soon()).encode()).location
    page = chief.get(place).text
    assert "<strong>Linha 3</strong>, Documento: os dígitos verificadores não conferem" in page
    assert "<strong>1</strong> de 2 linhas podem ser gravadas" in page
    assert certificates(app) == []

    assert chief.post(place).status_code == 303
    with app.app_context():
        cron.import_certificates()

    assert "1 certificado novo" in chief.get(place).text
    assert certificates(app) == ["Padaria Sol"]
    assert "Padaria Sol" in chief.get("/panel/certificados").text
    assert "Padaria Sol" not in chief.get("/panel/certificados?filtro=vencidos").text


def test_a_large_file_is_taken_and_an_endless_one_refused(log_in):
    chief = log_in("chefe")
    lines = "11988887777;Padaria;11444777000161;e-CNPJ A1;10/06/20xx\n" * 70_000
    large = FILE.format(valid_until=soon()) + lines

    assert len(large) > 3 * 1024 * 1024
    assert upload(chief, large.encode()).status_code == 303
    assert upload(chief, b"x" * 17 * 1024 * 1024).status_code == 413


def test_what_is_no_file_of_certificates_is_told(log_in):
    chief = log_in("chefe")

    answer = upload(chief, b"nome;idade\nAna;3\n")

    assert answer.status_code == 422
    assert "Faltam colunas na primeira linha: Telefone, Documento, Tipo, Validade" in answer.text


def test_a_certificate_is_entered_changed_and_ended(app, agent, desk):
    talk = desk.conversation()
    new = f"/panel/certificados/novo/{talk}"
    agent.get(new)
    wrong = agent.post(new, tipo="e-CPF", titular="Maria", validade="31/02/2027", documento="")
    assert wrong.status_code == 422
    assert "Essa data não existe" in wrong.text
    assert 'value="Maria"' in wrong.text

    place = agent.post(new, tipo="ecpf a1", titular="Maria", validade=soon()).location
    assert "Perto de vencer" in agent.get(place).text
    fields = {"tipo": "e-CPF A1", "titular": "Maria Lima", "validade": soon()}
    assert agent.post(place, **fields, situacao="renewed").location == place

    assert "Renovado" in agent.get(place).text
    assert "Maria Lima" in agent.get("/panel/certificados?filtro=encerrados").text
    assert "Maria Lima" in agent.get(f"/panel/sessoes/{talk}/contato").text


def test_consent_is_recorded_shown_and_part_of_the_copy(app, agent, log_in, desk):
    talk = desk.conversation()
    place = f"/panel/sessoes/{talk}/contato"
    assert "não pediu; ofertas não saem" in agent.get(place).text

    agent.post(f"{place}/consentimento", tipo="marketing", aceita="sim", nota="disse no balcão")
    page = agent.get(place).text
    agent.post(f"{place}/consentimento", tipo="marketing", aceita="nao")

    assert "disse no balcão" in page
    with app.app_context():
        contact_id = db.session.get_one(Conversation, talk).contact_id
        rows = db.session.scalars(
            select(Consent).filter_by(contact_id=contact_id).order_by(Consent.id)
        ).all()
        assert [(row.kind, row.granted, row.source) for row in rows] == [
            ("marketing", True, "desk"),
            ("marketing", False, "desk"),
        ]
    chief = log_in("chefe")
    chief.get(f"/panel/sessoes/{talk}/dados")
    copy = chief.post(f"/panel/sessoes/{talk}/dados/copia", formato="html").text
    assert "Autorizações para mensagens" in copy
    assert "disse no balcão" in copy


def test_the_page_of_templates_tells_what_is_missing_and_what_is_used(app, agent):
    before = agent.get("/panel/modelos").text
    assert "Sem modelo: nenhum aviso deste tipo sai" in before
    assert "certificado_vencendo" in before
    with app.app_context():
        cron.sync_templates()

    page = agent.get("/panel/modelos").text

    assert "Usa <strong>certificado_vencendo</strong>" in page
    assert "Rejeitado" in page
