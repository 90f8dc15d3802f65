"""Certificates: the list with its filters, one certificate with its reminders, and the form in
which one is entered or changed.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte import services
from gatte.desk import certificate_cells as cells
from gatte.desk import certificates as desk
from gatte.extensions import db
from gatte.models import Certificate, CertificateStatus, Contact, keyring
from gatte.store import certificates as stored
from gatte.store import conversations, leads, reminders
from gatte.web.htmx import render
from gatte.web.panel import labels
from gatte.web.panel.auth import current_user_or_401, note_reading
from gatte.web.panel.form_values import as_uuid, form_text, parse_day
from gatte.web.panel.paging import PAGE, cursor, read_cursor

PLACE = "/panel/certificados"
RUNNING = (CertificateStatus.ACTIVE, CertificateStatus.EXPIRING, CertificateStatus.EXPIRED)
NEAR_DAYS = 30
FILTERS = {
    "vencer": "A vencer",
    "vencidos": "Vencidos",
    "validos": "Todos os válidos",
    "encerrados": "Renovados e cancelados",
}
CHOICES = (CertificateStatus.ACTIVE, CertificateStatus.RENEWED, CertificateStatus.REVOKED)
"""What a person says of a certificate; whether it has ended is told by its last day."""


def add_routes(bp: Blueprint) -> None:
    one = f"{PLACE}/<uuid:certificate_id>"
    new = f"{PLACE}/novo/<uuid:conversation_id>"
    bp.add_url_rule(PLACE, view_func=list_certificates)
    bp.add_url_rule(new, view_func=new_certificate)
    bp.add_url_rule(new, view_func=add_certificate, methods=["POST"])
    bp.add_url_rule(one, view_func=show_certificate)
    bp.add_url_rule(one, view_func=change_certificate, methods=["POST"])


def local_today() -> date:
    """Today in the company's time zone."""
    return datetime.now(services.settings().time_zone).date()


# --- the list ---


def list_certificates() -> Response:
    name = request.args.get("filtro", "vencer")
    name = name if name in FILTERS else "vencer"
    found = _found(name)
    keyring().preload({key for one in found for key in _keys_of(one)})
    last = found[PAGE - 1] if len(found) > PAGE else None
    more = cursor(last.valid_until.isoformat(), str(last.id)) if last else None
    return render(
        "panel/certificates.html",
        certificates=found[:PAGE],
        tabs=[
            (key, title, url_for("panel.list_certificates", filtro=key), None, key == name)
            for key, title in FILTERS.items()
        ],
        today=local_today(),
        first_url=url_for("panel.list_certificates", filtro=name) if _after() else None,
        more_url=url_for("panel.list_certificates", filtro=name, depois=more) if more else None,
    )


def _keys_of(one: Certificate) -> set[UUID]:
    keys = {one.data_key_id, one.contact.data_key_id}
    return {key for key in keys if key is not None}


def _after() -> tuple[date, UUID] | None:
    """Where the page of the list begins, which its address names."""
    values = read_cursor(request.args.get("depois"), 2)
    day = parse_day(values[0]) if values else None
    last_id = as_uuid(values[1]) if values else None
    return None if day is None or last_id is None else (day, last_id)


def _found(name: str) -> list[Certificate]:
    today = local_today()
    near = today + timedelta(days=NEAR_DAYS)
    spans: dict[str, tuple[date | None, date | None]] = {
        "vencer": (today, near),
        "vencidos": (None, today - timedelta(days=1)),
        "validos": (today, None),
        "encerrados": (None, None),
    }
    first, last = spans[name]
    rows = stored.list_filtered(
        first=first,
        last=last,
        statuses=stored.ENDED_STATUSES if name == "encerrados" else RUNNING,
        after=_after(),
        limit=PAGE + 1,
    )
    return list(rows)


# --- one certificate ---


def show_certificate(certificate_id: UUID) -> Response:
    page = _page(certificate_id)
    note_reading(f"certificate:{certificate_id}")
    return page


