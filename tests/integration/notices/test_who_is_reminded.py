"""Who gets reminders of certificates, and what ends a series."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from gatte.conversation.snapshot import Owner
from gatte.desk import certificates as desk
from gatte.extensions import db
from gatte.jobs.definitions import deliver
from gatte.models import (
    AuditEntry,
    Certificate,
    CertificateStatus,
    ConsentKind,
    ConsentSource,
    Contact,
    Conversation,
    Lead,
    Outbox,
    TemplateCategory,
    keyring,
)
from gatte.notices import certificate_reminders
from gatte.store import certificates, consents, contacts, message_templates
from tests.integration.notices.conftest import NOW, TODAY, another, certificate
from tests.integration.notices.many_certificates import run_at


def outbox_rows():
    rows = db.session.scalars(select(Outbox).order_by(Outbox.sequence)).all()
    for row in rows:
        db.session.refresh(row)
    return rows


def contact_of(one):
    return db.session.get_one(Contact, one.contact_id)


def open_conversation(one, **columns):
    row = Conversation(
        data_key_id=one.data_key_id,
        contact_id=one.contact_id,
        phone_number_id="simulator",
        correlation_id="c1",
        last_activity_at=NOW - timedelta(hours=2),
        **columns,
    )
    db.session.add(row)
    db.session.commit()
    return row


def test_the_message_says_who_what_and_when(context):
    certificate(7)

    run_at(NOW)

    assert outbox_rows()[0].message.body.startswith(
        "Olá, Joana! Seu certificado digital e-CNPJ A1 de Empresa 0 vence em 7 dias,"
        " no dia 17/05/2018."
    )
    assert outbox_rows()[0].reply["payloads"] == ["menu:renew", "menu:opt_out"]


def test_several_certificates_of_a_contact_share_a_message(context):
    one = certificate(7)
    another(one, 12)
    another(one, 29)

    assert run_at(NOW) == 3

    assert len(outbox_rows()) == 1
    assert "e-CNPJ A1 de Empresa 0 e mais 2 certificados vence" in outbox_rows()[0].message.body


def test_an_open_conversation_takes_the_message_and_a_busy_one_waits(context):
    one = certificate(7)
    talk = open_conversation(one)
    talk.last_activity_at = NOW - timedelta(minutes=5)
    db.session.commit()

    assert run_at(NOW) == 0
    assert run_at(NOW + timedelta(hours=1)) == 1
    assert outbox_rows()[0].conversation_id == talk.id


def test_nobody_is_reminded_while_a_person_serves_them(context):
    open_conversation(certificate(7), owner=Owner.HUMAN)

    assert run_at(NOW) == 0


@pytest.mark.parametrize("kind", ["all", ConsentKind.SERVICE])
def test_who_refused_notices_gets_none(context, kind):
    contact = contact_of(certificate(7))
    if kind == "all":
        contacts.opt_out(contact, ConsentSource.CUSTOMER)
    else:
        refuse(contact, kind)
    db.session.commit()

    assert run_at(NOW) == 0


def refuse(contact, kind, *, granted=False):
    source = ConsentSource.DESK
    consents.record(contact.id, kind, granted=granted, source=source, text_version="1")


@pytest.fixture
def marketing(context):
    """Meta takes the template of certificates for marketing."""
    number = message_templates.find_template("simulator", "certificado_vencendo", "pt_BR")
    number.category = TemplateCategory.MARKETING
    db.session.commit()
    yield
    number.category = TemplateCategory.UTILITY
    db.session.commit()


def test_a_marketing_template_goes_only_to_who_allowed_offers(marketing):
    certificate(7)
    allowed = contact_of(certificate(7))
    withdrawn = contact_of(certificate(7))
    refuse(allowed, ConsentKind.MARKETING, granted=True)
    refuse(withdrawn, ConsentKind.MARKETING, granted=True)
    refuse(withdrawn, ConsentKind.MARKETING)
    db.session.commit()

    assert run_at(NOW) == 1
    assert outbox_rows()[0].message.contact_id == allowed.id


def test_who_opts_out_before_the_message_leaves_does_not_get_it(context):
    one = certificate(7)
    run_at(NOW)
    row = outbox_rows()[0]
    due_now(row)
    contacts.opt_out(contact_of(one), ConsentSource.CUSTOMER)
    db.session.commit()

    deliver(str(row.conversation_id))

    assert (outbox_rows()[0].state, outbox_rows()[0].error_details) == (
        "cancelled",
        "notices_refused",
    )


def due_now(row):
    row.expires_at = func.clock_timestamp() + timedelta(hours=1)
    row.next_attempt_at = func.clock_timestamp()
    db.session.commit()


def test_a_message_that_comes_a_day_late_is_not_sent(context):
    certificate(7)
    run_at(NOW)
    row = outbox_rows()[0]
    row.next_attempt_at = func.clock_timestamp()
    db.session.commit()

    deliver(str(row.conversation_id))

    assert outbox_rows()[0].error_details == "notice_expired"


def test_in_time_it_is_sent_though_the_customer_never_wrote(context):
    certificate(7)
    run_at(NOW)
    due_now(outbox_rows()[0])

    deliver(str(outbox_rows()[0].conversation_id))

    assert outbox_rows()[0].state in {"accepted", "sent", "delivered", "read"}


def renew(one, days=400):
    """What the desk does when the new certificate was issued."""
    values = {"kind": one.kind, "valid_until": TODAY + timedelta(days=days), "document": "1" * 14}
    one.document_hash = keyring().lookup_hash("document", "1" * 14)
    return desk.create(contact_of(one), values, None)


def test_a_renewal_ends_the_series_and_what_waits(context):
    one = certificate(7)
    run_at(NOW)

    renew(one)
    db.session.commit()

    db.session.refresh(one)
    assert one.status is CertificateStatus.RENEWED
    assert outbox_rows()[0].error_details == "notice_outdated"
    assert run_at(NOW + timedelta(days=4)) == 0


def test_a_certificate_of_which_much_is_left_is_not_taken_for_renewed(context):
    one = certificate(7)
    one.valid_until = TODAY.replace(year=2040)
    renew(one, days=20_000)
    db.session.commit()

    db.session.refresh(one)
    assert one.status is CertificateStatus.ACTIVE


def test_another_last_day_begins_another_series(context):
    one = certificate(7)
    run_at(NOW)
    desk.change(one.id, {"valid_until": TODAY + timedelta(days=6)}, None)
    db.session.commit()

    assert run_at(NOW) == 1


def test_a_renewal_lead_is_made_once_for_a_last_day(context):
    one = certificate(20)
    certificate(60)
    for _ in range(3):
        certificate_reminders.make_renewal_leads(TODAY, 100)
        db.session.commit()

    leads = db.session.scalars(select(Lead)).all()

    assert [(lead.renewal_of, lead.name, lead.product) for lead in leads] == [
        (str(one.id), "Empresa 0", "e-CNPJ A1")
    ]


@pytest.mark.parametrize(
    ("days", "status"), [(31, "active"), (30, "expiring"), (0, "expiring"), (-1, "expired")]
)
def test_certificates_are_marked_by_their_last_day(context, days, status):
    one = certificate(days)

    certificate_reminders.refresh_states(TODAY)
    db.session.commit()

    assert db.session.scalar(text("SELECT status FROM certificate")) == status
    assert certificate_reminders.refresh_states(TODAY) == 0
    assert isinstance(one, Certificate)


def test_what_people_said_of_a_certificate_stays(context):
    one = certificate(-20)
    one.status = CertificateStatus.REVOKED
    db.session.commit()

    certificate_reminders.refresh_states(TODAY)

    assert certificates.find_certificate(one.id).status is CertificateStatus.REVOKED
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) is not None
