"""What the law lets a person ask of their data, as an admin carries it out: a copy, a legal hold,
erasure.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.data_rights import data_map, erasure, export, exported_files
from gatte.data_rights.erasure import ContactHeld
from gatte.data_rights.erasure_ledger import LedgerUnusable
from gatte.extensions import db
from gatte.models import Contact
from gatte.store import audit, contacts, conversations
from gatte.store.erasures import NoSuchContact
from gatte.web.htmx import render
from gatte.web.panel.admin_access import require_admin
from gatte.web.panel.auth import current_user_or_401
from gatte.web.panel.conversation import PLACE
from gatte.web.panel.form_values import form_text

WORD = "APAGAR"
LONGEST_REASON = 500
LEDGER_UNUSABLE = (
    "Nada foi apagado: o registro de exclusões não pôde ser gravado. "
    "Avise quem cuida do servidor e tente de novo depois."
)
HELD = "Este contato está sob guarda legal. Libere a guarda antes de apagar. Nada foi apagado."
GONE = "Este contato já não existe mais: os dados dele já foram apagados."


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(f"{PLACE}/dados", view_func=show_contact_data)
    for name, view in (
        ("copia", download_copy),
        ("guarda", hold),
        ("liberar", lift_hold),
        ("apagar", erase),
    ):
        bp.add_url_rule(f"{PLACE}/dados/{name}", view_func=view, methods=["POST"])


def show_contact_data(conversation_id: UUID) -> Response:
    return _page(conversation_id)


def _page(conversation_id: UUID, status: int = 200, problem: str = "") -> Response:
    contact = _contact(conversation_id)
    preview = erasure.preview(contact.id)
    rows = [
        (data_map.TABLES[table].title, count)
        for table, count in preview.rows.items()
        if data_map.TABLES[table].title
    ]
    return render(
        "panel/contact_data.html",
        status=status,
        conversation_id=conversation_id,
        contact=contact,
        rows=rows,
        word=WORD,
        problem=problem,
    )


def download_copy(conversation_id: UUID) -> Response:
    """A file with all that is kept of the contact, as a page or as JSON; or both in an archive with
    the files that the contact sent.
    """
    contact = _contact(conversation_id)
    if request.form.get("formato") == "zip":
        return _archive(contact)
    is_json = request.form.get("formato") == "json"
    made = export.collect(contact.id)
    content = export.to_json(made) if is_json else export.to_html(made)
    audit.record(current_user_or_401().id, "exported", f"contact:{contact.id}")
    db.session.commit()
    name = "dados.json" if is_json else "dados.html"
    return Response(
        content,
        mimetype="application/json" if is_json else "text/html",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )


def _archive(contact: Contact) -> Response:
    made = export.collect(contact.id)
    texts = {"dados.html": export.to_html(made), "dados.json": export.to_json(made)}
    archive = exported_files.make_archive(contact.id, texts)
    audit.record(current_user_or_401().id, "exported", f"contact:{contact.id}")
    db.session.commit()
    return send_file(
        archive, mimetype="application/zip", as_attachment=True, download_name="dados.zip"
    )


def hold(conversation_id: UUID) -> AnyResponse:
    contact = _contact(conversation_id)
    reason = form_text("motivo")
    if not reason or len(reason) > LONGEST_REASON:
        why = f"Escreva o motivo da guarda legal, com até {LONGEST_REASON} caracteres."
        return _page(conversation_id, 422, why)
    contacts.hold(contact, reason, current_user_or_401().id)
    db.session.commit()
    flash("Guarda legal registrada: os dados deste contato não podem ser apagados.", "success")
    return _back(conversation_id)


def lift_hold(conversation_id: UUID) -> AnyResponse:
    contacts.lift_hold(_contact(conversation_id), current_user_or_401().id)
    db.session.commit()
    flash("Guarda legal retirada: os dados deste contato podem ser apagados.", "success")
    return _back(conversation_id)


def erase(conversation_id: UUID) -> AnyResponse:
    """Erase the contact once the admin has typed the word that names it."""
    contact = _contact(conversation_id)
    if form_text("confirmacao").upper() != WORD:
        why = f"Para apagar, digite {WORD} no campo de confirmação. Nada foi apagado."
        return _page(conversation_id, 422, why)
    try:
        done = erasure.erase(contact.id, current_user_or_401().id)
        db.session.commit()
    except (ContactHeld, LedgerUnusable) as refusal:
        db.session.rollback()
        held = isinstance(refusal, ContactHeld)
        return _page(conversation_id, 409, HELD if held else LEDGER_UNUSABLE)
    except NoSuchContact:
        db.session.rollback()
        flash(GONE, "info")
        return redirect(url_for("panel.list_sessions"), 303)
    erasure.clear_caches(done)
    flash(f"Os dados do contato foram apagados (registro nº {done.sequence}).", "success")
    return redirect(url_for("panel.list_sessions"), 303)


def _contact(conversation_id: UUID) -> Contact:
    """The contact of a conversation, for an admin; 403 for others, 404 when there is none."""
    require_admin()
    conversation = conversations.find_conversation(conversation_id)
    if conversation is None:
        abort(404)
    return conversation.contact


def _back(conversation_id: UUID) -> AnyResponse:
    return redirect(url_for("panel.show_contact_data", conversation_id=conversation_id), 303)