def _page(certificate_id: UUID, status: int = 200, problems: Mapping[str, str] = {}) -> Response:
    certificate = stored.find_with_contact(certificate_id)
    if certificate is None:
        abort(404)
    return render(
        "panel/certificate.html",
        status=status,
        certificate=certificate,
        contact=certificate.contact,
        reminders=reminders.list_of_certificate(certificate_id),
        lead=leads.find_active_renewal(certificate.contact_id, str(certificate.id)),
        written=request.form if problems else _written(certificate),
        statuses=_statuses(),
        problems=problems,
        today=local_today(),
    )


def _statuses() -> list[tuple[str, str]]:
    return [(one.value, labels.label(one)) for one in CHOICES]


def _written(certificate: Certificate) -> dict[str, str]:
    """What stands in the form before anybody changes it."""
    running = certificate.status in RUNNING
    status = CertificateStatus.ACTIVE if running else certificate.status
    issued_on = certificate.issued_on
    return {
        "tipo": certificate.kind,
        "titular": certificate.holder or "",
        "documento": certificate.document or "",
        "validade": f"{certificate.valid_until:%d/%m/%Y}",
        "emissao": f"{issued_on:%d/%m/%Y}" if issued_on else "",
        "emissor": certificate.issuer or "",
        "serie": certificate.serial_number or "",
        "situacao": status.value,
    }


def change_certificate(certificate_id: UUID) -> AnyResponse:
    try:
        certificate = stored.get_locked(certificate_id)
    except stored.NoSuchCertificate:
        abort(404)
    values, problems = _read_form()
    if problems:
        db.session.rollback()
        return _page(certificate_id, 422, problems)
    chosen = values.pop("status", CertificateStatus.ACTIVE)
    if chosen is not CertificateStatus.ACTIVE or certificate.status not in RUNNING:
        values["status"] = chosen
    desk.change(certificate_id, values, current_user_or_401().id)
    stored.refresh_statuses(local_today(), NEAR_DAYS)
    db.session.commit()
    flash("Certificado atualizado.", "success")
    return redirect(url_for("panel.show_certificate", certificate_id=certificate_id), 303)


# --- a new one ---


def new_certificate(conversation_id: UUID) -> Response:
    return _new_page(conversation_id)


def _new_page(
    conversation_id: UUID, status: int = 200, problems: Mapping[str, str] = {}
) -> Response:
    return render(
        "panel/certificate_new.html",
        status=status,
        conversation_id=conversation_id,
        contact=_contact_of(conversation_id),
        written=request.form,
        problems=problems,
    )


def _contact_of(conversation_id: UUID) -> Contact:
    conversation = conversations.find_with_people(conversation_id)
    if conversation is None or conversation.contact.data_key_id is None:
        abort(404)
    return conversation.contact


def add_certificate(conversation_id: UUID) -> AnyResponse:
    contact = _contact_of(conversation_id)
    values, problems = _read_form()
    values.pop("status", None)
    if problems:
        return _new_page(conversation_id, 422, problems)
    certificate = desk.create(contact, values, current_user_or_401().id)
    stored.refresh_statuses(local_today(), NEAR_DAYS)
    db.session.commit()
    flash("Certificado cadastrado.", "success")
    return redirect(url_for("panel.show_certificate", certificate_id=certificate.id), 303)


FIELDS = {
    "tipo": ("kind", cells.read_kind),
    "titular": ("holder", cells.read_text),
    "documento": ("document", cells.read_document),
    "validade": ("valid_until", cells.read_day),
    "emissao": ("issued_on", cells.read_day),
    "emissor": ("issuer", cells.read_text),
    "serie": ("serial_number", cells.read_text),
}
REQUIRED = ("tipo", "titular", "validade")


def _read_form() -> tuple[dict[str, object], dict[str, str]]:
    """The columns of a certificate that a form holds, and what is wrong with fields of it."""
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    for field, (column, read) in FIELDS.items():
        text = form_text(field)
        if not text:
            values[column] = None
            if field in REQUIRED:
                problems[field] = "preencha este campo"
            continue
        try:
            values[column] = read(text)
        except cells.BadCell as problem:
            problems[field] = str(problem)
    chosen = form_text("situacao")
    if chosen in set(CHOICES):
        values["status"] = CertificateStatus(chosen)
    return values, problems
