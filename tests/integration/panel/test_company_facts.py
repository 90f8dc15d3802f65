"""The page of the company's facts."""

import pytest
from sqlalchemy import select

from gatte.conversation.company_facts import FactKind
from gatte.extensions import db
from gatte.models import AuditEntry, CompanyFact

PLACE = "/panel/empresa"
PRICE = {"product": "e-CPF A1", "amount": "149,90", "condition": "", "fonte": "tabela de março"}


def facts(app, kind=FactKind.PRICE):
    with app.app_context():
        rows = db.session.scalars(select(CompanyFact).filter_by(kind=kind).order_by(CompanyFact.id))
        return list(rows)


@pytest.fixture(autouse=True)
def _without_facts(app):
    yield
    with app.app_context():
        for fact in db.session.scalars(select(CompanyFact)):
            db.session.delete(fact)
        db.session.commit()


@pytest.fixture
def admin(log_in):
    return log_in("chefe")


def add_price(admin, **more):
    admin.get(f"{PLACE}/novo?tipo=price")
    return admin.post(f"{PLACE}/novo?tipo=price", **(PRICE | more))


def test_an_admin_adds_a_price_and_everybody_sees_it(app, admin, agent):
    assert add_price(admin).status_code == 303
    [fact] = facts(app)

    assert (fact.key, fact.value["amount"]) == ("e-cpf-a1", "149.90")
    assert "R$ 149,90" in agent.get(f"{PLACE}?tipo=price").text


def test_what_is_wrong_is_told_and_what_was_written_stays(admin):
    answer = add_price(admin, amount="caro", condition="com o token")

    assert answer.status_code == 422
    assert "Confira o campo Preço em reais" in answer.text
    assert 'value="com o token"' in answer.text


def test_hours_are_written_as_spans(app, admin):
    admin.get(f"{PLACE}/novo?tipo=hours")
    admin.post(f"{PLACE}/novo?tipo=hours", chave="seg", spans="08:00-12:00, 13:00-18:00")
    [fact] = facts(app, FactKind.HOURS)

    assert fact.value == {"spans": ["08:00-12:00", "13:00-18:00"]}


def test_a_change_is_audited_and_raises_the_version(app, admin, users):
    add_price(admin)
    [fact] = facts(app)
    admin.get(f"{PLACE}/{fact.id}")
    admin.post(f"{PLACE}/{fact.id}", **(PRICE | {"amount": "159"}), versao="1")
    [changed] = facts(app)

    assert (changed.version, changed.value["amount"]) == (2, "159.00")
    with app.app_context():
        subject = f"fact:{fact.id}"
        query = select(AuditEntry.action).filter_by(subject=subject).order_by(AuditEntry.id)
        assert list(db.session.scalars(query)) == ["fact.add", "fact.change"]


def test_a_form_of_an_older_version_is_refused(app, admin):
    add_price(admin)
    [fact] = facts(app)
    admin.get(f"{PLACE}/{fact.id}")
    admin.post(f"{PLACE}/{fact.id}", **(PRICE | {"amount": "159"}), versao="1")
    late = admin.post(f"{PLACE}/{fact.id}", **(PRICE | {"amount": "169"}), versao="1")

    assert late.status_code == 409
    assert 'value="169"' in late.text
    assert facts(app)[0].value["amount"] == "159.00"


def test_only_admins_change(app, admin, agent):
    add_price(admin)
    [fact] = facts(app)
    agent.get(f"{PLACE}/{fact.id}")

    assert agent.post(f"{PLACE}/{fact.id}", **PRICE, versao="1").status_code == 403
    assert agent.post(f"{PLACE}/{fact.id}/remover", versao="1").status_code == 403
    assert agent.post(f"{PLACE}/novo?tipo=price", **PRICE).status_code == 403


def test_a_fact_is_removed(app, admin):
    add_price(admin)
    [fact] = facts(app)
    admin.get(f"{PLACE}/{fact.id}")
    admin.post(f"{PLACE}/{fact.id}/remover", versao="1")

    assert facts(app) == []
